# TIN, ResNet-50, on MA-52. Our recipe: MMAction2's for Kinetics, which starts from a TSM trained on Kinetics
# (load_from). 8 segments, as in MANet, fit clips of any length.
_base_ = [
    'mmaction::recognition/tin/tin_kinetics400-pretrained-tsm-r50_1x1x8-50e_kinetics400-rgb.py',
    '../_base_/ma52.py',
]

model = dict(cls_head=dict(num_classes=52))

train_dataloader = dict(dataset=_base_.train_set, persistent_workers=False)
val_dataloader = dict(dataset=_base_.val_set)
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=_base_.val_pipeline), batch_size=6)
val_evaluator = test_evaluator = _base_.metric

# Upstream trains on 8 GPUs with 6 clips each.
auto_scale_lr = dict(enable=True, base_batch_size=48)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
