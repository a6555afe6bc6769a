"""Rankings and top-k accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def rank_classes(scores: ArrayLike) -> np.ndarray:
    """Sort the classes of every sample by descending score.

    Classes with equal scores are sorted by ascending index.

    Args:
        scores (ArrayLike): Class scores, shape (N, K). A row with NaN is a sample without a prediction.

    Returns:
        np.ndarray: Class indices, shape (N, K). The indices of a sample without a prediction are -1.

    Examples:
        >>> rank_classes([[0.1, 0.7, 0.2], [0.5, 0.0, 0.5]]).tolist()
        [[1, 2, 0], [0, 2, 1]]
    """
    scores = np.asarray(scores)
    ranking = np.argsort(-scores, axis=1, kind='stable')
    ranking[np.isnan(scores).any(axis=1)] = -1
    return ranking


def top_k_accuracy(labels: ArrayLike, ranking: ArrayLike, k: int) -> float:
    """Return the share of samples whose true class is among the first k classes of a ranking.

    Args:
        labels (ArrayLike): True labels, shape (N,).
        ranking (ArrayLike): Class indices, best first, shape (N, L) with L of at least k. An index may repeat.
        k (int): Number of classes that are considered.

    Returns:
        float: Accuracy, 0 to 1.

    Raises:
        ValueError: If the shapes do not fit, ``ranking`` has values other than integers (scores, for example), a label
            is not an integer of at least 0, or k is not from 1 to L.

    Examples:
        >>> ranking = [[1, 2, 0], [0, 2, 1]]
        >>> top_k_accuracy([1, 2], ranking, k=1)
        0.5
        >>> top_k_accuracy([1, 2], ranking, k=2)
        1.0
    """
    labels, ranking = np.asarray(labels), np.asarray(ranking)
    if labels.ndim != 1 or ranking.ndim != 2 or len(labels) != len(ranking) or not len(labels):
        raise ValueError(
            f'expected shapes (N,) and (N, L) with N of at least 1, got {labels.shape} and {ranking.shape}'
        )
    if labels.dtype.kind not in 'iu' or ranking.dtype.kind not in 'iu' or labels.min() < 0:
        raise ValueError(
            f'expected labels of at least 0 and a ranking of class indices, all integers, got {labels.dtype} and '
            f'{ranking.dtype}; rank_classes ranks scores'
        )
    if not 1 <= k <= ranking.shape[1]:
        raise ValueError(f'k must be 1 to {ranking.shape[1]}, the length of the ranking, got {k}')
    return float(np.mean(np.any(ranking[:, :k] == labels[:, None], axis=1)))
