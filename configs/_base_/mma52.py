# The data of MMA-52, its metric and hooks; data/mma52/README.md describes the files. Variables have other names than in
# ma52.py, so that a config can inherit both.
_base_ = './ma52.py'

# Folder or frame store of the videos, without the split.
mma52_videos = __import__('os').environ.get('MMA52_VIDEOS') or 'data/mma52/videos'
# Stores of microaction extract-features, without the split.
mma52_features = __import__('os').environ.get('MMA52_FEATURES') or 'data/mma52/features'
mma52_train_set = dict(
    type='MMA52Dataset',
    ann_file='data/mma52/train.csv',
    data_prefix=dict(video=f'{mma52_videos}_train'),
    decoder=_base_.decoder,
)
mma52_val_set = dict(
    type='MMA52Dataset',
    ann_file='data/mma52/val.csv',
    data_prefix=dict(video=f'{mma52_videos}_val'),
    decoder=_base_.decoder,
)
mma52_test_set = dict(
    type='MMA52Dataset',
    ann_file='data/mma52/test.csv',
    data_prefix=dict(video=f'{mma52_videos}_test'),
    decoder=_base_.decoder,
)

detection_metric = dict(type='DetectionMetric')
detection_hooks = dict(
    _base_.hooks,
    checkpoint=dict(
        type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='action/average_mAP', rule='greater'
    ),
)
