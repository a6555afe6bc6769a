"""Late fusion: the weighted mean of the probabilities of several networks, and weights whose gain is real."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from mmaction_microaction.label_sets import MA52, LabelSet

from .f1 import f1_macro, f1_micro

MIN_PROBABILITY = 1e-8
"""Smallest probability whose logarithm is taken. Half precision rounds smaller ones to zero."""

MAX_TEMPERATURE = 20.0
"""Largest temperature that is fitted. The smallest is its reciprocal."""


class FusionWeights(NamedTuple):
    """Parameters of a fusion of M networks."""

    weights: np.ndarray
    """Weights of the networks, at least 0, with the sum 1, shape (M,)."""
    temperatures: np.ndarray
    """Temperatures of the networks, shape (M,)."""


class FusionScores(NamedTuple):
    """F1_mean of networks alone and of their fusion, in percent, on all clips (``all``) and on each of K folds."""

    single: np.ndarray
    """Each of M networks on all clips, shape (M,)."""
    single_folds: np.ndarray
    """Each network on each fold, shape (M, K)."""
    equal: float
    """Plain mean of the probabilities on all clips."""
    equal_folds: np.ndarray
    """Plain mean of the probabilities on each fold, shape (K,)."""
    held_out: float
    """Fusion on all clips, where the weights for a clip were fitted on the other folds."""
    held_out_folds: np.ndarray
    """Fusion on each fold, with weights that were fitted on the other folds, shape (K,)."""
    same_clips: float
    """Fusion on all clips, with weights that were fitted on the same clips. This value is too good."""


def scale_temperature(scores: ArrayLike, temperature: float) -> np.ndarray:
    r"""Make probabilities softer (temperature above 1) or sharper (below 1).

    .. math:: q_c = \frac{p_c^{1/T}}{\sum_k p_k^{1/T}}

    It is the softmax of the logits divided by T (Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017,
    Eq. 9), written with the probabilities. The ranking of the classes does not change.

    Args:
        scores (ArrayLike): Probabilities, shape (..., C). Values below 1e-8 count as 1e-8.
        temperature (float): Temperature T, above 0.

    Returns:
        np.ndarray: Scaled probabilities, shape (..., C).

    Raises:
        ValueError: If the temperature is not a positive number.

    Examples:
        >>> scale_temperature([0.8, 0.2], 0.5).round(4).tolist()  # 0.64 and 0.04, divided by 0.68
        [0.9412, 0.0588]
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f'a temperature must be a positive number, got {temperature}')
    return softmax(np.log(np.maximum(np.asarray(scores, dtype=float), MIN_PROBABILITY)) / temperature, axis=-1)


def fit_temperature(labels: ArrayLike, scores: ArrayLike) -> float:
    """Find the temperature that maximises the likelihood of the labels.

    Args:
        labels (ArrayLike): True labels, integers from 0 to C - 1, shape (N,).
        scores (ArrayLike): Probabilities, shape (N, C).

    Returns:
        float: Temperature from 0.05 to 20. It is above 1 for a network that is too confident.

    Raises:
        ValueError: If the shapes do not fit, or a label is out of range.

    Examples:
        A network is right on three clips of four, but is 95 % sure of all of them. At this temperature, it is 75 %
        sure: ln(0.95 / 0.05) / ln(0.75 / 0.25) = 2.68.

        >>> round(fit_temperature([0, 0, 0, 1], [[0.95, 0.05]] * 4), 2)
        2.68
    """
    labels, scores = _check(labels, np.asarray(scores, dtype=float)[None])
    logits = np.log(np.maximum(scores[0], MIN_PROBABILITY))
    true = logits[np.arange(len(labels)), labels]

    def loss(log_temperature: float) -> float:
        beta = np.exp(-log_temperature)
        return float(np.mean(logsumexp(logits * beta, axis=1) - true * beta))

    bound = np.log(MAX_TEMPERATURE)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method='bounded', options={'xatol': 1e-6}).x))


