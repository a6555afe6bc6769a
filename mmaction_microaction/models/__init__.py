"""Networks and their parts, registered in MMAction2's ``MODELS``."""

from .backbones import AdapterVisionTransformer, ResNetSETSM
from .detectors import DetectionDataPreprocessor, MicroActionDetector
from .heads import AuxiliaryHeads, CosineHead, MANetHead, PyramidDetectionHead
from .losses import HierarchicalLoss, JointEmbeddingLoss, SegmentDIoULoss, SigmoidFocalLoss, SoftF1Loss
from .necks import TemporalPyramid
from .recognizers import MAENet

__all__ = [
    'AdapterVisionTransformer',
    'AuxiliaryHeads',
    'CosineHead',
    'DetectionDataPreprocessor',
    'HierarchicalLoss',
    'JointEmbeddingLoss',
    'MAENet',
    'MANetHead',
    'MicroActionDetector',
    'PyramidDetectionHead',
    'ResNetSETSM',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
    'SoftF1Loss',
    'TemporalPyramid',
]
