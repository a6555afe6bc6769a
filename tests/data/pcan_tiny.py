# A small PCAN for tests: a quarter of the channels, one block per stage, 64 px, heat maps of 16 cells, one view.
_base_ = '../../configs/pose/pcan_r50_8x32_ma52.py'

model = dict(
    backbone=dict(
        rgb_pathway=dict(base_channels=16, stage_blocks=(1, 1, 1, 1)),
        pose_pathway=dict(base_channels=8, stage_blocks=(1, 1, 1)),
    ),
    cls_head=dict(in_channels=(512, 128), prototype_dims=(32, 16)),
)
square = [
    dict(type='DecodeRGBPose'),
    dict(type='CropToJoints'),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
]
train_pipeline = [_base_.rgbpose_train_frames, *square, _base_.flip, *_base_.rgbpose_pack]
val_pipeline = [_base_.rgbpose_val_frames, *square, *_base_.rgbpose_pack]
train_dataloader = dict(batch_size=4, num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=val_pipeline))
load_from = None
param_scheduler = []
train_cfg = dict(max_epochs=2, val_begin=1)
default_hooks = dict(logger=dict(interval=1))
