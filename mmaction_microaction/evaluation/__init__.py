from .metrics import EmotionMetric, MicroActionMetric, ReversedPairsMetric

__all__ = ['EmotionMetric', 'MicroActionMetric', 'ReversedPairsMetric']
