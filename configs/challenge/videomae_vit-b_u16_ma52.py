# VideoMAE, ViT-B, as the winner of the challenge of 2024 trained it (qklee-lz/ACMMM2024-MAC; 71.18 on the test split by
# its README). Numbers without a comment are the winner's; README.md in this folder lists what differs. Not run yet.
_base_ = [
    'mmaction::recognition/videomae/vit-base-p16_videomae-k400-pre_16x4x1_kinetics-400.py',
    '../_base_/finetune_16x4.py',
]

model = dict(
    # Feature maps, for the losses of the frames. Without the mean over all tokens, upstream normalises every token.
    backbone=dict(use_mean_pooling=False, return_feat_map=True),
    cls_head=dict(
        _delete_=True,
        type='AuxiliaryHeads',
        main=dict(type='CosineHead', main='I3DHead', scale=30),
        num_classes=52,
        in_channels=768,
        dropout_ratio=0.5,
        average_clips='prob',
        loss_cls=dict(type='SoftF1Loss', group_weight=0),
        loss_group=dict(type='SoftF1Loss', group_weight=0),
        frame_weight=0.5,
        group_weight=0.5,
    ),
)

# Weights of InternVideo: ViT-B, pretrained on unlabelled videos, and trained on Kinetics-710.
load_from = (
    'https://pjlab-gvm-data.oss-cn-shanghai.aliyuncs.com/internvideo/pretrain/videomae/vit_b_hybrid_pt_800e_k710_ft.pth'
)

# One frame of each of 16 equal parts of the clip. The frames are never cropped to their centre, which cuts off feet.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='UniformSample', clip_len=16),
    dict(type='DecordDecode'),
    dict(type='RandomResizedCrop', area_range=(0.6, 1.0), aspect_ratio_range=(1 / 3, 1.0)),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='ColorJitter'),
    dict(type='RandomErasing', max_area_ratio=0.2),
    *_base_.flip_and_pack,
]
whole_frame = [dict(type='Resize', scale=(224, 224), keep_ratio=False)]
val_frames = [dict(type='DecordInit'), dict(type='UniformSample', clip_len=16, num_clips=2, test_mode=True)]
test_frames = [dict(type='DecordInit'), dict(type='UniformSample', clip_len=16, num_clips=3, test_mode=True)]
val_pipeline = [*val_frames, dict(type='DecordDecode'), *whole_frame, *_base_.pack]
test_pipeline = [*test_frames, dict(type='DecordDecode'), *whole_frame, *_base_.pack]

train_dataloader = dict(batch_size=24, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=24, dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(_delete_=True, **_base_.val_dataloader)
test_dataloader.update(batch_size=24, dataset=dict(**_base_.val_set, pipeline=test_pipeline, test_mode=True))
test_evaluator = _base_.metric

optim_wrapper = dict(
    constructor='SwinOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=3e-4, betas=(0.9, 0.999), weight_decay=0.01),
    paramwise_cfg=dict(norm=dict(decay_mult=0.0), backbone=dict(lr_mult=0.1)),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=2, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=43, eta_min=0, begin=0, end=43),
]
train_cfg = dict(max_epochs=42)
# The winner does not scale the learning rate with the batch, and trains in mixed precision; here, --amp enables it.
auto_scale_lr = dict(enable=False, base_batch_size=24)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
