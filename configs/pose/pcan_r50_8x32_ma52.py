# PCAN (Li et al., AAAI 2025) on MA-52. All numbers are those of the released code. Where it has defects, this config
# deviates from it: README.md has a table, and pcan_r50_8x32_ma52_released.py restores them.
_base_ = './rgbposeconv3d_r50_8x32_ma52.py'

model = dict(
    backbone=dict(type='PCANBackbone'),
    cls_head=dict(
        type='PCANHead',
        prototype_dims=(256, 128),
        momentum=0.9,
        loss_prototypes=dict(
            type='PrototypeCalibrationLoss',
            loss_weight=0.2,
            temperature=0.125,
            calibration=0.125,
            false_negative_scales=(1.0, 0.1, 0.5),
        ),
        loss_diversity=dict(type='PrototypeDiversityLoss', loss_weight=0.2),
        loss_hierarchy=dict(type='LabelTreeLoss', loss_weight=1.0),
        rectification=(5.0, 1.0),
    ),
)
