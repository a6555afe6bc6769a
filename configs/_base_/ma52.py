# MA-52, and how runs on it are scored and kept. Configs name what they take: dataset=_base_.val_set.
custom_imports = dict(imports=['mmaction_microaction'], allow_failed_imports=False)

# Where the clips are, but for the split. MA52_CLIPS=data/ma52/frames reads what tools/make_frame_store.py has written,
# which is much faster than decoding videos. MMEngine's own form for variables would read quotes and backslashes as
# Python's, and would take a config that imports os for one of another kind.
clips = __import__('os').environ.get('MA52_CLIPS') or 'data/ma52/videos'
# What decodes videos: MA52_DECODER=decord is MMAction2's way, which takes longer and has no wheels for Arm and macOS.
decoder = __import__('os').environ.get('MA52_DECODER') or 'pyav'
train_set = dict(
    type='MA52Dataset',
    ann_file='data/ma52/train_list_videos.txt',
    data_prefix=dict(video=f'{clips}_train'),
    decoder=decoder,
)
# What can be scored: the challenge's test split is anonymised. The paper's Table II does not say which split it is of.
val_set = dict(
    type='MA52Dataset',
    ann_file='data/ma52/val_list_videos.txt',
    data_prefix=dict(video=f'{clips}_val'),
    decoder=decoder,
)
test_set = dict(
    type='MA52Dataset',
    ann_file='data/ma52/test_list_videos.txt',
    data_prefix=dict(video=f'{clips}_test'),
    decoder=decoder,
)

metric = dict(type='MicroActionMetric')
# Configs take these as their default_hooks, which MMEngine merges by name: a custom_hooks=[…] of one's own adds to them
# and drops none. default_hooks.epoch_seed=None leaves one out. EpochSeedHook needs persistent_workers=False.
hooks = dict(
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='F1_mean', rule='greater'),
    epoch_seed=dict(type='EpochSeedHook'),
    training_list=dict(type='CheckTrainListHook'),
    invalid_loss=dict(type='CheckInvalidLossHook'),
    unreadable_clips=dict(type='UnreadableClipsHook'),
)
tensorboard = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
