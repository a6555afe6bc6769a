# MMAction2's TSN with the recipe of the benchmark. TSN averages the scores of the frames, so it cannot use their order.
_base_ = './manet_r18_8x1_synthetic8k.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNet',
        depth=18,
        strides=(2, 2, 2, 1),
        norm_eval=False,
        conv_cfg=dict(type='SmallMapConv2d'),
    ),
    cls_head=dict(
        _delete_=True, type='TSNHead', num_classes=52, in_channels=512, dropout_ratio=0, average_clips='prob'
    ),
)
