"""Backbones."""

from .adapter_vision_transformer import AdapterVisionTransformer, DualPathAdapter, TemporalAdapter
from .joint_tcn import JointTCN
from .modality_exchange import CrossAttention, ModalityExchange
from .pcan_backbone import PCANBackbone
from .resnet_setsm import ResNetSETSM

__all__ = [
    'AdapterVisionTransformer',
    'CrossAttention',
    'DualPathAdapter',
    'JointTCN',
    'ModalityExchange',
    'PCANBackbone',
    'ResNetSETSM',
    'TemporalAdapter',
]
