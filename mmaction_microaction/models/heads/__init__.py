"""Heads."""

from .auxiliary_heads import AuxiliaryHeads
from .cosine_head import CosineClassifier, CosineHead
from .manet_head import MANetHead
from .pyramid_detection_head import PyramidDetectionHead

__all__ = ['AuxiliaryHeads', 'CosineClassifier', 'CosineHead', 'MANetHead', 'PyramidDetectionHead']
