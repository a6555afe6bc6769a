# MANet with repeated rare clips (Gupta et al., CVPR 2019). An action with a share f of the training clips below about
# 1/52 is repeated sqrt(0.019 / f) times per epoch, rounded up. An epoch has 14,111 clips instead of 11,250, and the
# largest class has 36 times as many clips as the smallest, instead of 214 times.
_base_ = '../manet_r50_8x1_ma52.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ClassBalancedDataset',
        oversample_thr=0.019,
        dataset=dict(**_base_.train_set, pipeline=_base_.train_pipeline),
    )
)
