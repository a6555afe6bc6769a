# PCAN whose prototypes are compared with the samples, without calibration by false negatives and false positives.
_base_ = './pcan_r50_8x32_ma52.py'

model = dict(cls_head=dict(loss_prototypes=dict(calibration=0)))
