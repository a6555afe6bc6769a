"""Backbones."""

from .adapter_vision_transformer import AdapterVisionTransformer, DualPathAdapter, TemporalAdapter
from .modality_exchange import CrossAttention, ModalityExchange
from .pcan_backbone import PCANBackbone
from .resnet_setsm import ResNetSETSM

__all__ = [
    'AdapterVisionTransformer',
    'CrossAttention',
    'DualPathAdapter',
    'ModalityExchange',
    'PCANBackbone',
    'ResNetSETSM',
    'TemporalAdapter',
]
