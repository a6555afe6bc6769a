# UniFormer, small, on MA-52. Upstream only tests it. The training recipe is ours, and starts from upstream's weights
# for Kinetics.
_base_ = [
    'mmaction::recognition/uniformer/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb.py',
    '../_base_/ma52.py',
]

model = dict(cls_head=dict(num_classes=52))

# Upstream's 16 x 4 cover 61 frames, about the average clip of 57. Shorter clips repeat their last frame. Upstream
# starts again from the first, which shows a movement that does not exist.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last'),
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
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last', test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**_base_.train_set, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**_base_.val_set, pipeline=val_pipeline, test_mode=True),
)
test_dataloader = dict(_delete_=True, **val_dataloader)
val_evaluator = _base_.metric
test_evaluator = _base_.metric
val_cfg = dict(type='ValLoop')

load_from = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/'
    'uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'
)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
    clip_grad=dict(max_norm=20),
)
# The learning rate is for 32 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=32)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=35, eta_min=1e-6, begin=5, end=40, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
