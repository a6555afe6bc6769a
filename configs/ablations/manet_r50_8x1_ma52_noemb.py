# MANet without the joint embedding (Table V). This is alpha = 0 (Table IV).
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(cls_head=dict(loss_emb=None))
