"""Registered metrics: each collects scores and labels batch by batch, and calls :mod:`.evaluation.functional`."""

from .detection_metric import DetectionMetric
from .dump_results import DumpResults
from .emotion_metric import EmotionMetric
from .micro_action_metric import MicroActionMetric
from .reversed_pairs_metric import ReversedPairsMetric

__all__ = ['DetectionMetric', 'DumpResults', 'EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric']
