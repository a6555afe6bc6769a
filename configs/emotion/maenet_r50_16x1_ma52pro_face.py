# The face branch alone (Table VI): it predicts both the emotion and the actions from the face.
_base_ = './maenet_r50_16x1_ma52pro.py'

model = dict(action_backbone=None)
