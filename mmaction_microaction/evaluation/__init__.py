from .metrics import EmotionMetric, MicroActionMetric, ReversedPairsMetric, SubmissionFile

__all__ = ['EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric', 'SubmissionFile']
