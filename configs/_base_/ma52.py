# The data of MA-52, its metric, hooks and logs. Configs refer to the variables: dataset=_base_.val_set.
custom_imports = dict(imports=['mmaction_microaction'], allow_failed_imports=False)

# Folder of the clips, without the split. MA52_CLIPS=data/ma52/frames reads the frame store of
# microaction frames, which is much faster than decoding videos. MMEngine's own syntax for environment variables
# would interpret quotes and backslashes as Python does, and `import os` would make MMEngine read this file
# as its other, pure-Python kind of config.
clips = __import__('os').environ.get('MA52_CLIPS') or 'data/ma52/videos'
# Decoder of the videos. MA52_DECODER=decord decodes as MMAction2 does; it is slower and has no wheels for Arm and
# macOS.
decoder = __import__('os').environ.get('MA52_DECODER') or 'pyav'
train_set = dict(
    type='ClipDataset',
    ann_file='data/ma52/train_list_videos.txt',
    data_prefix=dict(video=f'{clips}_train'),
    decoder=decoder,
)
# The split that is scored, since the challenge's test split is anonymised. The paper does not name the split of Table
# II.
val_set = dict(
    type='ClipDataset',
    ann_file='data/ma52/val_list_videos.txt',
    data_prefix=dict(video=f'{clips}_val'),
    decoder=decoder,
)
test_set = dict(
    type='ClipDataset',
    ann_file='data/ma52/test_list_videos.txt',
    data_prefix=dict(video=f'{clips}_test'),
    decoder=decoder,
)

metric = dict(type='MicroActionMetric')
# The default_hooks of configs. MMEngine merges them by name, so custom_hooks=[…] in another config adds to them.
# default_hooks.epoch_seed=None removes one. EpochSeedHook needs persistent_workers=False.
hooks = dict(
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='F1_mean', rule='greater'),
    epoch_seed=dict(type='EpochSeedHook'),
    check_train_list=dict(type='CheckTrainListHook'),
    check_invalid_loss=dict(type='CheckInvalidLossHook'),
    unreadable_clips=dict(type='UnreadableClipsHook'),
)
tensorboard = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
