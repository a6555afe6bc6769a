import numpy as np
import pytest

from mmaction_microaction.evaluation.functional import (
    confusion_matrix,
    f1_macro,
    frequency_groups,
    mean_by_group,
    most_confused_pairs,
    per_class_metrics,
)
from mmaction_microaction.label_sets import MA52

RNG = np.random.default_rng(0)
CASES = {
    'random': (RNG.integers(0, 52, 500), RNG.integers(0, 52, 500)),
    'absent and never predicted classes': (RNG.choice([1, 3, 7], 40), RNG.choice([1, 7, 50], 40)),
    'never correct': ([0, 1, 2], [1, 2, 0]),
    'always correct': ([4, 4, 9], [4, 4, 9]),
    'one clip': ([51], [0]),
    'constant prediction': (RNG.integers(0, 52, 100), np.full(100, 9)),
}


@pytest.mark.parametrize('name', CASES)
def test_equal_to_a_loop_over_the_clips(name):
    labels, predictions = CASES[name]
    counts = np.zeros((52, 52), int)
    for label, prediction in zip(labels, predictions):
        counts[label, prediction] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, 52), counts)
    scores = per_class_metrics(labels, predictions, 52)
    for index in range(52):
        right, true, predicted = counts[index, index], counts[index].sum(), counts[:, index].sum()
        assert (scores.support[index], scores.num_predicted[index]) == (true, predicted)
        for value, part, whole in (
            (scores.precision, right, predicted),
            (scores.recall, right, true),
            (scores.f1, 2 * right, true + predicted),
        ):
            assert value[index] == pytest.approx(part / whole if whole else np.nan, nan_ok=True)
    assert np.nanmean(scores.f1) == pytest.approx(f1_macro(labels, predictions, 52))


def test_clips_without_a_prediction_count_as_missed():
    scores = per_class_metrics([0, 0, 1], [0, -1, -1], 3)
    np.testing.assert_allclose(scores.precision, [1, np.nan, np.nan])
    np.testing.assert_allclose(scores.recall, [1 / 2, 0, np.nan])
    np.testing.assert_allclose(scores.f1, [2 / 3, 0, np.nan])
    assert scores.num_predicted.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ('labels', 'predictions', 'message'),
    [
        ([0, -1], [0, 0], 'label -1 of sample 1 is not one of 0 to 51'),
        ([0], [52], 'prediction 52 of sample 0 is not'),
        ([0, 1], [0], 'same length'),
        ([], [], 'same length'),
        ([0, 0], [0, -1], 'sample 1 has no prediction'),
    ],
)
def test_confusion_matrix_rejects_invalid_labels(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        confusion_matrix(np.array(labels, int), np.array(predictions, int), 52)


def test_scores_by_hand():
    # One of two clips of class 0 is correct. Class 1 is never predicted, class 2 is never true, and class 3 is neither.
    scores = per_class_metrics([0, 0, 1], [0, 2, 2], 4)
    np.testing.assert_allclose(scores.precision, [1, np.nan, 0, np.nan])
    np.testing.assert_allclose(scores.recall, [1 / 2, 0, np.nan, np.nan])
    np.testing.assert_allclose(scores.f1, [2 / 3, 0, 0, np.nan])
    assert scores.support.tolist() == [2, 1, 0, 0]
    assert scores.num_predicted.tolist() == [1, 0, 2, 0]


def test_confused_pairs_are_sorted_by_clips_then_by_share():
    counts = np.array([[9, 3, 0], [0, 2, 3], [1, 0, 0]])
    pairs = most_confused_pairs(counts)
    assert [pair[:3] for pair in pairs] == [(1, 2, 3), (0, 1, 3), (2, 0, 1)]
    assert [pair.share for pair in pairs] == [3 / 5, 3 / 12, 1]
    assert most_confused_pairs(counts, limit=1) == pairs[:1]
    assert most_confused_pairs(np.diag([3, 4])) == []


def test_thirds_of_ma52_by_training_clips():
    clips = np.array([action.train_clips for action in MA52.actions])
    groups = frequency_groups(clips)
    assert np.bincount(groups).tolist() == [18, 17, 17]
    # Every class of a group has at least as many clips as every one of the next.
    for group in (0, 1):
        assert clips[groups == group].min() >= clips[groups == group + 1].max()
    assert groups[[9, 10, 3, 45]].tolist() == [0, 0, 2, 2]


def test_equally_frequent_classes_are_sorted_by_label():
    assert frequency_groups(np.ones(7)).tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_group_means_leave_out_nan():
    means = mean_by_group([0.5, np.nan, 0.25, np.nan, 0.75], [0, 0, 1, 2, 1])
    np.testing.assert_array_equal(means, [0.5, 0.5, np.nan])


@pytest.mark.filterwarnings('error')
def test_confusions_of_a_single_class():
    assert confusion_matrix([0, 0], [0, 0], num_classes=1).tolist() == [[2]]
