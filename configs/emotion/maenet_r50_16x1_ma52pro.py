# MAENet on MA-52-Pro (Guo et al., section VI; Table VI, full model): T = 16 frames, batch 3, other settings as MANet.
_base_ = ['../manet_r50_8x1_ma52.py', '../_base_/ma52_pro.py']

branch = dict(
    type='ResNetSETSM',
    depth=50,
    num_segments=16,  # section VI-B
    # README.md shows how to start from a MANet trained on MA-52 instead.
    pretrained='https://download.pytorch.org/models/resnet50-0676ba61.pth',
)
normalize = dict(type='ActionDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model = dict(
    _delete_=True,
    type='MAENet',
    action_backbone=branch,
    face_backbone=branch,
    encoder=dict(num_layers=2),  # section VI-A
    dropout_ratio=0.5,  # as MANet
    loss_act=dict(type='BCELossWithLogits'),
    loss_emo=dict(type='CrossEntropyLoss', loss_weight=0.03),  # beta, section VI-B
    data_preprocessor=dict(
        type='MultiModalDataPreprocessor',
        preprocessors=dict(
            imgs=normalize, face_imgs=normalize, face_mask=dict(type='ActionDataPreprocessor', to_float32=False)
        ),
    ),
)

pack = dict(type='PackActionInputs', collect_keys=('imgs', 'face_imgs', 'face_mask'), algorithm_keys=('emotion',))
train_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=224),
    dict(type='Resize', scale=(-1, 256)),
    dict(
        type='MultiScaleCrop',
        input_size=224,
        scales=(1, 0.875, 0.75, 0.66),
        random_crop=False,
        max_wh_scale_gap=1,
        num_fixed_crops=13,
    ),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    pack,
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='CropFace', size=224),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='FormatFaces'),
    pack,
]
train_dataloader = dict(
    batch_size=3,  # section VI-B
    dataset=dict(_delete_=True, **_base_.pro_train_set, pipeline=train_pipeline),
)
test = dict(_delete_=True, pipeline=val_pipeline, test_mode=True)
val_dataloader = dict(batch_size=3, dataset=dict(**_base_.pro_val_set, **test))
test_dataloader = dict(batch_size=3, dataset=dict(**_base_.pro_test_set, **test))
val_evaluator = _base_.emotion_metric
test_evaluator = _base_.emotion_metric

# MANet's optimizer, built by MMEngine's own constructor, which supports layer norms. As in TSM's constructor, biases
# have twice the learning rate, and neither biases nor norms have weight decay. The layer with five times the learning
# rate is MANet's projection to the label words, which MAENet does not have.
optim_wrapper = dict(
    _delete_=True,
    optimizer=dict(type='SGD', lr=0.00125, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(
        bias_lr_mult=2,
        bias_decay_mult=0,
        norm_decay_mult=0,
        custom_keys=dict(in_proj_bias=dict(lr_mult=2, decay_mult=0)),  # the bias of an attention has another name
    ),
    clip_grad=dict(max_norm=20, norm_type=2),
)
auto_scale_lr = dict(base_batch_size=3)

default_hooks = dict(checkpoint=dict(save_best='Acc'))
