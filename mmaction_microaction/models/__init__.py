"""Networks and their parts, registered in MMAction2's ``MODELS``."""

from .backbones import AdapterVisionTransformer, PCANBackbone, ResNetSETSM
from .detectors import DetectionDataPreprocessor, MicroActionDetector
from .heads import MANetHead, PCANHead, PyramidDetectionHead, RGBPoseFusionHead
from .losses import (
    JointEmbeddingLoss,
    LabelTreeLoss,
    PrototypeCalibrationLoss,
    PrototypeDiversityLoss,
    SegmentDIoULoss,
    SigmoidFocalLoss,
)
from .necks import TemporalPyramid
from .recognizers import MAENet

__all__ = [
    'AdapterVisionTransformer',
    'DetectionDataPreprocessor',
    'JointEmbeddingLoss',
    'LabelTreeLoss',
    'MAENet',
    'MANetHead',
    'MicroActionDetector',
    'PCANBackbone',
    'PCANHead',
    'PrototypeCalibrationLoss',
    'PrototypeDiversityLoss',
    'PyramidDetectionHead',
    'RGBPoseFusionHead',
    'ResNetSETSM',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
    'TemporalPyramid',
]
