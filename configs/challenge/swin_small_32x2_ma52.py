# Video Swin, small, as the organisers of the challenge train and test it (VUT-HFUT/MAC_2024_baseline; F1_mean 65.64 by
# its README). Numbers without a comment are theirs. Their weights are on
# https://huggingface.co/kunli-cs/VSwin_MA52_Weights. Not run here yet.
_base_ = [
    'mmaction::recognition/swin/swin-small-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
    '../_base_/ma52_3d.py',
]

model = dict(cls_head=dict(num_classes=52))

# Clips of fewer than 63 frames start again from their first frame, as by MMAction2's default. The baselines of this
# project repeat the last frame.
frames = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
train_pipeline = [
    dict(type='DecordInit'),
    frames,
    dict(type='DecordDecode'),
    *_base_.random_resized_crop,
    *_base_.flip_and_pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(frames, test_mode=True),
    dict(type='DecordDecode'),
    *_base_.center_crop,
    *_base_.pack,
]
test_pipeline = [
    dict(type='DecordInit'),
    dict(frames, num_clips=4, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 224)),
    dict(type='ThreeCrop', crop_size=224),
    *_base_.pack,
]

train_dataloader = dict(
    batch_size=4, dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False
)
val_dataloader = dict(batch_size=4, dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(batch_size=1, dataset=dict(**_base_.val_set, pipeline=test_pipeline))
val_evaluator = test_evaluator = _base_.metric

# The organisers train in mixed precision. Here, --amp enables it, as for the other networks.
optim_wrapper = dict(type='OptimWrapper')
auto_scale_lr = dict(base_batch_size=4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=2.5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=40, eta_min=0, begin=0, end=30),
]
train_cfg = dict(max_epochs=40, val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
