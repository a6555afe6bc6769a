"""Metrics of the paper's Table II, from class probabilities."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from mmaction_microaction.label_sets import MA52, LabelSet

from .accuracy import rank_classes, top_k_accuracy
from .f1 import check_labels, f1_macro, f1_macro_of_means, f1_micro

COARSE_FROM = ('top1', 'sum', 'head')
"""Ways to derive body parts from the scores of actions, see :func:`rank_groups`."""

MACRO_F1 = {'f1_macro': f1_macro, 'f1_macro_of_means': f1_macro_of_means}
"""Definitions of macro F1, see :func:`micro_action_metrics`."""


def check_options(
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1', macro: Literal['f1_macro', 'f1_macro_of_means'] = 'f1_macro'
) -> None:
    """Check the options of :func:`micro_action_metrics`, so that a wrong option fails before the scores are known.

    Args:
        coarse_from (Literal['top1', 'sum', 'head']): How body parts are derived, one of ``COARSE_FROM``. Defaults to
            ``'top1'``.
        macro (Literal['f1_macro', 'f1_macro_of_means']): Definition of macro F1, one of the keys of ``MACRO_F1``.
            Defaults to ``'f1_macro'``.

    Raises:
        ValueError: If an option is unknown.

    Examples:
        >>> check_options(macro='weighted')
        Traceback (most recent call last):
        ValueError: macro must be one of 'f1_macro', 'f1_macro_of_means', got 'weighted'
    """
    for name, value, choices in (('coarse_from', coarse_from, COARSE_FROM), ('macro', macro, MACRO_F1)):
        if value not in choices:
            raise ValueError(f'{name} must be one of {", ".join(map(repr, choices))}, got {value!r}')


def rank_groups(
    scores: ArrayLike,
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
    label_set: LabelSet = MA52,
    coarse_scores: ArrayLike | None = None,
) -> np.ndarray:
    """Sort the groups of every sample, such as body parts, best first.

    Args:
        scores (ArrayLike): Probabilities of the actions, shape (N, C).
        coarse_from (Literal['top1', 'sum', 'head']): ``'top1'`` replaces each action of the ranking by its group, as
            the authors and the challenges do, so groups repeat. ``'sum'`` sorts the groups by the sum of the
            probabilities of their actions. ``'head'`` sorts them by ``coarse_scores``. Defaults to ``'top1'``.
        label_set (LabelSet): Label set with groups. Defaults to that of MA-52.
        coarse_scores (ArrayLike, optional): Scores of the groups from classifiers of their own, shape (N, number of
            groups). Defaults to None.

    Returns:
        np.ndarray: Coarse labels, shape (N, C) for ``'top1'`` and (N, number of groups) otherwise. The labels of a
        sample whose scores are NaN are -1.

    Raises:
        ValueError: If ``coarse_from`` is unknown, or ``coarse_scores`` are needed and missing.

    Examples:
        >>> scores = np.zeros((1, 52))
        >>> scores[0, [9, 24, 25, 26]] = 0.4, 0.3, 0.2, 0.1  # one action of the head (1), three of the lower limb (3)
        >>> rank_groups(scores)[0, :3].tolist()
        [1, 3, 3]
        >>> rank_groups(scores, coarse_from='sum')[0, :2].tolist()
        [3, 1]
    """
    check_options(coarse_from)
    scores = np.asarray(scores)
    if coarse_from == 'head':
        expected = len(scores), len(label_set.groups)
        if coarse_scores is None or np.shape(coarse_scores) != expected:
            raise ValueError(
                f"coarse_from='head' needs scores of the groups, shape {expected}; the network must have classifiers "
                'of them, as PCAN has'
            )
        return rank_classes(np.asarray(coarse_scores))
    if coarse_from == 'sum':
        return rank_classes(scores @ (label_set.fine_to_coarse[:, None] == np.arange(len(label_set.groups))))
    ranking = rank_classes(scores)
    return np.where(ranking < 0, -1, label_set.fine_to_coarse[ranking])


def micro_action_metrics(
    labels: ArrayLike,
    scores: ArrayLike,
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
    macro: Literal['f1_macro', 'f1_macro_of_means'] = 'f1_macro',
    label_set: LabelSet = MA52,
    coarse_scores: ArrayLike | None = None,
) -> dict[str, float]:
    """Return the accuracies and F1 scores of actions and of their groups, the body parts (Guo et al., section V-A).

    Args:
        labels (ArrayLike): True fine labels, shape (N,).
        scores (ArrayLike): Probabilities of the actions, shape (N, C). A row of NaN is a clip without a prediction,
            which counts as not recognised.
        coarse_from (Literal['top1', 'sum', 'head']): How groups are derived, see :func:`rank_groups`. Defaults to
            ``'top1'``.
        macro (Literal['f1_macro', 'f1_macro_of_means']): Definition of macro F1: ``'f1_macro'`` (the challenges,
            scikit-learn, :func:`f1_macro`) or ``'f1_macro_of_means'`` (Eq. 5 as printed, :func:`f1_macro_of_means`).
            Defaults to ``'f1_macro'``.
        label_set (LabelSet): Label set of labels and scores. Defaults to that of MA-52.
        coarse_scores (ArrayLike, optional): Scores of the groups, see :func:`rank_groups`. Defaults to None.

    Returns:
        dict[str, float]: Percentages: ``F1_mean`` (Eq. 6), and ``F1_macro``, ``F1_micro``, ``top1`` and ``top5`` with
        the prefixes ``coarse/`` and ``fine/``. A label set without groups has no coarse level: instead of ``F1_mean``,
        there is ``fine/F1_mean``, the mean of ``fine/F1_macro`` and ``fine/F1_micro``. With fewer than five classes,
        all of them count as the top five.

    Raises:
        ValueError: If shapes or values do not fit, or an option is unknown.

    Examples:
        Two clips, of actions 9 and 24. The prediction for the second, 25, is of the same body part.

        >>> metrics = micro_action_metrics([9, 24], np.eye(52)[[9, 25]])
        >>> {name: round(metrics[name], 2) for name in ('fine/F1_macro', 'fine/F1_micro', 'coarse/F1_macro', 'F1_mean')}
        {'fine/F1_macro': 33.33, 'fine/F1_micro': 50.0, 'coarse/F1_macro': 100.0, 'F1_mean': 70.83}
    """
    check_options(coarse_from, macro)
    labels, scores = np.asarray(labels), np.asarray(scores)
    num_actions = len(label_set)
    if scores.shape != (len(labels), num_actions):
        raise ValueError(f'expected scores of shape ({len(labels)}, {num_actions}), got {scores.shape}')
    ranking = rank_classes(scores)
    check_labels(labels, ranking[:, 0], num_actions)
    levels, mean = {'fine': (labels, ranking, num_actions)}, 'fine/F1_mean'
    if label_set.has_groups:
        groups = rank_groups(scores, coarse_from, label_set, coarse_scores)
        levels = {'coarse': (label_set.fine_to_coarse[labels], groups, len(label_set.groups)), **levels}
        mean = 'F1_mean'
    result = {}
    for level, (truth, ranking, num_classes) in levels.items():
        result[f'{level}/F1_macro'] = MACRO_F1[macro](truth, ranking[:, 0], num_classes)
        result[f'{level}/F1_micro'] = f1_micro(truth, ranking[:, 0], num_classes)
        result[f'{level}/top1'] = top_k_accuracy(truth, ranking, 1)
        result[f'{level}/top5'] = top_k_accuracy(truth, ranking, min(5, num_classes))
    f1_mean = np.mean([value for name, value in result.items() if 'F1' in name])
    return {name: 100 * float(value) for name, value in {mean: f1_mean, **result}.items()}
