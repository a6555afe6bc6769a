"""Networks and their parts, registered in MMAction2's ``MODELS``."""

from .backbones import AdapterVisionTransformer, ResNetSETSM
from .detectors import DetectionDataPreprocessor, MicroActionDetector
from .heads import MANetHead, PyramidDetectionHead
from .losses import JointEmbeddingLoss, SegmentDIoULoss, SigmoidFocalLoss
from .necks import TemporalPyramid
from .recognizers import MAENet

__all__ = [
    'AdapterVisionTransformer',
    'DetectionDataPreprocessor',
    'JointEmbeddingLoss',
    'MAENet',
    'MANetHead',
    'MicroActionDetector',
    'PyramidDetectionHead',
    'ResNetSETSM',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
    'TemporalPyramid',
]
