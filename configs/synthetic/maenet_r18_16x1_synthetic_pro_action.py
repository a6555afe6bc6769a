# The micro-action branch alone.
_base_ = './maenet_r18_16x1_synthetic_pro.py'

model = dict(face_backbone=None)

pack = dict(type='PackActionInputs', collect_keys=('imgs',), algorithm_keys=('emotion',))
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='FormatShape', input_format='NCHW'),
    pack,
]
train_dataloader = dict(
    dataset=dict(pipeline=train_pipeline, data_prefix=dict(_delete_=True, video='data/ma52_pro_synthetic/videos_train'))
)
val_dataloader = dict(
    dataset=dict(pipeline=val_pipeline, data_prefix=dict(_delete_=True, video='data/ma52_pro_synthetic/videos_val'))
)
test_dataloader = dict(
    dataset=dict(pipeline=val_pipeline, data_prefix=dict(_delete_=True, video='data/ma52_pro_synthetic/videos_test'))
)
