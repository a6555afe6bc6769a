# TSN, ResNet-50, on MA-52. The recipe is ours: MMAction2's for Kinetics, with the 8 segments of MANet, so that the ten
# methods differ in the network alone. One centre crop is tested instead of upstream's 25 segments with ten crops each.
_base_ = 'mmaction::recognition/tsn/tsn_imagenet-pretrained-r50_8xb32-1x1x8-100e_kinetics400-rgb.py'

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
    batch_size=32,
    dataset=dict(
        type='MA52Dataset',
        ann_file=f'{data_root}/val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
        pipeline=_base_.val_pipeline,
    ),
)
val_evaluator = dict(type='MicroActionMetric')
test_evaluator = dict(type='MicroActionMetric')

# Upstream's learning rate is for 256 clips a step; it follows the batch.
auto_scale_lr = dict(enable=True, base_batch_size=256)

default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=3, save_best='F1_mean', rule='greater'))
custom_hooks = [dict(type='EpochSeedHook')]
visualizer = dict(vis_backends=[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')])
