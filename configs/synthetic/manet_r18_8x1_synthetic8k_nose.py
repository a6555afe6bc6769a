# MANet without squeeze-and-excitation.
_base_ = './manet_r18_8x1_synthetic8k.py'

model = dict(backbone=dict(se_ratio=None))
