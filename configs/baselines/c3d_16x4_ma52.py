# C3D on MA-52. Our recipe: MMAction2's for UCF-101, with another sampling.
_base_ = ['mmaction::recognition/c3d/c3d_sports1m-pretrained_8xb30-16x1x1-45e_ucf101-rgb.py', '../_base_/ma52.py']

model = dict(cls_head=dict(num_classes=52))

# Upstream's 16 consecutive frames cover half a second. Every fourth frame covers 61 frames, about the average clip of
# 57. Shorter clips repeat their last frame, since starting again from the first would show a movement that does not
# exist.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 128)),
    dict(type='RandomCrop', size=112),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last', test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 128)),
    dict(type='CenterCrop', crop_size=112),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(**_base_.train_set, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(
    batch_size=30,
    dataset=dict(**_base_.val_set, pipeline=val_pipeline),
)
val_evaluator = _base_.metric
test_evaluator = _base_.metric

# Upstream's learning rate is for 240 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=240)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
