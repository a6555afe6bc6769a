# The face branch alone: it predicts both the emotion and the actions from the face.
_base_ = './maenet_r18_16x1_synthetic_pro.py'

model = dict(action_backbone=None)
