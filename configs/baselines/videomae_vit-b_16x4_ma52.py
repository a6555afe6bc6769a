# VideoMAE, ViT-B, with MANet's joint embedding: a current recipe for a high score, not one of the paper. Upstream
# only tests it. The training recipe follows VideoMAE's for UCF-101 and starts from upstream's weights for Kinetics.
_base_ = [
    'mmaction::recognition/videomae/vit-base-p16_videomae-k400-pre_16x4x1_kinetics-400.py',
    '../_base_/finetune_16x4.py',
]

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

test_dataloader = dict(_delete_=True, **_base_.val_dataloader)
test_evaluator = _base_.metric

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

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
