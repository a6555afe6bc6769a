"""Frame-level mean average precision of several actions at once, as in PointTAD's evaluation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .emotion import average_precisions

GRID_FPS, GRID_STRIDE = 25, 4
"""Frames per second, and frames per step, of the grid of :func:`frame_labels`."""


def frame_labels(segments: ArrayLike, labels: ArrayLike, num_steps: int, num_classes: int) -> np.ndarray:
    """Return which classes occur at each step of the grid that PointTAD's frame-level evaluation uses.

    The grid has a step for every fourth frame at 25 frames per second. An action covers the steps from
    ``int(start * 25) // 4`` to ``int(end * 25) // 4``, both included.

    Args:
        segments (ArrayLike): Start and end of each action in seconds, shape (N, 2).
        labels (ArrayLike): Labels of the actions, shape (N,).
        num_steps (int): Number of steps S, ``int(duration * 25) // 4`` for a video.
        num_classes (int): Number of classes C.

    Returns:
        np.ndarray: 1 for each class that occurs and 0 for the others, int64, shape (S, C).

    Examples:
        >>> frame_labels([[0.2, 0.5]], [1], num_steps=5, num_classes=2)[:, 1].tolist()
        [0, 1, 1, 1, 0]
    """
    result = np.zeros((num_steps, num_classes), dtype=np.int64)
    for (start, end), label in zip(np.asarray(segments, dtype=float).reshape(-1, 2), labels):
        result[int(start * GRID_FPS) // GRID_STRIDE : int(end * GRID_FPS) // GRID_STRIDE + 1, label] = 1
    return result


def frame_average_precisions(labels: ArrayLike, scores: ArrayLike) -> np.ndarray:
    """Return the average precision of each class over the steps of all videos (segmentation mAP).

    It is the mean precision at the true steps, as scikit-learn's ``average_precision_score`` computes it. The mean over
    the classes is the frame-level mAP that PointTAD reports on other data sets.

    Args:
        labels (ArrayLike): 1 for each class that occurs at a step and 0 for the others, shape (S, C), see
            :func:`frame_labels`.
        scores (ArrayLike): Scores of the classes at the steps, shape (S, C).

    Returns:
        np.ndarray: Average precisions, 0 to 1, shape (C,); 0 for a class that never occurs.

    Raises:
        ValueError: If the shapes differ, a label is neither 0 nor 1, or a score is NaN.

    Examples:
        >>> frame_average_precisions([[0], [1], [0], [1]], [[0.1], [0.7], [0.4], [0.2]]).round(4).tolist()
        [0.8333]
    """
    return np.nan_to_num(average_precisions(np.transpose(labels), np.transpose(scores)))
