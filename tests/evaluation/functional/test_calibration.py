import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from mmaction_microaction.evaluation.functional import calibration_bins


@pytest.mark.parametrize('n_bins', [1, 5, 15])
@pytest.mark.parametrize('clips', [1, 20, 1000])
def test_equal_to_scikit_learn_and_to_a_loop(n_bins, clips):
    rng = np.random.default_rng(clips)
    confidences = rng.random(clips)
    correct = rng.random(clips) < confidences**2
    result = calibration_bins(correct, confidences, n_bins)
    accuracy, confidence = calibration_curve(correct, confidences, n_bins=n_bins, pos_label=True)
    filled = result.clips > 0
    np.testing.assert_allclose(result.accuracy[filled], accuracy)
    np.testing.assert_allclose(result.confidence[filled], confidence)
    assert np.isnan(result.accuracy[~filled]).all()

    error = 0
    for index in range(n_bins):
        inside = [i for i in range(clips) if index / n_bins < confidences[i] <= (index + 1) / n_bins]
        if inside:
            gap = np.mean([correct[i] for i in inside]) - np.mean([confidences[i] for i in inside])
            error += len(inside) / clips * abs(gap)
    assert result.error == pytest.approx(error)


def test_error_by_hand():
    # Two bins: three clips of confidence 0.4, one correct; two of confidence 0.9, both correct.
    result = calibration_bins([True, False, False, True, True], [0.4, 0.4, 0.4, 0.9, 0.9], n_bins=2)
    np.testing.assert_allclose(result.confidence, [0.4, 0.9])
    np.testing.assert_allclose(result.accuracy, [1 / 3, 1])
    assert result.clips.tolist() == [3, 2]
    assert result.error == pytest.approx(3 / 5 * (0.4 - 1 / 3) + 2 / 5 * 0.1)


def test_upper_edge_belongs_to_the_bin():
    assert calibration_bins([True] * 4, [0, 0.5, 0.51, 1], n_bins=2).clips.tolist() == [2, 2]


def test_full_confidence_in_correct_and_wrong_predictions():
    assert calibration_bins(np.ones(3), np.ones(3)).error == 0
    assert calibration_bins(np.zeros(3), np.ones(3)).error == 1


@pytest.mark.parametrize('confidences', [[], [0.5, 0.5], [1.2], [-0.1], [np.nan]])
def test_rejects_confidences_that_are_not_probabilities(confidences):
    with pytest.raises(ValueError, match=r'same length|must be 0 to 1'):
        calibration_bins([True] * min(len(confidences), 1), confidences)


def test_rejects_swapped_arguments():
    with pytest.raises(ValueError, match='correct must be True or False'):
        calibration_bins([0.4, 0.9], [True, False])
