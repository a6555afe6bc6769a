"""The fusion equals plain loops, and its cross-validation never fits on the clips that it scores."""

import numpy as np
import pytest
import torch
from helpers.label_sets import FOUR, TWO_HUNDRED

from mmaction_microaction.evaluation.functional import (
    assign_folds,
    cross_validate_fusion,
    fit_fusion,
    fit_temperature,
    fit_weights,
    fuse_scores,
    micro_action_metrics,
    scale_temperature,
)
from mmaction_microaction.label_sets import MA52


def networks(sharpness, label_set=MA52, num_clips=300, seed=0):
    """Return labels, and probabilities of networks that are as good as their sharpness, shape (M, N, C)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(label_set), num_clips)
    logits = rng.normal(size=(len(sharpness), num_clips, len(label_set)))
    logits[:, np.arange(num_clips), labels] += np.array(sharpness)[:, None]
    return labels, torch.tensor(logits).softmax(-1).numpy()


def f1_mean(labels, scores, label_set=MA52):
    metrics = micro_action_metrics(labels, scores, label_set=label_set)
    return metrics['F1_mean' if label_set.has_groups else 'fine/F1_mean']


def test_mean_equals_a_loop():
    _, scores = networks([1, 2, 3], num_clips=4)
    weights, temperatures = [3, 0, 1], [0.5, 1, 2]
    expected = np.zeros((4, 52))
    for network in range(3):
        for clip in range(4):
            powers = [p ** (1 / temperatures[network]) for p in scores[network, clip]]
            for index, power in enumerate(powers):
                expected[clip, index] += weights[network] / 4 * power / sum(powers)
    np.testing.assert_allclose(fuse_scores(scores, weights, temperatures), expected, rtol=1e-12)
    np.testing.assert_allclose(fuse_scores(scores, [1, 1, 1]), scores.mean(axis=0), rtol=1e-12)


def test_temperature_divides_the_logits():
    logits = torch.randn(5, 7, dtype=torch.float64, generator=torch.manual_seed(0))
    scaled = scale_temperature(logits.softmax(1), 1.7)
    np.testing.assert_allclose(scaled, (logits / 1.7).softmax(1), rtol=1e-9)


def test_fitted_temperature_has_the_highest_likelihood_of_a_grid():
    # The logits of the right class are higher by 1 and have the variance 1, so their probabilities are calibrated.
    labels, scores = networks([1], num_clips=2000)
    scores = scale_temperature(scores[0], 0.4)
    grid = np.geomspace(0.1, 10, 400)
    losses = [-np.log(scale_temperature(scores, t)[np.arange(len(labels)), labels]).mean() for t in grid]
    fitted = fit_temperature(labels, scores)
    assert fitted == pytest.approx(1 / 0.4, rel=0.1)
    assert fitted == pytest.approx(grid[np.argmin(losses)], rel=0.02)


def test_a_network_that_is_always_right_gets_the_sharpest_temperature():
    assert fit_temperature([0, 1], [[0.6, 0.4], [0.4, 0.6]]) == pytest.approx(1 / 20, rel=1e-3)


def test_fitted_weights_are_as_good_as_the_best_of_a_grid():
    labels, scores = networks([2.5, 1.5])
    grid = [f1_mean(labels, fuse_scores(scores, [i, 20 - i])) for i in range(21)]
    weights = fit_weights(labels, scores)
    fitted = f1_mean(labels, fuse_scores(scores, weights))
    assert weights.sum() == pytest.approx(1)
    assert grid[20] > grid[0] + 5  # the first network is better
    assert weights[0] > weights[1]
    assert fitted > max(grid[0], grid[20])
    assert fitted > max(grid) - 0.5


def test_a_useless_network_gets_no_weight():
    labels, scores = networks([4, 0])
    assert fit_weights(labels, scores)[1] < 0.2
    labels, scores = networks([8, 0])
    assert fit_weights(labels, scores).tolist() == [1, 0]


def test_fitted_fusion_is_never_worse_than_equal_weights_on_the_same_clips():
    labels, scores = networks([2, 1.9, 1.8], num_clips=500)
    scores = np.stack([scale_temperature(rows, 0.5) for rows in scores])
    fitted = f1_mean(labels, fuse_scores(scores, *fit_fusion(labels, scores)))
    assert fitted >= f1_mean(labels, scores.mean(axis=0))


def test_a_network_that_is_too_confident_is_held_back_by_its_temperature():
    # Both networks are equally good, but without temperatures the first one, which is far too sure, decides alone.
    labels, scores = networks([1.5, 1.5], num_clips=1000)
    scores[0] = scale_temperature(scores[0], 0.1)
    fitted = fit_fusion(labels, scores)
    assert fitted.temperatures[0] > 3 * fitted.temperatures[1]
    assert f1_mean(labels, fuse_scores(scores, *fitted)) > f1_mean(labels, scores.mean(axis=0)) + 2


@pytest.mark.parametrize('label_set', [MA52, FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_cross_validation_equals_a_loop(label_set):
    labels, scores = networks([2, 1.5, 1], label_set, num_clips=90)
    result = cross_validate_fusion(labels, scores, label_set, n_folds=3, seed=1)
    folds = assign_folds(labels, 3, seed=1)
    rows = np.zeros_like(scores[0])
    for fold in range(3):
        outside = np.flatnonzero(folds != fold)
        fitted = fit_fusion(labels[outside], scores[:, outside], label_set)
        for clip in np.flatnonzero(folds == fold):
            rows[clip] = fuse_scores(scores[:, [clip]], *fitted)[0]
        inside = folds == fold
        assert result.held_out_folds[fold] == pytest.approx(f1_mean(labels[inside], rows[inside], label_set))
        mean = scores.mean(axis=0)[inside]
        assert result.equal_folds[fold] == pytest.approx(f1_mean(labels[inside], mean, label_set))
        for network in range(3):
            alone = f1_mean(labels[inside], scores[network, inside], label_set)
            assert result.single_folds[network, fold] == pytest.approx(alone)
    assert result.held_out == pytest.approx(f1_mean(labels, rows, label_set))
    assert result.equal == pytest.approx(f1_mean(labels, scores.mean(axis=0), label_set))
    assert result.single.tolist() == pytest.approx([f1_mean(labels, each, label_set) for each in scores])
    same = fuse_scores(scores, *fit_fusion(labels, scores, label_set))
    assert result.same_clips == pytest.approx(f1_mean(labels, same, label_set))


def test_an_imagined_gain_is_not_in_the_held_out_score():
    # Eight networks that know nothing about the labels.
    labels, scores = networks([0] * 8)
    result = cross_validate_fusion(labels, scores)
    assert result.same_clips > result.equal + 2
    assert abs(result.held_out - result.equal) < 2


def test_folds_are_balanced_and_depend_on_the_seed():
    labels = np.repeat([3, 1, 7], [10, 25, 5])
    folds = assign_folds(labels, 5)
    for label, count in (3, 2), (1, 5), (7, 1):
        assert np.bincount(folds[labels == label], minlength=5).tolist() == [count] * 5
    assert (assign_folds(labels, 5) == folds).all()
    assert (assign_folds(labels, 5, seed=1) != folds).any()


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda: fuse_scores(np.ones((2, 3, 4)) / 4, [1]), 'expected 2 weights, .* got 1'),
        (lambda: fuse_scores(np.ones((2, 3, 4)) / 4, [1, 1], [1]), 'expected 2 temperatures, .* got 1'),
        (lambda: fuse_scores(np.ones((2, 3, 4)) / 4, [0, 0]), 'not all 0'),
        (lambda: fuse_scores(np.ones((2, 3, 4)) / 4, [2, -1]), r'at least 0.* \[2\.0, -1\.0\]'),
        (lambda: fuse_scores(np.ones((2, 3, 4)) / 4, [2, np.nan]), 'at least 0'),
        (lambda: scale_temperature([0.5, 0.5], 0), 'positive number, got 0'),
        (lambda: fit_weights([9], np.eye(52)[[9]]), r'got \(1,\) and \(1, 52\)'),
        (lambda: fit_weights([52], np.eye(52)[None, [9]]), 'integers from 0 to 51'),
        (lambda: fit_temperature([-1], np.eye(52)[[9]]), 'integers from 0 to 51'),
        (lambda: assign_folds([1, 2], 3), 'must be 2 to 2, .* got 3'),
        (lambda: assign_folds([1, 2], 1), 'must be 2 to 2, .* got 1'),
    ],
)
def test_bad_input_is_rejected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
