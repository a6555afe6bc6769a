from .metrics import MicroActionMetric, ReversedPairsMetric

__all__ = ['MicroActionMetric', 'ReversedPairsMetric']
