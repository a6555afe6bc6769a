# MANet on repeated rare clips (Gupta et al., CVPR 2019): an action whose share f of the train clips is below about 1/52
# is shown sqrt(0.019 / f) times an epoch, rounded up. An epoch has 14,111 clips instead of 11,250, and the largest
# class 36 instead of 214 times as many as the smallest.
_base_ = '../manet_r50_8x1_ma52.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ClassBalancedDataset',
        oversample_thr=0.019,
        dataset=dict(**_base_.train_set, pipeline=_base_.train_pipeline),
    )
)
