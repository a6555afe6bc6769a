# The same detector with the backbone of the features, so that it reads videos: for tests, and for use on new videos.
# microaction join writes its checkpoint. Frames are resized and cropped as in MANet's validation; rate and
# feature_stride must be those of the features. The backbone is frozen, so that training needs its weights:
# --cfg-options load_from=CHECKPOINT
_base_ = './manet_r50_pyramid_mma52.py'

model = dict(
    backbone=dict(type='ResNetSETSM', depth=50, num_segments=8),
    freeze_backbone=True,
    data_preprocessor=dict(
        type='DetectionDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
)

pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=7.5),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
train_dataloader = dict(batch_size=2, num_workers=8, dataset=dict(check_videos=True, pipeline=pipeline))
val_dataloader = dict(batch_size=1, num_workers=8, dataset=dict(check_videos=True, pipeline=pipeline))
test_dataloader = val_dataloader
