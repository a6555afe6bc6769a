# SlowOnly, the RGB branch of PCAN, on the square around the person. MMAction2 trains this network on NTU RGB+D from
# scratch. MA-52 has a quarter of the clips, so training starts here from upstream's SlowOnly 8 x 8 of Kinetics-400,
# which has the same layers. The recipe by which PCAN's authors trained their RGB branch is not released.
_base_ = ['mmaction::skeleton/posec3d/rgbpose_conv3d/rgb_only.py', '../_base_/ma52_pose.py']

model = dict(cls_head=dict(num_classes=52))

train_dataloader = dict(
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(
        times=2,  # a fifth of upstream's, since the network starts from trained weights
        dataset=dict(_delete_=True, **_base_.pose_train_set, pipeline=_base_.rgb_train_pipeline),
    ),
)
val_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.rgb_val_pipeline, test_mode=True),
)
test_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.rgb_test_pipeline, test_mode=True),
)
val_evaluator = test_evaluator = dict(_delete_=True, **_base_.metric)

load_from = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/slowonly/slowonly_r50_8xb16-8x8x1-256e_kinetics400-rgb/'
    'slowonly_r50_8xb16-8x8x1-256e_kinetics400-rgb_20220901-2132fc87.pth'
)
# A tenth of upstream's, for 96 clips per step, since the network starts from trained weights.
optim_wrapper = dict(optimizer=dict(lr=0.015))
auto_scale_lr = dict(enable=True)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
