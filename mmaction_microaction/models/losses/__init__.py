"""Losses."""

from .hierarchical_loss import HierarchicalLoss, hierarchical_loss
from .joint_embedding_loss import JointEmbeddingLoss
from .label_tree_loss import LabelTreeLoss
from .prototype_calibration_loss import PrototypeCalibrationLoss
from .prototype_diversity_loss import PrototypeDiversityLoss
from .segment_diou_loss import SegmentDIoULoss
from .sigmoid_focal_loss import SigmoidFocalLoss
from .soft_f1_loss import SoftF1Loss, soft_f1

__all__ = [
    'HierarchicalLoss',
    'JointEmbeddingLoss',
    'LabelTreeLoss',
    'PrototypeCalibrationLoss',
    'PrototypeDiversityLoss',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
    'SoftF1Loss',
    'hierarchical_loss',
    'soft_f1',
]
