# AdaTAD (Liu et al., CVPR 2024): the ViT-B of VideoMAE is frozen but for an adapter behind every block, and is trained
# end to end with a pyramid. 15 frames a second give the shortest action four frames, and a video at most 226.
_base_ = './manet_r50_pyramid_mma52.py'

model = dict(
    backbone=dict(
        type='AdapterVisionTransformer',
        adapter=dict(type='TemporalAdapter'),
        with_cp=True,
        img_size=224,
        patch_size=16,
        embed_dims=768,
        depth=12,
        num_heads=12,
        mlp_ratio=4,
        qkv_bias=True,
        num_frames=16,
        norm_cfg=dict(type='LN', eps=1e-6),
        # MMAction2's weights for Kinetics-400. None trains from scratch.
        init_cfg=dict(
            type='Pretrained',
            checkpoint='https://download.openmmlab.com/mmaction/v1.0/recognition/videomae/'
            'vit-base-p16_videomae-k400-pre_16x4x1_kinetics-400_20221013-860a3cd3.pth',
            prefix='backbone.',
        ),
    ),
    clip_len=16,
    neck=dict(in_channels=768),
    data_preprocessor=dict(
        type='DetectionDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
    ),
)

train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=15),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 182)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(160, 160), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=15),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 160)),
    dict(type='CenterCrop', crop_size=160),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
train_dataloader = dict(batch_size=2, num_workers=8, dataset=dict(check_videos=True, pipeline=train_pipeline))
val_dataloader = dict(batch_size=1, num_workers=8, dataset=dict(check_videos=True, pipeline=val_pipeline))
test_dataloader = val_dataloader

# Learning rates of the pyramid and of the adapters, and the batch size, are AdaTAD's.
optim_wrapper = dict(
    optimizer=dict(lr=1e-4),
    paramwise_cfg=dict(adapters=dict(lr_mult=4)),
)
auto_scale_lr = dict(base_batch_size=2)
