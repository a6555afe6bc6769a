"""Metrics: registered classes for configs, and the functions that they call."""

from .metrics import DumpResults, EmotionMetric, MicroActionMetric, ReversedPairsMetric

__all__ = ['DumpResults', 'EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric']
