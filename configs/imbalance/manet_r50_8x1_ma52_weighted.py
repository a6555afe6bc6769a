# MANet with a cross-entropy weighted by class.
_base_ = '../manet_r50_8x1_ma52.py'

# One over the square root of each action's training clips, in the order of the labels. The mean over the clips is 1.
class_weight = [
    0.96, 1.38, 3.79, 5.65, 1.36, 0.92, 1.09, 0.79, 0.55, 0.47, 0.49, 1.13, 1.6,
    1.74, 2.62, 1.87, 1.94, 0.9, 1.82, 1.02, 1.4, 0.9, 0.88, 0.85, 1.1, 2.09,
    1.77, 1.72, 2.19, 1.12, 1.05, 0.85, 2.14, 1.87, 2.33, 2.95, 2.59, 2.59, 1.8,
    1.87, 2.23, 1.51, 2.09, 1.4, 2.35, 6.92, 3.39, 2.06, 0.83, 0.76, 1.77, 3.79,
]  # fmt: skip
model = dict(cls_head=dict(loss_cls=dict(type='CrossEntropyLoss', class_weight=class_weight)))
