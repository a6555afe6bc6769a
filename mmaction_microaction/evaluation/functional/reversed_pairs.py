"""Accuracy on pairs of actions in which each action is the other one played backwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def reversed_pair_accuracies(labels: ArrayLike, scores: ArrayLike, pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Return, for each pair, the share of clips that score higher in their own class than in the other one.

    If the two actions of a pair showed the same frames in opposite order, a network that ignores the order would stay
    at 0.5. Real and rendered ones differ in more than that. Scores of other classes are ignored. A clip with equal
    scores counts as half.

    Args:
        labels (ArrayLike): True labels, shape (N,).
        scores (ArrayLike): Class scores, shape (N, K). A row of NaN is a missing prediction, which counts as wrong.
        pairs (Sequence[tuple[int, int]]): Pairs of class indices.

    Returns:
        list[float]: Accuracy of each pair, 0 to 1, as the mean of the accuracies of its two classes; NaN if one of the
        classes has no clip.

    Examples:
        >>> scores = [[0.3, 0.2, 0.5], [0.1, 0.2, 0.7], [0.2, 0.3, 0.5]]
        >>> reversed_pair_accuracies([0, 0, 1], scores, [(0, 1)])  # 1 of 2 clips of class 0, 1 of 1 of class 1
        [0.75]
    """
    labels, scores = np.asarray(labels), np.asarray(scores)

    def accuracy(own: int, other: int) -> float:
        clips = scores[labels == own]
        return np.mean(np.nan_to_num(np.heaviside(clips[:, own] - clips[:, other], 0.5))) if len(clips) else np.nan

    return [float(accuracy(a, b) + accuracy(b, a)) / 2 for a, b in pairs]
