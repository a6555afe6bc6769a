"""Heads."""

from .manet_head import MANetHead
from .pyramid_detection_head import PyramidDetectionHead

__all__ = ['MANetHead', 'PyramidDetectionHead']
