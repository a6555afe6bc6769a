"""Heads."""

from .auxiliary_heads import AuxiliaryHeads
from .cosine_head import CosineClassifier, CosineHead
from .manet_head import MANetHead
from .pcan_head import PCANHead
from .pyramid_detection_head import PyramidDetectionHead
from .rgbpose_fusion_head import RGBPoseFusionHead

__all__ = [
    'AuxiliaryHeads',
    'CosineClassifier',
    'CosineHead',
    'MANetHead',
    'PCANHead',
    'PyramidDetectionHead',
    'RGBPoseFusionHead',
]
