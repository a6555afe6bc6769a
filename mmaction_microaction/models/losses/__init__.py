"""Losses."""

from .joint_embedding_loss import JointEmbeddingLoss
from .segment_diou_loss import SegmentDIoULoss
from .sigmoid_focal_loss import SigmoidFocalLoss

__all__ = ['JointEmbeddingLoss', 'SegmentDIoULoss', 'SigmoidFocalLoss']
