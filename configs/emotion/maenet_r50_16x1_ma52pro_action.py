# The micro-action branch alone (Table VI). Faces are cropped but not used; videos need no face tracks.
_base_ = './maenet_r50_16x1_ma52pro.py'

model = dict(face_backbone=None)
