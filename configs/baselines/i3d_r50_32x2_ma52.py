# I3D, ResNet-50, on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling. Tests use one centre crop of
# one window instead of upstream's 30 views.
_base_ = [
    'mmaction::recognition/i3d/i3d_imagenet-pretrained-r50_8xb8-32x2x1-100e_kinetics400-rgb.py',
    '../_base_/ma52_3d.py',
]

model = dict(cls_head=dict(num_classes=52))

multi_scale_crop = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.8), random_crop=False, max_wh_scale_gap=0),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
]
train_pipeline = [*_base_.frames_32x2, *multi_scale_crop, *_base_.flip_and_pack]
val_pipeline = [*_base_.test_frames_32x2, *_base_.center_crop, *_base_.pack]

train_dataloader = dict(dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline), batch_size=8)
val_evaluator = test_evaluator = _base_.metric

# Upstream's learning rate is for 64 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=64)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
