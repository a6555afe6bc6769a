"""Metrics of Tables VI and VII: emotions, and several micro-actions per video."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmaction_microaction.label_sets.ma52_pro import EMOTIONS

from .accuracy import rank_classes
from .f1 import f1_macro
from .per_class import per_class_metrics


def emotion_metrics(labels: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """Return the metrics of the emotions (section VI-B).

    The emotion with the highest score is predicted; among equal scores, the one with the lowest index. An emotion that
    is neither true nor predicted has no F1 score and is left out of UF1. An emotion that is never true has no recall
    and is left out of UAR. The metrics equal scikit-learn's ``f1_score`` with ``average='macro'`` and ``'weighted'``,
    and ``balanced_accuracy_score``.

    Args:
        labels (ArrayLike): True emotions, shape (N,).
        scores (ArrayLike): Scores of the emotions, shape (N, 5).

    Returns:
        dict[str, float]: Percentages:

        - ``Acc``: accuracy.
        - ``UF1``: mean of the F1 scores of the emotions.
        - ``F1_weighted``: mean of the F1 scores, weighted by the number of videos of each emotion.
        - ``UAR``: mean of the recalls of the emotions.
        - ``Acc_joy`` and so on: recall of each emotion; NaN for an emotion that is never true.

    Raises:
        ValueError: If shapes or values do not fit.

    Examples:
        >>> metrics = emotion_metrics([0, 0, 1], np.eye(5)[[0, 1, 1]])
        >>> {name: round(metrics[name], 1) for name in ('Acc', 'UF1', 'UAR', 'Acc_joy')}
        {'Acc': 66.7, 'UF1': 66.7, 'UAR': 75.0, 'Acc_joy': 50.0}
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if scores.shape != (len(labels), len(EMOTIONS)):
        raise ValueError(f'expected scores of shape ({len(labels)}, {len(EMOTIONS)}), got {scores.shape}')
    predictions = rank_classes(scores)[:, 0]
    per_class = per_class_metrics(labels, predictions, len(EMOTIONS))
    result = {
        'Acc': np.mean(labels == predictions),
        'F1_weighted': np.average(np.nan_to_num(per_class.f1), weights=per_class.support),
        'UF1': f1_macro(labels, predictions, len(EMOTIONS)),
        'UAR': np.nanmean(per_class.recall),
        **{f'Acc_{emotion}': recall for emotion, recall in zip(EMOTIONS, per_class.recall)},
    }
    return {name: 100 * float(value) for name, value in result.items()}


def average_precisions(labels: ArrayLike, scores: ArrayLike) -> np.ndarray:
    """Return the average precision of each row.

    The average precision of a row is the mean of the precisions at the ranks of its true items. Pass the transposed
    arrays for the average precision of each class instead of each video.

    The result equals scikit-learn's ``average_precision_score`` and ``label_ranking_average_precision_score``. For a
    row without a true item, however, the first function returns 0 and the second returns 1.

    Args:
        labels (ArrayLike): 1 for true items and 0 for others, shape (N, K).
        scores (ArrayLike): Scores of the items, shape (N, K).

    Returns:
        np.ndarray: Average precisions, 0 to 1, shape (N,); NaN for a row without a true item.

    Raises:
        ValueError: If the shapes differ, a label is neither 0 nor 1, or a score is NaN. Items without a score take
            ``-inf``.

    Examples:
        >>> average_precisions([[0, 1, 0, 1]], [[0.1, 0.7, 0.4, 0.2]]).round(4).tolist()  # (1 / 1 + 2 / 3) / 2
        [0.8333]
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if scores.ndim != 2 or scores.shape != labels.shape:
        raise ValueError(f'expected labels and scores of one shape (N, K), got {labels.shape} and {scores.shape}')
    if not np.isin(labels, (0, 1)).all():
        raise ValueError('labels must be 0 or 1')
    if np.isnan(scores).any():
        raise ValueError(f'the scores of row {np.isnan(scores).any(axis=1).argmax()} contain NaN; pass -inf instead')
    return np.array([_average_precision(*row) for row in zip(labels.astype(bool), scores)])


def _average_precision(is_true: np.ndarray, scores: np.ndarray) -> float:
    """Return the average precision of one ranking. Items with equal scores all have the last of their ranks."""
    if not is_true.any():
        return np.nan
    ranks = len(scores) - np.searchsorted(np.sort(scores), scores[is_true])
    true_positives = is_true.sum() - np.searchsorted(np.sort(scores[is_true]), scores[is_true])
    return np.mean(true_positives / ranks)
