"""Networks and their parts, registered in MMAction2's ``MODELS``."""

from .backbones import ResNetSETSM
from .heads import MANetHead
from .losses import JointEmbeddingLoss
from .recognizers import MAENet

__all__ = ['JointEmbeddingLoss', 'MAENet', 'MANetHead', 'ResNetSETSM']
