"""Losses."""

from .joint_embedding_loss import JointEmbeddingLoss
from .label_tree_loss import LabelTreeLoss
from .prototype_calibration_loss import PrototypeCalibrationLoss
from .prototype_diversity_loss import PrototypeDiversityLoss
from .segment_diou_loss import SegmentDIoULoss
from .sigmoid_focal_loss import SigmoidFocalLoss

__all__ = [
    'JointEmbeddingLoss',
    'LabelTreeLoss',
    'PrototypeCalibrationLoss',
    'PrototypeDiversityLoss',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
]
