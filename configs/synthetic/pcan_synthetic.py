# PCAN: the network of rgbposeconv3d_synthetic.py with exchanges between its branches, and PCAN's head.
_base_ = './rgbposeconv3d_synthetic.py'

model = dict(
    backbone=dict(type='PCANBackbone'),
    cls_head=dict(type='PCANHead'),
)
