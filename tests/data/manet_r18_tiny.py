# A small MANet for tests: ResNet-18 at 64 px, one centre crop, 50-d label embeddings.
_base_ = '../../configs/manet_r50_8x1_ma52.py'

model = dict(
    backbone=dict(
        depth=18,
        pretrained=None,
        # Running statistics converge within a few dozen iterations.
        norm_cfg=dict(type='BN2d', requires_grad=True, momentum=0.5),
    ),
    cls_head=dict(
        in_channels=512,
        label_embeddings='{{ fileDirname }}/../../data/ma52/label_embeddings_glove50.npy',
        embed_dims=50,
        loss_emb=dict(loss_weight=5),
        dropout_ratio=0.1,
    ),
)

pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=64),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
train_dataloader = dict(batch_size=4, num_workers=1, dataset=dict(pipeline=pipeline))
val_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=pipeline))
test_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(pipeline=pipeline))
optim_wrapper = dict(optimizer=dict(lr=0.01))
param_scheduler = []
train_cfg = dict(max_epochs=2)
default_hooks = dict(logger=dict(interval=1))
