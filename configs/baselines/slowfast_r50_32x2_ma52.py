# SlowFast 8 x 8, ResNet-50, on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling. Upstream trains from
# scratch for 256 epochs; MA-52 is too small for that, so training starts from upstream's trained weights.
# Tests use one centre crop of one window instead of upstream's 30 views.
_base_ = ['mmaction::recognition/slowfast/slowfast_r50_8xb8-8x8x1-256e_kinetics400-rgb.py', '../_base_/ma52_3d.py']

model = dict(cls_head=dict(num_classes=52))

train_pipeline = [*_base_.frames_32x2, *_base_.random_resized_crop, *_base_.flip_and_pack]
val_pipeline = [*_base_.test_frames_32x2, *_base_.center_crop, *_base_.pack]

train_dataloader = dict(dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline), batch_size=8)
val_evaluator = test_evaluator = _base_.metric

load_from = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/slowfast/slowfast_r50_8xb8-8x8x1-256e_kinetics400-rgb/'
    'slowfast_r50_8xb8-8x8x1-256e_kinetics400-rgb_20220818-1cb6dfc8.pth'
)
# A tenth of upstream's learning rate and a fifth of its epochs, since the network starts from trained weights.
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(enable=True, base_batch_size=64)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=45, begin=5, end=50),
]
train_cfg = dict(max_epochs=50, val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