def fuse_scores(scores: ArrayLike, weights: ArrayLike, temperatures: ArrayLike | None = None) -> np.ndarray:
    """Return the weighted mean of the probabilities of several networks.

    Args:
        scores (ArrayLike): Probabilities of M networks for the same clips, shape (M, N, C).
        weights (ArrayLike): Weights of the networks, at least 0, of any positive sum, shape (M,).
        temperatures (ArrayLike, optional): Temperatures of the networks, see :func:`scale_temperature`, shape (M,).
            Defaults to None: the probabilities are averaged unchanged.

    Returns:
        np.ndarray: Probabilities, shape (N, C).

    Raises:
        ValueError: If there is not one weight and one temperature for each network, a weight is negative, all weights
            are 0, or a temperature is not positive.

    Examples:
        >>> fuse_scores([[[0.9, 0.1]], [[0.3, 0.7]]], weights=[2, 1]).round(4).tolist()
        [[0.7, 0.3]]
    """
    scores, weights = np.asarray(scores, dtype=float), np.asarray(weights, dtype=float)
    if weights.shape != scores.shape[:1]:
        raise ValueError(f'expected {len(scores)} weights, one for each network, got {weights.size}')
    if not (np.isfinite(weights).all() and weights.min() >= 0 and weights.sum() > 0):
        raise ValueError(f'weights must be at least 0, and not all 0, got {weights.tolist()}')
    if temperatures is not None:
        if len(temperatures) != len(scores):
            raise ValueError(f'expected {len(scores)} temperatures, one for each network, got {len(temperatures)}')
        scores = np.stack([scale_temperature(rows, value) for rows, value in zip(scores, temperatures)])
    return np.tensordot(weights / weights.sum(), scores, axes=1)


def fit_weights(labels: ArrayLike, scores: ArrayLike, label_set: LabelSet = MA52, rounds: int = 50) -> np.ndarray:
    """Find weights of networks that maximise F1_mean, by ensemble selection.

    F1_mean changes in steps, so it has no useful gradient. Each round adds one network, with replacement, to the
    ensemble: the one with which the mean has the highest F1_mean. The weights are the shares of the networks in the
    best ensemble of all rounds (Caruana et al., *Ensemble Selection from Libraries of Models*, ICML 2004). Of equal
    ensembles, the one with the higher likelihood of the labels is chosen.

    Args:
        labels (ArrayLike): True fine labels, shape (N,).
        scores (ArrayLike): Probabilities of M networks, shape (M, N, C).
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.
        rounds (int): Largest size of the ensemble. Weights are fractions with at most this denominator. Defaults to 50.

    Returns:
        np.ndarray: Weights, at least 0, with the sum 1, shape (M,). A network that does not help has the weight 0.

    Raises:
        ValueError: If the shapes do not fit, or a label is out of range.

    Examples:
        The second network is always wrong, so it gets no weight.

        >>> right, wrong = np.eye(52)[[9, 24]], np.eye(52)[[3, 4]]
        >>> fit_weights([9, 24], [right, wrong]).tolist()
        [1.0, 0.0]
    """
    labels, scores = _check(labels, scores)
    clips = np.arange(len(labels))
    total, counts = np.zeros(scores.shape[1:]), np.zeros(len(scores))
    best, best_weights = (-1.0, -np.inf), counts
    for size in range(1, rounds + 1):
        values = []
        for rows in scores:
            mean = (total + rows) / size
            likelihood = np.log(np.maximum(mean[clips, labels], MIN_PROBABILITY)).mean()
            values.append((_f1_mean(labels, mean, label_set), likelihood))
        chosen = max(range(len(scores)), key=values.__getitem__)
        counts[chosen] += 1
        total += scores[chosen]
        if values[chosen] > best:
            best, best_weights = values[chosen], counts / size
    return best_weights


def fit_fusion(labels: ArrayLike, scores: ArrayLike, label_set: LabelSet = MA52) -> FusionWeights:
    """Fit the temperatures of networks, and then their weights.

    Three fusions are tried: equal weights, fitted weights, and fitted weights after temperature scaling. The one with
    the highest F1_mean is returned; of equal ones, the first.

    Args:
        labels (ArrayLike): True fine labels, shape (N,).
        scores (ArrayLike): Probabilities of M networks, shape (M, N, C).
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        FusionWeights: Weights and temperatures for :func:`fuse_scores`.

    Raises:
        ValueError: If the shapes do not fit, or a label is out of range.

    See Also:
        :func:`fit_temperature` and :func:`fit_weights`, the two steps.

    Examples:
        The first network is right twice, with 60 %. The second is wrong once, with 90 %.

        >>> modest, loud = np.full((2, 3, 52), 0.1 / 51)
        >>> modest[[0, 1, 2], [9, 24, 30]], loud[[0, 1, 2], [9, 25, 25]] = 0.6, 0.9
        >>> fit_fusion([9, 24, 30], [modest, loud]).weights.tolist()
        [1.0, 0.0]
    """
    labels, scores = _check(labels, scores)
    ones, temperatures = np.ones(len(scores)), np.array([fit_temperature(labels, rows) for rows in scores])
    scaled = np.stack([scale_temperature(rows, value) for rows, value in zip(scores, temperatures)])
    candidates = [
        FusionWeights(ones / len(ones), ones),
        FusionWeights(fit_weights(labels, scores, label_set), ones),
        FusionWeights(fit_weights(labels, scaled, label_set), temperatures),
    ]
    return max(candidates, key=lambda candidate: _f1_mean(labels, fuse_scores(scores, *candidate), label_set))


