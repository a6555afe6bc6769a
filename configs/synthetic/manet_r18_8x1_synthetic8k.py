# MANet on the benchmark set, 8,320 rendered clips: the quickstart's network on four times the data.
_base_ = './manet_r18_8x1_synthetic.py'

data_root = 'data/ma52_synthetic8k'
train_dataloader = dict(
    batch_size=16,  # 260 steps per epoch
    dataset=dict(
        ann_file=f'{data_root}/train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    )
)
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=0.0015))
auto_scale_lr = dict(base_batch_size=16)
# Training takes about a quarter of an hour on one core of a Xeon with AMX, with --amp.
epochs = 4
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
