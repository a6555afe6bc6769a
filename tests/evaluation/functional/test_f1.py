import itertools
import warnings

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, top_k_accuracy_score

from mmaction_microaction.evaluation.functional import (
    f1_macro,
    f1_macro_of_means,
    f1_micro,
    rank_classes,
    top_k_accuracy,
)
from mmaction_microaction.evaluation.functional.f1 import count_matches


def case(name):
    rng = np.random.default_rng(0)
    return {
        'random': (rng.integers(0, 52, 500), rng.integers(0, 52, 500)),
        'mostly correct': (labels := rng.integers(0, 52, 500), np.where(rng.random(500) < 0.7, labels, 0)),
        'absent classes': (rng.choice([1, 3, 7], 40), rng.choice([1, 7, 50], 40)),
        'never correct': (np.array([0, 1, 2]), np.array([1, 2, 0])),
        'always correct': (np.array([4, 4, 9]), np.array([4, 4, 9])),
        'one correct sample': (np.array([51]), np.array([51])),
        'one wrong sample': (np.array([51]), np.array([0])),
        'constant prediction': (rng.integers(0, 52, 100), np.full(100, 9)),
    }[name]


CASES = [
    'random',
    'mostly correct',
    'absent classes',
    'never correct',
    'always correct',
    'one correct sample',
    'one wrong sample',
    'constant prediction',
]


@pytest.mark.parametrize('name', CASES)
def test_equal_to_scikit_learn(name):
    labels, predictions = case(name)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        assert f1_macro(labels, predictions, 52) == pytest.approx(f1_score(labels, predictions, average='macro'))
        assert f1_micro(labels, predictions, 52) == pytest.approx(f1_score(labels, predictions, average='micro'))
        precision = precision_score(labels, predictions, average='macro', zero_division=0)
        recall = recall_score(labels, predictions, average='macro', zero_division=0)
    expected = 2 * precision * recall / (precision + recall) if precision + recall else 0
    assert f1_macro_of_means(labels, predictions, 52) == pytest.approx(expected)


def test_macro_f1_by_hand():
    labels, predictions = np.array([0, 0, 1, 1]), np.array([0, 5, 1, 1])
    # (true positives, support, predicted): class 0 (1, 2, 1), class 1 (2, 2, 2), class 5 (0, 0, 1).
    assert f1_macro(labels, predictions, 52) == pytest.approx((2 / 3 + 1 + 0) / 3)
    # Precision (1 + 1 + 0) / 3, recall (1/2 + 1 + 0) / 3.
    precision, recall = 2 / 3, 1 / 2
    assert f1_macro_of_means(labels, predictions, 52) == pytest.approx(2 * precision * recall / (precision + recall))


def test_missing_prediction_is_wrong_and_counts_for_no_class():
    labels, predictions = np.array([0, 0, 1]), np.array([0, -1, 1])
    # (true positives, support, predicted): class 0 (1, 2, 1), class 1 (1, 1, 1). No other class occurs.
    assert f1_macro(labels, predictions, 52) == pytest.approx((2 / 3 + 1) / 2)
    assert f1_micro(labels, predictions, 52) == pytest.approx(2 / 3)
    assert f1_macro_of_means(labels, predictions, 52) == pytest.approx(2 * 1 * 0.75 / 1.75)
    ranking = rank_classes(np.array([[0.2, 0.8], [np.nan, np.nan]]))
    assert ranking.tolist() == [[1, 0], [-1, -1]]
    assert top_k_accuracy(np.array([0, 1]), ranking, 2) == 0.5


@pytest.mark.parametrize(('num_classes', 'k', 'ties'), list(itertools.product([7, 52], [1, 5], [False, True])))
def test_top_k_equal_to_scikit_learn(num_classes, k, ties):
    rng = np.random.default_rng(1)
    scores, labels = rng.random((300, num_classes)), rng.integers(0, num_classes, 300)
    if ties:
        scores = np.round(scores, 1)
    # Among equal scores, scikit-learn prefers the higher index, and rank_classes the lower: mirror the classes.
    expected = top_k_accuracy_score(num_classes - 1 - labels, scores[:, ::-1], k=k, labels=np.arange(num_classes))
    assert top_k_accuracy(labels, rank_classes(scores), k) == pytest.approx(expected)


def test_ranking_starts_with_the_argmax_even_in_ties():
    scores = np.round(np.random.default_rng(2).random((200, 52)), 1)
    assert (rank_classes(scores)[:, 0] == scores.argmax(1)).all()


@pytest.mark.parametrize(
    ('labels', 'predictions', 'message'),
    [
        ([], [], 'at least 1'),
        ([0, 1], [0], r'shapes \(2,\) and \(1,\)'),
        ([0, 52], [0, 1], r'label 52 of sample 1 is not one of 0 to 51'),
        ([0, 1], [-2, 1], r'prediction -2 of sample 0'),
    ],
)
def test_count_matches_rejects_invalid_input(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        count_matches(np.array(labels, int), np.array(predictions, int), 52)
