# PoseConv3D (Duan et al., CVPR 2022), the pose branch of PCAN, on the joints of MA-52. The recipe is MMAction2's for
# NTU RGB+D: trained from scratch for 18 epochs of a set that repeats each clip ten times. The recipe by which PCAN's
# authors trained their pose branch is not released.
_base_ = ['mmaction::skeleton/posec3d/rgbpose_conv3d/pose_only.py', '../_base_/ma52_pose.py']

model = dict(backbone=dict(in_channels=28), cls_head=dict(num_classes=52))

train_dataloader = dict(
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(dataset=dict(_delete_=True, **_base_.pose_train_set, pipeline=_base_.pose_train_pipeline)),
)
val_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.pose_val_pipeline, test_mode=True),
)
test_dataloader = dict(
    dataset=dict(_delete_=True, **_base_.pose_val_set, pipeline=_base_.pose_test_pipeline, test_mode=True),
)
val_evaluator = test_evaluator = dict(_delete_=True, **_base_.metric)

# Upstream's learning rate is for 128 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
