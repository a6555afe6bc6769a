# Video Swin, tiny, on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling. Tests use one centre crop of
# one window instead of upstream's 12 views.
_base_ = [
    'mmaction::recognition/swin/swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
    '../_base_/ma52.py',
]

model = dict(cls_head=dict(num_classes=52))

# Upstream's 32 x 2 cover 63 frames, about the average clip of 57. Shorter clips repeat their last frame. Upstream
# starts again from the first, which shows a movement that does not exist.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=32, frame_interval=2, out_of_bound_opt='repeat_last'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=32, frame_interval=2, out_of_bound_opt='repeat_last', test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(**_base_.train_set, pipeline=train_pipeline),
)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(
    batch_size=8,
    dataset=dict(**_base_.val_set, pipeline=val_pipeline),
)
val_evaluator = _base_.metric
test_evaluator = _base_.metric

# Upstream trains in mixed precision. Here, --amp enables it, as for the other networks.
optim_wrapper = dict(type='OptimWrapper')
# Upstream's learning rate is for 64 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=64)
train_cfg = dict(val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