def assign_folds(labels: ArrayLike, n_folds: int, seed: int = 0) -> np.ndarray:
    """Divide clips at random into folds of equal size, each with its share of every class.

    Args:
        labels (ArrayLike): True labels, shape (N,).
        n_folds (int): Number of folds K.
        seed (int): Seed of the random numbers. Defaults to 0.

    Returns:
        np.ndarray: Fold of each clip, 0 to K - 1, shape (N,).

    Raises:
        ValueError: If K is not from 2 to N.

    Examples:
        >>> folds = assign_folds([7, 7, 7, 7, 2, 2], n_folds=2)
        >>> sorted(folds[:4].tolist()), sorted(folds[4:].tolist())
        ([0, 0, 1, 1], [0, 1])
    """
    labels = np.asarray(labels)
    if not 2 <= n_folds <= len(labels):
        raise ValueError(f'the number of folds must be 2 to {len(labels)}, the number of clips, got {n_folds}')
    # The clips are sorted by class, in random order within a class, and dealt out like cards.
    order = np.lexsort((np.random.default_rng(seed).permutation(len(labels)), labels))
    folds = np.empty(len(labels), dtype=int)
    folds[order] = np.arange(len(labels)) % n_folds
    return folds


def cross_validate_fusion(
    labels: ArrayLike, scores: ArrayLike, label_set: LabelSet = MA52, n_folds: int = 5, seed: int = 0
) -> FusionScores:
    """Measure what fitted weights are worth on clips that they were not fitted on.

    Args:
        labels (ArrayLike): True fine labels, shape (N,).
        scores (ArrayLike): Probabilities of M networks, shape (M, N, C).
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.
        n_folds (int): Number of folds K. Defaults to 5.
        seed (int): Seed of the division into folds, see :func:`assign_folds`. Defaults to 0.

    Returns:
        FusionScores: F1_mean of each network, of the plain mean and of the fusion.

    Raises:
        ValueError: If the shapes do not fit, a label is out of range, or K is not from 2 to N.

    Examples:
        Two networks that know nothing: weights that were fitted on the same clips look better than they are.

        >>> rng = np.random.default_rng(0)
        >>> result = cross_validate_fusion(rng.integers(0, 52, 200), rng.dirichlet(np.ones(52), (2, 200)))
        >>> bool(result.same_clips > result.held_out)
        True
    """
    labels, scores = _check(labels, scores)
    folds = assign_folds(labels, n_folds, seed)
    held_out = np.empty(scores.shape[1:])
    for fold in range(n_folds):
        inside = folds == fold
        fitted = fit_fusion(labels[~inside], scores[:, ~inside], label_set)
        held_out[inside] = fuse_scores(scores[:, inside], *fitted)

    def measure(rows: np.ndarray) -> tuple[float, np.ndarray]:
        on_folds = [_f1_mean(labels[folds == fold], rows[folds == fold], label_set) for fold in range(n_folds)]
        return _f1_mean(labels, rows, label_set), np.array(on_folds)

    single, single_folds = zip(*map(measure, scores))
    same_clips = fuse_scores(scores, *fit_fusion(labels, scores, label_set))
    return FusionScores(
        np.array(single),
        np.stack(single_folds),
        *measure(scores.mean(axis=0)),
        *measure(held_out),
        _f1_mean(labels, same_clips, label_set),
    )


def _f1_mean(labels: np.ndarray, scores: np.ndarray, label_set: LabelSet) -> float:
    """Return F1_mean in percent, as :func:`.micro_action_metrics` does, without the ranking of all classes."""
    predictions = scores.argmax(axis=1)
    levels = [(labels, predictions, len(label_set))]
    if label_set.has_groups:
        coarse = label_set.fine_to_coarse
        levels.append((coarse[labels], coarse[predictions], len(label_set.groups)))
    return 100 * float(np.mean([f1(*level) for level in levels for f1 in (f1_macro, f1_micro)]))


def _check(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of shape (N,) and scores of shape (M, N, C) as arrays, if they fit."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    if scores.ndim != 3 or labels.shape != scores.shape[1:2] or not scores.size:
        raise ValueError(
            f'expected labels of shape (N,) and scores of shape (M, N, C), got {labels.shape} and {scores.shape}'
        )
    if labels.dtype.kind not in 'iu' or labels.min() < 0 or labels.max() >= scores.shape[2]:
        raise ValueError(f'labels must be integers from 0 to {scores.shape[2] - 1}')
    return labels, scores
