# TimeSformer with divided space-time attention on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling.
# Tests use one centre crop instead of upstream's three.
_base_ = ['mmaction::recognition/timesformer/timesformer_divST_8xb8-8x32x1-15e_kinetics400-rgb.py', '../_base_/ma52.py']

model = dict(cls_head=dict(num_classes=52))

# Upstream's 8 x 32 cover 225 frames, four times the average clip. 8 x 8 cover 57, the average clip. Shorter clips
# repeat their last frame.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=8, frame_interval=8, out_of_bound_opt='repeat_last'),
    dict(type='DecordDecode'),
    dict(type='RandomRescale', scale_range=(256, 320)),
    dict(type='RandomCrop', size=224),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=8, frame_interval=8, out_of_bound_opt='repeat_last', test_mode=True),
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

# Upstream's learning rate is for 64 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=64)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
