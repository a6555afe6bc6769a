# Training of networks that upstream only tests, UniFormer and VideoMAE, from its weights for Kinetics.
_base_ = './ma52_3d.py'

val_pipeline = [*_base_.test_frames_16x4, *_base_.center_crop, *_base_.pack]
train_pipeline = [*_base_.frames_16x4, *_base_.random_resized_crop, *_base_.flip_and_pack]
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
val_evaluator = _base_.metric
val_cfg = dict(type='ValLoop')

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=5, convert_to_iter_based=True),
    # VideoMAE's last learning rate, 1e-6 of 5e-4. As a ratio, it keeps the decay over the layers and scales with the
    # batch.
    dict(type='CosineAnnealingLR', T_max=35, eta_min_ratio=0.002, begin=5, end=40, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=1)
