# TimeSformer with divided space-time attention on MA-52. Our recipe: MMAction2's for Kinetics, with another sampling.
# Tests use one centre crop instead of upstream's three.
_base_ = [
    'mmaction::recognition/timesformer/timesformer_divST_8xb8-8x32x1-15e_kinetics400-rgb.py',
    '../_base_/ma52_3d.py',
]

model = dict(cls_head=dict(num_classes=52))

# Upstream's 8 x 32 cover 225 frames, four times the average clip. 8 x 8 cover 57, the average clip.
window = dict(type='SampleFrames', clip_len=8, frame_interval=8, out_of_bound_opt='repeat_last')
random_crop = [dict(type='RandomRescale', scale_range=(256, 320)), dict(type='RandomCrop', size=224)]
train_pipeline = [
    dict(type='DecordInit'),
    window,
    dict(type='DecordDecode'),
    *random_crop,
    *_base_.flip_and_pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(window, test_mode=True),
    dict(type='DecordDecode'),
    *_base_.center_crop,
    *_base_.pack,
]

train_dataloader = dict(dataset=dict(**_base_.train_set, pipeline=train_pipeline), persistent_workers=False)
val_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(**_base_.val_set, pipeline=val_pipeline), batch_size=8)
val_evaluator = test_evaluator = _base_.metric

# Upstream's learning rate is for 64 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=64)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
