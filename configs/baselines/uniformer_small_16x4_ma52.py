# UniFormer, small, on MA-52. Upstream only tests it. The training recipe is ours, and starts from upstream's weights
# for Kinetics.
_base_ = [
    'mmaction::recognition/uniformer/uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb.py',
    '../_base_/finetune_16x4.py',
]

model = dict(cls_head=dict(num_classes=52))

test_dataloader = dict(_delete_=True, **_base_.val_dataloader)
test_evaluator = _base_.metric

load_from = (
    'https://download.openmmlab.com/mmaction/v1.0/recognition/uniformerv1/'
    'uniformer-small_imagenet1k-pre_16x4x1_kinetics400-rgb_20221219-c630a037.pth'
)
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=1e-4, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
    clip_grad=dict(max_norm=20),
)
# The learning rate is for 32 clips per step, and is scaled with the batch.
auto_scale_lr = dict(enable=True, base_batch_size=32)

default_hooks = _base_.hooks
visualizer = dict(vis_backends=_base_.tensorboard)
