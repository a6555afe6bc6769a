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

    Examples:
        >>> ranking = [[1, 2, 0], [0, 2, 1]]
        >>> top_k_accuracy([1, 2], ranking, k=1)
        0.5
        >>> top_k_accuracy([1, 2], ranking, k=2)
        1.0
    """
    return float(np.mean(np.any(np.asarray(ranking)[:, :k] == np.asarray(labels)[:, None], axis=1)))
