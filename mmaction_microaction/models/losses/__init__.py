"""Losses."""

from .hierarchical_loss import HierarchicalLoss, hierarchical_loss
from .joint_embedding_loss import JointEmbeddingLoss
from .segment_diou_loss import SegmentDIoULoss
from .sigmoid_focal_loss import SigmoidFocalLoss
from .soft_f1_loss import SoftF1Loss, soft_f1

__all__ = [
    'HierarchicalLoss',
    'JointEmbeddingLoss',
    'SegmentDIoULoss',
    'SigmoidFocalLoss',
    'SoftF1Loss',
    'hierarchical_loss',
    'soft_f1',
]
