# MANet as the paper's text describes it, where the text differs from the released code.
_base_ = '../manet_r50_8x1_ma52.py'

model = dict(
    # Eq. 1: a 3 x 3 convolution and ReLU between the shift and the three convolutions of a block.
    backbone=dict(conv_after_shift=True),
    cls_head=dict(
        projection='linear',  # section IV-C: "mapped into a joint embedding space"
        loss_emb=dict(loss_weight=5, over_dims='sum'),  # Eq. 2 and 3, section V-B
    ),
)
optim_wrapper = dict(
    optimizer=dict(lr=0.001),  # section V-B
    paramwise_cfg=dict(fc_lr5=False),  # not in the text
    clip_grad=None,  # not in the text
)
