# MANet without the joint embedding (Table V), which is alpha = 0 (Table IV).
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(cls_head=dict(loss_emb=None))
# The five-fold rate would move from the projection to the classifier, which is not what is to be compared.
optim_wrapper = dict(paramwise_cfg=dict(fc_lr5=False))
