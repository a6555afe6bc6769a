# MANet without squeeze-and-excitation (Table V).
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(backbone=dict(se_ratio=None))
