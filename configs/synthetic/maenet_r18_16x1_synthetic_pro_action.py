# The micro-action branch alone. Faces are cropped but not used; videos need no face tracks.
_base_ = './maenet_r18_16x1_synthetic_pro.py'

model = dict(face_backbone=None)
