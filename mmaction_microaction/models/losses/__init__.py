"""Losses."""

from .joint_embedding_loss import JointEmbeddingLoss

__all__ = ['JointEmbeddingLoss']
