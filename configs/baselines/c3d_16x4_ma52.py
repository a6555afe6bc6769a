# C3D on MA-52. Our recipe: MMAction2's for UCF-101, with another sampling.
_base_ = ['mmaction::recognition/c3d/c3d_sports1m-pretrained_8xb30-16x1x1-45e_ucf101-rgb.py', '../_base_/ma52_3d.py']

model = dict(cls_head=dict(num_classes=52))

# Upstream's 16 consecutive frames cover half a second. Every fourth frame covers a whole clip.
resize = dict(type='Resize', scale=(-1, 128))
train_pipeline = [*_base_.frames_16x4, resize, dict(type='RandomCrop', size=112), *_base_.flip_and_pack]
val_pipeline = [*_base_.test_frames_16x4, resize, dict(type='CenterCrop', crop_size=112), *_base_.pack]

train_dataloader = dict(dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline), batch_size=30)
val_evaluator = test_evaluator = _base_.metric

# Upstream's learning rate is for 240 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=240)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
