# MANet with all parts of docs/recipes.md but the repetition of rare actions: all actions have 80 training clips.
_base_ = './manet_r18_8x1_synthetic8k.py'

model = dict(
    data_preprocessor=dict(blending=dict(type='MixupBlending', num_classes=52, alpha=0.2)),
    cls_head=dict(
        type='AuxiliaryHeads',
        main=dict(type='CosineHead', main='MANetHead'),
        loss_cls=dict(type='SoftF1Loss', base=dict(type='HierarchicalLoss')),
        label_smooth_eps=0.1,
    ),
)
