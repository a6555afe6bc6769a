# JointTCN on the joints of MA-52: this project's small network of coordinates, which is fast on a CPU. It has not been
# trained on MA-52 yet. configs/synthetic/jointtcn_48_synthetic.py trains the same network on rendered people.
_base_ = ['mmaction::_base_/default_runtime.py', '../_base_/ma52_pose.py']

model = dict(
    type='RecognizerGCN',
    backbone=dict(type='JointTCN', layout='ma52_28'),
    cls_head=dict(type='GCNHead', num_classes=52, in_channels=384, dropout=0.4, label_smooth_eps=0.1),
)

train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**_base_.pose_train_set, pipeline=_base_.joints_train_pipeline),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**_base_.pose_val_set, pipeline=_base_.joints_val_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(**_base_.metric)

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.002, weight_decay=0.05, fused=True), clip_grad=dict(max_norm=5))
auto_scale_lr = dict(enable=False, base_batch_size=128)
epochs = 60
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 5, begin=5, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=epochs, val_begin=1, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
