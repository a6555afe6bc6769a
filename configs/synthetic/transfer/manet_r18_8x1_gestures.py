# MANet on four gestures with a few clips each, from scratch or, with load_from, from a network of other actions.
# docs/transfer.md has the commands and the scores.
_base_ = '../manet_r18_8x1_synthetic.py'

model = dict(cls_head=dict(num_classes=4, label_embeddings='data/transfer/gestures.npy'))

label_set = '{{ fileDirname }}/gestures.txt'
train_dataloader = dict(
    num_workers=0,  # few small clips: a new worker in every epoch takes longer than it saves
    dataset=dict(
        _delete_=True,
        type='RepeatDataset',
        times=4,  # 4, 2 and 1 for 5, 10 and 20 clips per action: 10 steps in every epoch
        dataset=dict(
            type='ClipDataset',
            ann_file='data/transfer/gestures_5_seed0.txt',
            data_prefix=dict(video='data/ma52_synthetic/videos_train'),
            decoder='pyav',
            label_set=label_set,
            pipeline=_base_.train_pipeline,
        ),
    ),
)
# All clips of the four gestures in the val and the test split, whose people are not in the train split.
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        ann_file='data/transfer/gestures_unseen.txt',
        data_prefix=dict(video='data/ma52_synthetic'),
        label_set=label_set,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='MicroActionMetric')]
test_evaluator = val_evaluator

epochs = 8
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
# One validation, at the end: no epoch is chosen by its score on the unseen people.
default_hooks = dict(checkpoint=dict(interval=epochs, save_best=None))
