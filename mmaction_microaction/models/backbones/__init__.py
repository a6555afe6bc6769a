"""Backbones."""

from .adapter_vision_transformer import AdapterVisionTransformer, DualPathAdapter, TemporalAdapter
from .resnet_setsm import ResNetSETSM

__all__ = ['AdapterVisionTransformer', 'DualPathAdapter', 'ResNetSETSM', 'TemporalAdapter']
