"""Input that would give a wrong number is an error that says what is wrong."""

import numpy as np
import pytest

from mmaction_microaction.evaluation.functional import (
    average_precisions,
    calibration_bins,
    f1_macro,
    micro_action_metrics,
    top_k_accuracy,
)

ONE = np.eye(52)[[9]]


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda: top_k_accuracy([1], [[0.1, 0.9]], 1), 'all integers, got .* float64; rank_classes ranks'),
        (lambda: top_k_accuracy([1, 2, 0], [[1, 0]], 1), r'got \(3,\) and \(1, 2\)'),
        (lambda: top_k_accuracy([1], [[1, 0]], 3), 'k must be 1 to 2'),
        (lambda: top_k_accuracy([1], [[1, 0]], 0), 'k must be 1 to 2'),
        (lambda: top_k_accuracy([-1], [[-1, -1]], 1), 'labels of at least 0'),
        (lambda: micro_action_metrics([52], ONE), 'label 52 of sample 0'),
        (lambda: micro_action_metrics([9.0], ONE), 'labels must be integers, got float64'),
        (lambda: micro_action_metrics([], np.zeros((0, 52))), 'at least 1'),
        (lambda: f1_macro([0.5, 1], [0, 1], 2), 'labels must be integers, got float64'),
        (lambda: average_precisions([[0, 1]], [[np.nan, 0.3]]), 'row 0 contain NaN; pass -inf'),
        (lambda: calibration_bins([True], [0.5], n_bins=0), 'n_bins must be at least 1, got 0'),
    ],
)
def test_bad_input_is_rejected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
