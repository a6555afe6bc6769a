from .backbones import ResNetSETSM
from .heads import MANetHead
from .losses import JointEmbeddingLoss

__all__ = ['JointEmbeddingLoss', 'MANetHead', 'ResNetSETSM']
