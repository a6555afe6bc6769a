"""Metrics: registered classes for configs, and the functions that they call."""

from .metrics import DetectionMetric, DumpResults, EmotionMetric, MicroActionMetric, ReversedPairsMetric

__all__ = ['DetectionMetric', 'DumpResults', 'EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric']
