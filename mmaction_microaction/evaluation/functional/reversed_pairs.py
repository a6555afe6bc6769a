"""Telling an action from the one that it is when played backwards."""

import numpy as np


def reversed_pair_accuracies(scores, labels, pairs):
    """Share of the clips of each pair that score higher in their own class than in the other.

    The two actions of a pair show the same frames in opposite order, so a network that does not use the order of the
    frames stays near 0.5. The scores of all other classes play no part; of equal scores, each counts as half.

    Args:
        scores (np.ndarray): Class scores, shape (N, K). A row of NaN, no prediction, tells nothing apart.
        labels (np.ndarray): True labels, shape (N,).
        pairs (Sequence[tuple[int, int]]): The pairs of class indices.

    Returns:
        list[float]: For each pair 0 to 1, the mean of its two classes' shares; NaN where a class has no clip.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)

    def share(own, other):
        clips = scores[labels == own]
        return np.mean(np.nan_to_num(np.heaviside(clips[:, own] - clips[:, other], 0.5))) if len(clips) else np.nan

    return [float(share(a, b) + share(b, a)) / 2 for a, b in pairs]
