# MANet on the benchmark set, 4,160 rendered clips: the quickstart's recipe on twice the data.
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
