# The detector on rendered videos with its backbone, trained end to end. It starts from a detector of stored features
# that "microaction join" has joined with the MANet of these features: --cfg-options load_from=joined.pth
_base_ = './manet_r18_pyramid_synthetic_mma52.py'

model = dict(
    backbone=dict(type='ResNetSETSM', depth=18, num_segments=8, pretrained=None, strides=(2, 2, 2, 1)),
    freeze_backbone=False,
    # As in manet_r18_8x1_synthetic.py: SubtractMeanFrame leaves differences around zero.
    data_preprocessor=dict(type='DetectionDataPreprocessor', mean=[0, 0, 0], std=[15, 15, 15]),
)

train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=7.5),
    dict(type='DecordDecode'),
    # This does nothing on the synthetic set, but videos from elsewhere have other sizes.
    dict(type='Resize', scale=(64, 76), keep_ratio=False),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=7.5),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(64, 76), keep_ratio=False),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
train_dataloader = dict(batch_size=8, dataset=dict(check_videos=True, pipeline=train_pipeline))
val_dataloader = dict(batch_size=4, dataset=dict(check_videos=True, pipeline=val_pipeline))
test_dataloader = dict(batch_size=4, dataset=dict(check_videos=True, pipeline=val_pipeline))

optim_wrapper = dict(optimizer=dict(lr=2e-4))
auto_scale_lr = dict(base_batch_size=8)
# 75 steps. All parts are trained before, so one epoch fits them to each other.
epochs = 1
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=15, by_epoch=False),
    dict(type='CosineAnnealingLR', T_max=60, begin=15, end=75, by_epoch=False),
]
train_cfg = dict(max_epochs=epochs, val_interval=1)
