import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from mmaction_microaction.evaluation.functional import calibration_bins


@pytest.mark.parametrize('bins', [1, 5, 15])
@pytest.mark.parametrize('clips', [1, 20, 1000])
def test_equal_to_scikit_learn_and_to_a_loop(bins, clips):
    rng = np.random.default_rng(clips)
    confidences = rng.random(clips)
    right = rng.random(clips) < confidences**2
    result = calibration_bins(confidences, right, bins)
    accuracy, confidence = calibration_curve(right, confidences, n_bins=bins, pos_label=True)
    filled = result.clips > 0
    np.testing.assert_allclose(result.accuracy[filled], accuracy)
    np.testing.assert_allclose(result.confidence[filled], confidence)
    assert np.isnan(result.accuracy[~filled]).all()

    error = 0
    for number in range(bins):
        inside = [i for i in range(clips) if number / bins < confidences[i] <= (number + 1) / bins]
        if inside:
            gap = np.mean([right[i] for i in inside]) - np.mean([confidences[i] for i in inside])
            error += len(inside) / clips * abs(gap)
    assert result.error == pytest.approx(error)


def test_error_by_hand():
    # Two bins: three clips of confidence 0.4, one right; two of confidence 0.9, both right.
    result = calibration_bins([0.4, 0.4, 0.4, 0.9, 0.9], [True, False, False, True, True], bins=2)
    np.testing.assert_allclose(result.confidence, [0.4, 0.9])
    np.testing.assert_allclose(result.accuracy, [1 / 3, 1])
    assert result.clips.tolist() == [3, 2]
    assert result.error == pytest.approx(3 / 5 * (0.4 - 1 / 3) + 2 / 5 * 0.1)


def test_borders_belong_to_the_bin_below():
    assert calibration_bins([0, 0.5, 0.51, 1], [True] * 4, bins=2).clips.tolist() == [2, 2]


def test_sure_and_always_right_or_always_wrong():
    assert calibration_bins(np.ones(3), np.ones(3)).error == 0
    assert calibration_bins(np.ones(3), np.zeros(3)).error == 1


@pytest.mark.parametrize('confidences', [[], [0.5, 0.5], [1.2], [-0.1], [np.nan]])
def test_refuses_what_is_no_probability(confidences):
    with pytest.raises(ValueError, match=r'same length|must be 0 to 1'):
        calibration_bins(confidences, [True] * min(len(confidences), 1))
