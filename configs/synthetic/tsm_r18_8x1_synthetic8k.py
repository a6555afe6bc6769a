# MMAction2's TSM with the recipe of the benchmark.
_base_ = './manet_r18_8x1_synthetic8k.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ResNetTSM',
        depth=18,
        strides=(2, 2, 2, 1),
        norm_eval=False,
        conv_cfg=dict(type='SmallMapConv2d'),
        shift_div=8,
        pretrained2d=False,
    ),
    cls_head=dict(
        _delete_=True,
        type='TSMHead',
        num_classes=52,
        in_channels=512,
        num_segments=8,
        is_shift=True,
        dropout_ratio=0,
        average_clips='prob',
    ),
)
