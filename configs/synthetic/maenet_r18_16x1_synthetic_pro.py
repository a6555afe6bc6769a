# MAENet on the synthetic MA-52-Pro, for CPUs: two ResNet-18, trained from scratch.
_base_ = '../emotion/maenet_r50_16x1_ma52pro.py'

# The first stage, not the last, halves the resolution, as in manet_r18_8x1_synthetic.py.
branch = dict(depth=18, pretrained=None, strides=(2, 2, 2, 1), conv_cfg=dict(type='SmallMapConv2d'))
# Loss weight of the emotion. The paper's 0.03 is for 80 epochs from pretrained weights.
beta = 0.3
model = dict(
    action_backbone=branch,
    face_backbone=branch,
    encoder=dict(dim_feedforward=512),
    dropout_ratio=0,
    loss_emo=dict(loss_weight=beta),
    # Output of SubtractMeanFrame on the whole frames: differences around zero.
    data_preprocessor=dict(preprocessors=dict(imgs=dict(mean=[0, 0, 0], std=[15, 15, 15]))),
)

data_root = 'data/ma52_pro_synthetic'
# The person is in the middle 48 of 64 columns. Videos are rendered larger for the faces, and are scaled down here.
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=48),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    _base_.pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=48),
    dict(type='Resize', scale=(-1, 64)),
    dict(type='CenterCrop', crop_size=(48, 76)),
    dict(type='SubtractMeanFrame'),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    _base_.pack,
]
train_dataloader = dict(
    batch_size=8,
    num_workers=2,
    dataset=dict(
        ann_file=f'{data_root}/train.jsonl',
        data_prefix=dict(video=f'{data_root}/videos_train', faces=f'{data_root}/faces_train'),
        pipeline=train_pipeline,
    ),
)
val_data = dict(video=f'{data_root}/videos_val', faces=f'{data_root}/faces_val')
test_data = dict(video=f'{data_root}/videos_test', faces=f'{data_root}/faces_test')
pro_val = dict(ann_file=f'{data_root}/val.jsonl', data_prefix=val_data, pipeline=val_pipeline)
pro_test = dict(ann_file=f'{data_root}/test.jsonl', data_prefix=test_data, pipeline=val_pipeline)
val_dataloader = dict(batch_size=8, num_workers=2, dataset=pro_val)
test_dataloader = dict(batch_size=8, num_workers=2, dataset=pro_test)

optim_wrapper = dict(
    _delete_=True, optimizer=dict(type='AdamW', lr=0.0005, weight_decay=0.05, fused=True), clip_grad=dict(max_norm=20)
)
auto_scale_lr = dict(base_batch_size=8)
epochs = 6
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=3)

default_hooks = dict(
    logger=dict(interval=10),
    checkpoint=dict(max_keep_ckpts=1),
    channels_last=dict(type='ChannelsLastHook'),
)
