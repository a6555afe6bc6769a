# Detector on stored features of the quick start's MANet, for rendered videos with overlapping actions. configs/mma52
# has the commands and the results.
_base_ = '../mma52/manet_r50_pyramid_mma52.py'

model = dict(neck=dict(in_channels=512, channels=128), head=dict(in_channels=128, channels=128))

data_root = 'data/mma52_synthetic'
train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/train.csv',
        data_prefix=dict(video=f'{data_root}/videos_train'),
        pipeline=[dict(type='LoadFeatures', path=f'{data_root}/features_train'), dict(type='PackDetectionInputs')],
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/val.csv',
        data_prefix=dict(video=f'{data_root}/videos_val'),
        pipeline=[dict(type='LoadFeatures', path=f'{data_root}/features_val'), dict(type='PackDetectionInputs')],
    ),
)
test_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/test.csv',
        data_prefix=dict(video=f'{data_root}/videos_test'),
        pipeline=[dict(type='LoadFeatures', path=f'{data_root}/features_test'), dict(type='PackDetectionInputs')],
    ),
)
# 38 steps per epoch.
epochs = 40
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=2, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 2, begin=2, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=10)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
