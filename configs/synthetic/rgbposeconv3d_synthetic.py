# Frames and poses: a small RGBPose-Conv3D. Its branches are slowonly_synthetic.py and poseconv3d_synthetic.py, see
# README.md.
_base_ = './_base_/pose.py'
load_from = 'data/ma52_synthetic/rgbpose_init.pth'

model = dict(
    type='MMRecognizer3D',
    backbone=dict(
        type='RGBPoseConv3D',
        speed_ratio=2,  # 8 RGB frames and 16 pose frames
        channel_ratio=1,  # where the branches are connected, both have 64 or both have 128 channels
        rgb_pathway=dict(
            **_base_.rgb_branch,
            num_stages=4,
            lateral=True,
            # With 1, layer4 would get 256 channels, and have no downsample, unlike slowonly_synthetic.py.
            lateral_infl=2,
            lateral_activate=(0, 0, 1, 1),
            fusion_kernel=7,
        ),
        pose_pathway=dict(
            **_base_.pose_branch,
            lateral=True,
            lateral_inv=True,
            lateral_infl=4,
            lateral_activate=(0, 1, 1),
            fusion_kernel=7,
            conv1_kernel=(1, 7, 7),
            with_pool2=False,
        ),
    ),
    cls_head=dict(type='RGBPoseFusionHead', in_channels=(256, 256), dropout=0),
    data_preprocessor=dict(
        type='MultiModalDataPreprocessor',
        preprocessors=dict(
            # Output of SubtractMeanFrame: differences around zero.
            imgs=dict(type='ActionDataPreprocessor', mean=[0, 0, 0], std=[15, 15, 15], format_shape='NCTHW'),
            heatmap_imgs=dict(type='ActionDataPreprocessor'),
        ),
    ),
)

train_frames = dict(type='MMUniformSampleFrames', clip_len=dict(RGB=8, Pose=16))
pack = [
    dict(type='SubtractMeanFrame'),
    _base_.heat_maps,
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', collect_keys=('imgs', 'heatmap_imgs')),
]
train_pipeline = [train_frames, dict(type='DecodeRGBPose'), *_base_.random_square, *pack]
val_pipeline = [dict(train_frames, test_mode=True), dict(type='DecodeRGBPose'), *_base_.square, *pack]
train_dataloader = dict(dataset=dict(**_base_.pose_train_set, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True))
test_dataloader = dict(
    **_base_.val_dataloader, dataset=dict(**_base_.pose_val_set, pipeline=val_pipeline, test_mode=True)
)

epochs = 3
optim_wrapper = dict(optimizer=dict(lr=0.0005))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
