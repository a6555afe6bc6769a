# PCAN as released, with the defects that change its numbers. Converted weights of the authors belong to this config.
_base_ = './pcan_r50_8x32_ma52.py'

model = dict(
    cls_head=dict(
        loss_diversity=dict(has_gradient=False),
        rectify_pool='avg',
        rectify_untrained=True,
    ),
)
train_dataloader = dict(dataset=dict(pipeline=_base_.rgbpose_train_pipeline_as_released))
