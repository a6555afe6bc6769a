# MANet without the joint embedding (Table V).
_base_ = './manet_r18_8x1_synthetic8k.py'

model = dict(cls_head=dict(loss_emb=None))
