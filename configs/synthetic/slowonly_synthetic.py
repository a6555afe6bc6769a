# The square around the person alone: a small SlowOnly from scratch, the RGB branch of rgbposeconv3d_synthetic.py.
_base_ = './_base_/pose.py'

model = dict(
    type='Recognizer3D',
    backbone=dict(type='ResNet3dSlowOnly', pretrained=None, **_base_.rgb_branch),
    cls_head=dict(type='I3DHead', in_channels=256, num_classes=52, dropout_ratio=0, average_clips='prob'),
    # Output of SubtractMeanFrame: differences around zero.
    data_preprocessor=dict(type='ActionDataPreprocessor', mean=[0, 0, 0], std=[15, 15, 15], format_shape='NCTHW'),
)

pack = [
    dict(type='SubtractMeanFrame'),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
train_frames = dict(type='MMUniformSampleFrames', clip_len=dict(RGB=8, Pose=16))
train_pipeline = [train_frames, dict(type='DecodeRGBPose'), *_base_.random_square, *pack]
val_pipeline = [dict(train_frames, test_mode=True), dict(type='DecodeRGBPose'), *_base_.square, *pack]
train_dataloader = dict(dataset=dict(**_base_.pose_train_set, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True))
test_dataloader = dict(
    **_base_.val_dataloader, dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True)
)

epochs = 8
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=epochs // 2)
