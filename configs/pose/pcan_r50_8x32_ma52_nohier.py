# PCAN without the hierarchy loss. The classifiers of the body parts remain.
_base_ = './pcan_r50_8x32_ma52.py'

model = dict(cls_head=dict(loss_hierarchy=None))
