# MANet with the training time of poseconv3d_synthetic.py, eight minutes on one core.
_base_ = './manet_r18_8x1_synthetic.py'

epochs = 8
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, begin=0, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', T_max=epochs - 1, begin=1, end=epochs, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=epochs, val_interval=4)
