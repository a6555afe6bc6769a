# End to end on a small backbone: MANet with ResNet-18 is trained together with the pyramid. To start from a MANet that
# was trained on clips: --cfg-options model.backbone.pretrained=None load_from=MANET.pth
_base_ = './manet_r50_frames_mma52.py'

model = dict(
    backbone=dict(
        depth=18,
        # torchvision's ImageNet weights; None trains from scratch.
        pretrained='https://download.pytorch.org/models/resnet18-f37072fd.pth',
    ),
    freeze_backbone=False,
    neck=dict(in_channels=512),
)

train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=7.5),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 128)),
    dict(type='RandomResizedCrop', area_range=(0.6, 1.0)),
    dict(type='Resize', scale=(112, 112), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFramesAtRate', rate=7.5),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 128)),
    dict(type='CenterCrop', crop_size=112),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackDetectionInputs'),
]
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=4, dataset=dict(pipeline=val_pipeline))
test_dataloader = val_dataloader

optim_wrapper = dict(
    optimizer=dict(lr=2e-4),
    paramwise_cfg=dict(backbone=dict(lr_mult=0.5)),  # it starts from trained weights
)
auto_scale_lr = dict(base_batch_size=8)
