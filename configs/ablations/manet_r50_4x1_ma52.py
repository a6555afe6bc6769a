# MANet with T = 4 frames (Table III).
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(backbone=dict(num_segments=4), cls_head=dict(num_segments=4))

sample = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=4)
train_pipeline = [_base_.train_pipeline[0], sample, *_base_.train_pipeline[2:]]
val_pipeline = [_base_.val_pipeline[0], dict(sample, test_mode=True), *_base_.val_pipeline[2:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=val_pipeline))
