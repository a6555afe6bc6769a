# Poses of the rendered set, and the recipe of manet_r18_8x1_synthetic.py for networks that see them.
_base_ = ['mmaction::_base_/default_runtime.py', '../../_base_/ma52_pose.py']

data_root = 'data/ma52_synthetic'
# The true poses are beside the videos. MA52_POSES=data/ma52_synthetic/estimated reads estimated_train.pkl and so on.
poses = __import__('os').environ.get('MA52_POSES') or f'{data_root}/poses'
pose_train_set = dict(
    ann_file=f'{data_root}/train_list_videos.txt',
    data_prefix=dict(video=f'{data_root}/videos_train'),
    pose_file=f'{poses}_train.pkl',
)
pose_val_set = dict(
    ann_file=f'{data_root}/val_list_videos.txt',
    data_prefix=dict(video=f'{data_root}/videos_val'),
    pose_file=f'{poses}_val.pkl',
)

# The square around the joints has about 70 pixels. Networks see 64 x 64 pixels and 32 x 32 cells of heat maps.
random_square = [
    dict(type='CropToJoints'),
    dict(type='Resize', scale=(72, 72), keep_ratio=False),
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
    _base_.flip,
]
square = [dict(type='CropToJoints'), dict(type='Resize', scale=(64, 64), keep_ratio=False)]
heat_maps = dict(type='GeneratePoseTarget', sigma=0.6, scaling=0.5)

# The networks of one modality, and the branches of those of both.
rgb_branch = dict(
    depth=18,
    base_channels=32,
    conv1_kernel=(1, 7, 7),
    # As in manet_r18_8x1_synthetic.py, the first stage, not the last, halves the resolution.
    pool1_stride_s=1,
    spatial_strides=(2, 2, 2, 1),
    inflate=(0, 0, 1, 1),
    with_pool2=False,
)
# The branch of MMAction2's PoseC3D at half its width, with a stem that halves the resolution.
pose_branch = dict(
    depth=50,
    in_channels=28,
    base_channels=16,
    num_stages=3,
    out_indices=(2,),
    stage_blocks=(4, 6, 3),
    conv1_stride_s=2,
    pool1_stride_s=1,
    inflate=(0, 1, 1),
    spatial_strides=(2, 2, 2),
    temporal_strides=(1, 1, 2),
    dilations=(1, 1, 1),
)

# Configs add the pipelines.
train_dataloader = dict(
    batch_size=8,  # 130 steps per epoch
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
)
val_evaluator = [dict(type='MicroActionMetric'), dict(type='ReversedPairsMetric')]
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.001, weight_decay=0.05, fused=True))
auto_scale_lr = dict(enable=False, base_batch_size=8)
train_cfg = dict(type='EpochBasedTrainLoop', val_begin=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(**_base_.hooks, logger=dict(interval=10))
visualizer = dict(vis_backends=_base_.tensorboard)
