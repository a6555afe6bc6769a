# Detector on stored features of MANet: a pyramid of ActionFormer's kind (Zhang et al., ECCV 2022), trained on
# frozen features, without videos. It needs the features of both splits:
# microaction extract-features configs/manet_r50_8x1_ma52.py MANET.pth data/mma52
_base_ = ['mmaction::_base_/default_runtime.py', '../_base_/mma52.py']

model = dict(
    type='MicroActionDetector',
    neck=dict(
        type='TemporalPyramid',
        in_channels=2048,
        channels=256,
        num_levels=6,  # ActionFormer; strides of 1 to 32 steps
        window_size=19,  # ActionFormer
        drop_path=0.1,  # ActionFormer
    ),
    head=dict(type='PyramidDetectionHead', in_channels=256, channels=256),
    test_cfg=dict(sigma=0.5, max_per_video=200),  # ActionFormer
)

features_train = f'{_base_.mma52_features}_train'
features_val = f'{_base_.mma52_features}_val'
train_pipeline = [
    dict(type='LoadFeatures', path=features_train),
    dict(type='PackDetectionInputs'),
]
val_pipeline = [
    dict(type='LoadFeatures', path=features_val),
    dict(type='PackDetectionInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=False,  # for EpochSeedHook
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(**_base_.mma52_train_set, check_videos=False, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(**_base_.mma52_val_set, check_videos=False, pipeline=val_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = _base_.detection_metric
test_evaluator = _base_.detection_metric

# AdamW, weight decay, warm-up, cosine and the norm of the gradient are ActionFormer's; the learning rate is for the
# larger batch here.
optim_wrapper = dict(
    # Unlike MMEngine's default constructor, it lets configs that inherit this one change the rate of the backbone.
    constructor='SwinOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=5e-4, weight_decay=0.05),
    paramwise_cfg=dict(norm=dict(decay_mult=0), bn=dict(decay_mult=0), bias=dict(decay_mult=0)),
    clip_grad=dict(max_norm=1),
)
auto_scale_lr = dict(base_batch_size=16)
epochs = 20
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=2, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 2, begin=2, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_interval=2)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = _base_.detection_hooks
visualizer = dict(vis_backends=_base_.tensorboard)
