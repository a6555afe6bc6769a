"""Metrics as functions: NumPy arrays, or lists, in; numbers out.

All functions follow the same rules:

- **Order of arguments.** The truth comes first and the predictions or scores second, as ``y_true, y_pred`` in
  scikit-learn.
- **Units.** :func:`micro_action_metrics`, :func:`emotion_metrics`, :func:`detection_metrics` and
  :func:`timeline_metrics` return percentages, as the tables of the papers do. The other metrics return shares from 0
  to 1. Functions that count return integers.
- **Direction.** Higher is better, except for :attr:`Calibration.error` and :func:`keypoint_errors`.
- **NaN in the scores of a sample** means that the sample has no prediction. :func:`rank_classes` turns it into the
  class index -1, which counts as wrong.
- **NaN in a result** means that the value is not defined, such as the recall of a class without samples. Means leave
  it out.
"""

from .accuracy import rank_classes, top_k_accuracy
from .agreement import (
    Agreement,
    BinaryAgreement,
    binary_agreement,
    match_events,
    nominal_agreement,
    occupied_units,
    omission_agreement,
)
from .calibration import Calibration, calibration_bins
from .detection import (
    CHALLENGE_IOUS,
    IOUS,
    detection_average_precisions,
    detection_metrics,
    match_detections,
)
from .detection_floors import detect_class_priors, detect_true_labels
from .emotion import average_precisions, emotion_metrics
from .f1 import f1_macro, f1_macro_of_means, f1_micro
from .fusion import (
    FusionScores,
    FusionWeights,
    assign_folds,
    cross_validate_fusion,
    fit_fusion,
    fit_temperature,
    fit_weights,
    fuse_scores,
    scale_temperature,
)
from .keypoint_errors import keypoint_errors
from .micro_action import COARSE_FROM, MACRO_F1, micro_action_metrics, rank_groups
from .per_class import (
    ConfusedPair,
    PerClassMetrics,
    confusion_matrix,
    frequency_groups,
    mean_by_group,
    most_confused_pairs,
    per_class_metrics,
)
from .rates import poisson_interval
from .reversed_pairs import reversed_pair_accuracies
from .timeline import DetectionCounts, count_detections, timeline_metrics

__all__ = [
    'CHALLENGE_IOUS',
    'COARSE_FROM',
    'IOUS',
    'MACRO_F1',
    'Agreement',
    'BinaryAgreement',
    'Calibration',
    'ConfusedPair',
    'DetectionCounts',
    'FusionScores',
    'FusionWeights',
    'PerClassMetrics',
    'assign_folds',
    'average_precisions',
    'binary_agreement',
    'calibration_bins',
    'confusion_matrix',
    'count_detections',
    'cross_validate_fusion',
    'detect_class_priors',
    'detect_true_labels',
    'detection_average_precisions',
    'detection_metrics',
    'emotion_metrics',
    'f1_macro',
    'f1_macro_of_means',
    'f1_micro',
    'fit_fusion',
    'fit_temperature',
    'fit_weights',
    'frequency_groups',
    'fuse_scores',
    'keypoint_errors',
    'match_detections',
    'match_events',
    'mean_by_group',
    'micro_action_metrics',
    'most_confused_pairs',
    'nominal_agreement',
    'occupied_units',
    'omission_agreement',
    'per_class_metrics',
    'poisson_interval',
    'rank_classes',
    'rank_groups',
    'reversed_pair_accuracies',
    'scale_temperature',
    'timeline_metrics',
    'top_k_accuracy',
]
