# MANet on the benchmark set, 4,160 rendered clips: the quickstart's recipe on twice the data, for eight epochs.
_base_ = './manet_r18_8x1_synthetic.py'

data_root = 'data/ma52_synthetic4k'
train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    )
)
test_dataloader = val_dataloader

# Training takes less than an hour on one core.
epochs = 8
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=4)
