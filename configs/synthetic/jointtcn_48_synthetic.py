# The network that the package contains, see docs/model_card.md: JointTCN on the joints of rendered people, with the
# errors of a pose estimator.
_base_ = '../pose/jointtcn_48_ma52.py'

layout = 'blazepose33'
model = dict(backbone=dict(layout=layout), cls_head=dict(num_classes=53))

data_root = 'data/ma52_joints'
# The person's left and right joints, pair by pair, in the layout blazepose33.
left = [1, 2, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31]
right = [4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32]
train_pipeline = [
    dict(type='PerturbJoints', layout=layout),
    dict(type='Flip', flip_ratio=0.5, left_kp=left, right_kp=right),
    # Windows of a video begin and end in the middle of an action.
    dict(type='ResamplePoses', clip_len=48, trim=0.15),
    *_base_.joints_pack,
]
train_dataloader = dict(
    dataset=dict(
        label_set='ma52_rest',
        layout=layout,
        ann_file=f'{data_root}/train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
        pose_file=f'{data_root}/poses_train.pkl',
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        label_set='ma52_rest',
        layout=layout,
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
        pose_file=f'{data_root}/poses_val.pkl',
    )
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='MicroActionMetric'), dict(type='ReversedPairsMetric')]
test_evaluator = val_evaluator

epochs = 8
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
# Validation sees true joints, which say little about estimated ones, so it does not choose the epoch.
train_cfg = dict(max_epochs=epochs, val_interval=4)
