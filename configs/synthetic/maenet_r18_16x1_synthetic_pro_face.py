# The face branch alone.
_base_ = './maenet_r18_16x1_synthetic_pro.py'

model = dict(action_backbone=None)

pack = dict(type='PackActionInputs', collect_keys=('face_imgs', 'face_mask'), algorithm_keys=('emotion',))
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=48),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatFaces'),
    pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=48),
    dict(type='FormatFaces'),
    pack,
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
