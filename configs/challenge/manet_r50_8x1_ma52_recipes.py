# MANet with all parts of the winners' recipes. Each part is one line and can be removed alone; ../../docs/recipes.md
# describes them. Not run yet.
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(
    data_preprocessor=dict(blending=dict(type='MixupBlending', num_classes=52, alpha=0.2)),
    cls_head=dict(
        type='AuxiliaryHeads',
        main=dict(type='CosineHead', main='MANetHead'),
        loss_cls=dict(type='SoftF1Loss', base=dict(type='HierarchicalLoss')),
        label_smooth_eps=0.1,
    ),
)
# An action with fewer than 200 of the 11,250 training clips is repeated.
rebalanced = dict(type='ClassBalancedDataset', oversample_thr=200 / 11250, dataset=_base_.train_dataloader.dataset)
train_dataloader = dict(dataset=dict(_delete_=True, **rebalanced))
