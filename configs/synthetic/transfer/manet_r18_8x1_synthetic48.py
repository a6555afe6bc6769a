# MANet on 48 of the synthetic set's 52 actions. docs/transfer.md fine-tunes it on the other four.
_base_ = '../manet_r18_8x1_synthetic.py'

model = dict(cls_head=dict(num_classes=48, label_embeddings='data/transfer/others.npy'))

label_set = '{{ fileDirname }}/others.txt'
train_dataloader = dict(dataset=dict(ann_file='data/transfer/others_train.txt', label_set=label_set))
val_dataloader = dict(dataset=dict(ann_file='data/transfer/others_val.txt', label_set=label_set))
test_dataloader = val_dataloader
val_evaluator = [dict(type='MicroActionMetric')]
test_evaluator = val_evaluator
train_cfg = dict(val_interval=6)
