# TSN, ResNet-50, on MA-52. Our recipe: MMAction2's for Kinetics, with the 8 segments of MANet, so that the ten methods
# differ only in the network. Tests use one centre crop instead of upstream's 25 segments with ten crops each.
_base_ = [
    'mmaction::recognition/tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x8-100e_kinetics400-rgb.py',
    '../_base_/ma52.py',
]

model = dict(cls_head=dict(num_classes=52))

train_dataloader = dict(dataset=_base_.train_set, persistent_workers=False)
val_dataloader = dict(dataset=_base_.val_set)
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=_base_.val_pipeline), batch_size=32)
val_evaluator = test_evaluator = _base_.metric

# Upstream's learning rate is for 256 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=256)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
