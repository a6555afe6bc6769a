# MANet with alpha = 2 (Table IV): the loss weight is 10 alpha, so that alpha = 5 is the released 50.
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(cls_head=dict(loss_emb=dict(loss_weight=20)))
