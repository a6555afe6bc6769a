"""Metrics: registered classes for configs, and the functions that they call."""

from .metrics import EmotionMetric, MicroActionMetric, ReversedPairsMetric

__all__ = ['EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric']
