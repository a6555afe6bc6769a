"""Rankings and top-k accuracy."""

import numpy as np


def rank_classes(scores):
    """Order the classes of every sample by falling score; of equal scores the lower index comes first.

    Args:
        scores (np.ndarray): Shape (N, K). NaN where there is no prediction.

    Returns:
        np.ndarray: Class indices, shape (N, K); -1 where there is no prediction.
    """
    scores = np.asarray(scores)
    ranking = np.argsort(-scores, axis=1, kind='stable')
    ranking[np.isnan(scores).any(axis=1)] = -1
    return ranking


def top_k_accuracy(labels, ranking, k):
    """Share of the samples whose true class is among the first k of a ranking.

    Args:
        labels (np.ndarray): True labels, shape (N,).
        ranking (np.ndarray): Class indices, best first, shape (N, at least k). They may repeat.
        k (int): How many of them count.

    Returns:
        float: 0 to 1.
    """
    return float(np.mean(np.any(np.asarray(ranking)[:, :k] == np.asarray(labels)[:, None], axis=1)))
