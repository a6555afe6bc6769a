# PCAN without prototypes, so without their losses and without rectification.
_base_ = './pcan_r50_8x32_ma52.py'

model = dict(cls_head=dict(loss_prototypes=None))
