# VideoMAE, ViT-B, with MANet's joint embedding: a current recipe for a high score, not one of the paper. Upstream
# only tests it. The training recipe follows VideoMAE's for UCF-101 and starts from upstream's weights for Kinetics.
_base_ = ['mmaction::recognition/videomae/vit-base-p16_videomae-k400-pre_16x4x1_kinetics-400.py', '../_base_/ma52.py']

model = dict(
    backbone=dict(drop_path_rate=0.2),  # VideoMAE, UCF-101
    cls_head=dict(
        _delete_=True,
        type='MANetHead',
        in_channels=768,
        label_embeddings='data/ma52/label_embeddings.npy',
        loss_emb=dict(type='JointEmbeddingLoss', loss_weight=50, over_dims='mean'),
        dropout_ratio=0.5,  # VideoMAE, UCF-101
    ),
)

# Upstream's 16 x 4 cover 61 frames, about the average clip of 57. Shorter clips repeat their last frame. Upstream
# starts again from the first, which shows a movement that does not exist.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last'),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last', test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(**_base_.train_set, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(**_base_.val_set, pipeline=val_pipeline, test_mode=True),
)
test_dataloader = dict(_delete_=True, **val_dataloader)
val_evaluator = _base_.metric
test_evaluator = _base_.metric
val_cfg = dict(type='ValLoop')

load_from = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/videomae/'
    'vit-base-p16_videomae-k400-pre_16x4x1_kinetics-400_20221013-860a3cd3.pth'
)
optim_wrapper = dict(
    constructor='LearningRateDecayOptimizerConstructor',
    optimizer=dict(type='AdamW', lr=5e-4, betas=(0.9, 0.999), weight_decay=0.05),  # VideoMAE, UCF-101
    paramwise_cfg=dict(num_layers=12, decay_rate=0.7, decay_type='layer_wise'),  # VideoMAE, UCF-101
    clip_grad=dict(max_norm=20),
)
# The learning rate is for 256 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=256)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=35, eta_min=1e-6, begin=5, end=40, convert_to_iter_based=True),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=40, val_interval=1)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
