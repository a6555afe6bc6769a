# TSM, ResNet-50, on MA-52. Our recipe: MMAction2's for Kinetics. 8 segments, as in MANet, fit clips of any length.
# Tests use one centre crop instead of upstream's ten.
_base_ = [
    'mmaction::recognition/tsm/tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb.py',
    '../_base_/ma52.py',
]

model = dict(cls_head=dict(num_classes=52))

train_dataloader = dict(dataset=_base_.train_set, persistent_workers=False)
val_dataloader = dict(dataset=_base_.val_set)
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=_base_.val_pipeline), batch_size=16)
val_evaluator = test_evaluator = _base_.metric

# Upstream's learning rate is for 128 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=128)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
