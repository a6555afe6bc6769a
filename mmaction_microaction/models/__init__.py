"""Networks and their parts, registered in MMAction2's ``MODELS``."""

from .backbones import AdapterVisionTransformer, JointTCN, PCANBackbone, ResNetSETSM
from .detectors import DetectionDataPreprocessor, MicroActionDetector
from .heads import (
    AuxiliaryHeads,
    CosineHead,
    MANetHead,
    PCANHead,
    PyramidDetectionHead,
    RGBPoseFusionHead,
)
from .losses import (
    HierarchicalLoss,
    JointEmbeddingLoss,
    LabelTreeLoss,
    PrototypeCalibrationLoss,
    PrototypeDiversityLoss,
    SegmentDIoULoss,
    SigmoidFocalLoss,
    SoftF1Loss,
)
from .necks import TemporalPyramid
from .ops import SmallMapConv2d
from .recognizers import MAENet

__all__ = [
    'AdapterVisionTransformer',
    'AuxiliaryHeads',
    'CosineHead',
    'DetectionDataPreprocessor',
    'HierarchicalLoss',
    'JointEmbeddingLoss',
    'JointTCN',
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
    'SmallMapConv2d',
    'SoftF1Loss',
    'TemporalPyramid',
]
