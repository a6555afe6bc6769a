# Videos with rare actions are repeated (Gupta et al., CVPR 2019). An action that a share f of the training videos
# contains, below 2 %, repeats them sqrt(0.02 / f) times per epoch, rounded up.
_base_ = './manet_r50_pyramid_mma52.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='ClassBalancedDataset',
        oversample_thr=0.02,
        dataset=dict(**_base_.mma52_train_set, check_videos=False, pipeline=_base_.train_pipeline),
    )
)
