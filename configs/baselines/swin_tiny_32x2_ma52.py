# Video Swin, tiny, on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling. Tests use one centre crop of
# one window instead of upstream's 12 views.
_base_ = [
    'mmaction::recognition/swin/swin-tiny-p244-w877_in1k-pre_8xb8-amp-32x2x1-30e_kinetics400-rgb.py',
    '../_base_/ma52_3d.py',
]

model = dict(cls_head=dict(num_classes=52))

train_pipeline = [*_base_.frames_32x2, *_base_.random_resized_crop, *_base_.flip_and_pack]
val_pipeline = [*_base_.test_frames_32x2, *_base_.center_crop, *_base_.pack]

train_dataloader = dict(dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline), batch_size=8)
val_evaluator = test_evaluator = _base_.metric

# Upstream trains in mixed precision. Here, --amp enables it, as for the other networks.
optim_wrapper = dict(type='OptimWrapper')
# Upstream's learning rate is for 64 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=64)
train_cfg = dict(val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
