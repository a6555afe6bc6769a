# MANet with MMAction2's class-balanced focal loss (Cui et al., CVPR 2019) in place of the cross-entropy.
_base_ = '../manet_r50_8x1_ma52.py'

# Training clips of each action, in the order of the labels.
train_clips = [
    309, 150, 20, 9, 156, 337, 242, 456, 962, 1283, 1193, 227, 112,
    95, 42, 82, 76, 355, 87, 277, 147, 356, 373, 397, 238, 66,
    92, 97, 60, 231, 259, 398, 63, 82, 53, 33, 43, 43, 89,
    82, 58, 126, 66, 147, 52, 6, 25, 68, 421, 497, 92, 20,
]  # fmt: skip
model = dict(cls_head=dict(loss_cls=dict(type='CBFocalLoss', samples_per_cls=train_clips)))
