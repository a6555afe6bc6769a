# MANet for your own classes: docs/own_classes.md shows every step. Copy this file within this folder and edit the copy.
# On a CPU and for a first try, inherit '../synthetic/manet_r18_8x1_synthetic.py' instead, which trains in minutes.
_base_ = '../manet_r50_8x1_ma52.py'

videos = 'data/own/videos'  # one folder per class
lists = 'data/own'  # the --out of microaction lists
data = dict(label_set=f'{lists}/label_set.yaml', data_prefix=dict(video=videos))

# Two lines for the joint embedding, instead of loss_emb=None: docs/own_classes.md#label-embeddings.
model = dict(cls_head=dict(num_classes=4, loss_emb=None))
train_dataloader = dict(dataset=dict(ann_file=f'{lists}/train_list_videos.txt', **data))
val_dataloader = dict(dataset=dict(ann_file=f'{lists}/val_list_videos.txt', **data))
test_dataloader = val_dataloader  # or the test list, if there is one
val_evaluator = [dict(type='MicroActionMetric')]
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='fine/F1_mean'))  # with groups: F1_mean
