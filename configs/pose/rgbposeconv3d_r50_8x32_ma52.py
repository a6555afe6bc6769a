# RGBPose-Conv3D (Duan et al., CVPR 2022) on MA-52: the two branches of PCAN, with lateral connections, and a classifier
# each. The schedule is that of PCAN's released code, so that both networks can be compared.
_base_ = ['mmaction::skeleton/posec3d/rgbpose_conv3d/rgbpose_conv3d.py', '../_base_/ma52_pose.py']

model = dict(
    backbone=dict(pose_pathway=dict(in_channels=28)),
    cls_head=dict(type='RGBPoseFusionHead', num_classes=52),
)

train_dataloader = dict(
    batch_size=10,  # PCAN's released code
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(_delete_=True, **_base_.pose_train_set, pipeline=_base_.rgbpose_train_pipeline),
)
val_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.rgbpose_val_pipeline, test_mode=True),
)
test_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.rgbpose_test_pipeline, test_mode=True),
)
val_evaluator = test_evaluator = dict(_delete_=True, **_base_.metric)

# The branches, trained on their own: microaction merge SLOWONLY.pth POSECONV3D.pth
load_from = 'data/ma52/rgbpose_init.pth'
# Optimizer and clipping are upstream's, which has this learning rate for 48 clips per step. PCAN's released code has it
# for 10.
auto_scale_lr = dict(base_batch_size=10)
param_scheduler = [
    dict(type='MultiStepLR', by_epoch=True, begin=0, end=30, milestones=[10, 20], gamma=0.1),  # PCAN's released code
]
train_cfg = dict(max_epochs=30, val_begin=3)  # PCAN's released code

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
