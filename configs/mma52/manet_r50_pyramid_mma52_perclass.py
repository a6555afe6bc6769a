# Each class has its own boundaries, so that a point detects overlapping actions of different classes. ActionFormer's
# authors name this as the cure for multi-label data; with shared boundaries, a point learns the shortest action only.
_base_ = './manet_r50_pyramid_mma52.py'

model = dict(head=dict(per_class_boundaries=True))
