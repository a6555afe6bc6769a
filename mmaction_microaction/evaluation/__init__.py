from .metrics import MicroActionMetric, ReversedPairsMetric, SubmissionFile

__all__ = ['MicroActionMetric', 'ReversedPairsMetric', 'SubmissionFile']
