from .micro_action_metric import MicroActionMetric
from .reversed_pairs_metric import ReversedPairsMetric
from .submission_file import SubmissionFile

__all__ = ['MicroActionMetric', 'ReversedPairsMetric', 'SubmissionFile']
