# Poses alone: a small PoseConv3D from scratch, see README.md.
_base_ = './_base_/pose.py'

model = dict(
    type='Recognizer3D',
    backbone=dict(type='ResNet3dSlowOnly', pretrained=None, **_base_.pose_branch),
    cls_head=dict(type='I3DHead', in_channels=256, num_classes=52, dropout_ratio=0, average_clips='prob'),
)

pack = [_base_.heat_maps, dict(type='FormatShape', input_format='NCTHW_Heatmap'), dict(type='PackActionInputs')]
train_pipeline = [
    dict(type='UniformSampleFrames', clip_len=16),
    dict(type='PoseDecode'),
    *_base_.random_square,
    *pack,
]
val_pipeline = [
    dict(type='UniformSampleFrames', clip_len=16, test_mode=True),
    dict(type='PoseDecode'),
    *_base_.square,
    *pack,
]
train_dataloader = dict(dataset=dict(**_base_.pose_train_set, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True))
test_dataloader = dict(
    **_base_.val_dataloader, dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True)
)

epochs = 16
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=epochs // 2)
