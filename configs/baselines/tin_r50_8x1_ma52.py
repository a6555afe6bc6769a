# TIN, ResNet-50, on MA-52. The recipe is ours: MMAction2's for Kinetics, which starts from a TSM trained there
# (load_from); 8 segments, as MANet has them, fit clips of any length.
_base_ = 'mmaction::recognition/tin/tin_kinetics400-pretrained-tsm-r50_1x1x8-50e_kinetics400-rgb.py'

custom_imports = dict(imports=['mmaction_microaction'], allow_failed_imports=False)

model = dict(cls_head=dict(num_classes=52))

data_root = 'data/ma52'
train_dataloader = dict(
    persistent_workers=False,  # for EpochSeedHook
    dataset=dict(
        type='MA52Dataset',
        ann_file=f'{data_root}/train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='MA52Dataset',
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    ),
)
test_dataloader = dict(
    batch_size=6,
    dataset=dict(
        type='MA52Dataset',
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
        pipeline=_base_.val_pipeline,
    ),
)
val_evaluator = dict(type='MicroActionMetric')
test_evaluator = dict(type='MicroActionMetric')

# Upstream trains on 8 GPUs with 6 clips each.
auto_scale_lr = dict(enable=True, base_batch_size=48)

default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=3, save_best='F1_mean', rule='greater'))
custom_hooks = [dict(type='EpochSeedHook')]
visualizer = dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
