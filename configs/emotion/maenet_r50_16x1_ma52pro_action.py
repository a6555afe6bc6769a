# The micro-action branch alone (Table VI). It needs no face tracks.
_base_ = './maenet_r50_16x1_ma52pro.py'

model = dict(face_backbone=None)

pack = dict(type='PackActionInputs', collect_keys=('imgs',), algorithm_keys=('emotion',))
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(
        type='MultiScaleCrop',
        input_size=224,
        scales=(1, 0.875, 0.75, 0.66),
        random_crop=False,
        max_wh_scale_gap=1,
        num_fixed_crops=13,
    ),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCHW'),
    pack,
]
train_dataloader = dict(
    dataset=dict(pipeline=train_pipeline, data_prefix=dict(_delete_=True, video=_base_.pro_train_data.video))
)
val_dataloader = dict(
    dataset=dict(pipeline=val_pipeline, data_prefix=dict(_delete_=True, video=_base_.pro_val_data.video))
)
test_dataloader = dict(
    dataset=dict(pipeline=val_pipeline, data_prefix=dict(_delete_=True, video=_base_.pro_test_data.video))
)
