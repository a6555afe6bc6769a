# A small MAENet for tests: the synthetic config with 4 frames.
_base_ = '../../configs/synthetic/maenet_r18_16x1_synthetic_pro.py'

branch = dict(num_segments=4)
model = dict(action_backbone=branch, face_backbone=branch, encoder=dict(nhead=4, dim_feedforward=64, dropout=0))

pack = dict(type='PackActionInputs', collect_keys=('imgs', 'face_imgs', 'face_mask'), algorithm_keys=('emotion',))
pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=4, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=32),
    dict(type='Resize', scale=(48, 40)),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    pack,
]
train_dataloader = dict(batch_size=2, num_workers=0, dataset=dict(pipeline=pipeline))
val_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=pipeline))
test_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=pipeline))
param_scheduler = []
train_cfg = dict(max_epochs=1, val_interval=1)
default_hooks = dict(logger=dict(interval=1))
