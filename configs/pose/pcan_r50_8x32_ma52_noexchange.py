# PCAN on RGBPose-Conv3D, without the exchanges between the branches.
_base_ = './pcan_r50_8x32_ma52.py'

model = dict(backbone=dict(exchange=False))
