from .accuracy import rank_classes, top_k_accuracy
from .calibration import Calibration, calibration_bins
from .emotion import average_precisions, emotion_scores
from .f1 import count_matches, f1_macro, f1_macro_of_means, f1_micro
from .micro_action import MACRO_F1, micro_action_scores, rank_body_parts
from .per_class import (
    ConfusedPair,
    PerClass,
    confusion_matrix,
    frequency_groups,
    mean_by_group,
    most_confused_pairs,
    per_class_scores,
)
from .reversed_pairs import reversed_pair_accuracies
from .timeline import timeline_scores

__all__ = [
    'MACRO_F1',
    'Calibration',
    'ConfusedPair',
    'PerClass',
    'average_precisions',
    'calibration_bins',
    'confusion_matrix',
    'count_matches',
    'emotion_scores',
    'f1_macro',
    'f1_macro_of_means',
    'f1_micro',
    'frequency_groups',
    'mean_by_group',
    'micro_action_scores',
    'most_confused_pairs',
    'per_class_scores',
    'rank_body_parts',
    'rank_classes',
    'reversed_pair_accuracies',
    'timeline_scores',
    'top_k_accuracy',
]
