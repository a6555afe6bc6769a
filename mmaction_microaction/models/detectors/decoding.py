"""Turns the scores and boundaries of all points into a ranked list of detections, in NumPy."""

from typing import NamedTuple

import numpy as np


class DecodedDetections(NamedTuple):
    """Detections of a video, best first."""

    segments: np.ndarray
    """Starts and ends in seconds, shape (M, 2), float32."""
    labels: np.ndarray
    """Classes, shape (M,), int64."""
    scores: np.ndarray
    """Scores between 0 and 1, shape (M,), float32."""


def decode_detections(
    scores: np.ndarray,
    segments: np.ndarray,
    steps_per_second: float,
    duration: float,
    max_candidates: int = 2000,
    max_per_video: int = 200,
    sigma: float = 0.5,
    voting_iou: float | None = None,
) -> DecodedDetections:
    """Rank the candidates of a video: Soft-NMS within each class, then the best of all classes.

    There is no threshold of the score, since low-scored detections never lower an average precision.

    Args:
        scores (np.ndarray): Score of each class at each point, shape (P, C).
        segments (np.ndarray): Starts and ends in steps at each point, shape (P, K, 2); K is 1, or C if each class has
            its own.
        steps_per_second (float): Steps of the features per second.
        duration (float): Duration of the video in seconds. Detections are clipped to it.
        max_candidates (int): Number of candidates with the highest scores that Soft-NMS sees. Defaults to 2000.
        max_per_video (int): Largest number of detections M. Defaults to 200.
        sigma (float): Width of the Gaussian of :func:`soft_nms`. Defaults to 0.5.
        voting_iou (float, optional): Overlap from which candidates of a class take part in the boundaries of a
            detection, see :func:`soft_nms`. Defaults to None: no voting.

    Returns:
        DecodedDetections: The detections, best first.
    """
    num_classes = scores.shape[1]
    # Step t covers t - 0.5 to t + 0.5, and the first step begins at 0 seconds.
    seconds = np.clip((segments.astype(np.float64) + 0.5) / steps_per_second, 0, duration)
    order = np.argsort(-scores, axis=None, kind='stable')[:max_candidates]
    point, label = np.divmod(order, num_classes)
    candidates = seconds[point, label if segments.shape[1] > 1 else 0]
    kept = candidates[:, 1] > candidates[:, 0]
    candidates, label, score = candidates[kept], label[kept], scores.reshape(-1)[order][kept].astype(np.float64)
    found, found_scores = soft_nms(candidates, score, label, sigma, voting_iou)
    order = np.argsort(-found_scores, kind='stable')[:max_per_video]
    return DecodedDetections(
        found[order].astype(np.float32), label[order].astype(np.int64), found_scores[order].astype(np.float32)
    )


def soft_nms(
    segments: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    sigma: float = 0.5,
    voting_iou: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Lower the scores of segments that overlap better ones of their class (Bodla et al., ICCV 2017, Gaussian).

    In each class, the best remaining segment is taken, and the scores of the others are multiplied by
    exp(-IoU^2 / sigma), until none remains. All classes are processed at once.

    Args:
        segments (np.ndarray): Starts and ends, shape (M, 2).
        scores (np.ndarray): Scores, shape (M,).
        labels (np.ndarray): Classes, shape (M,).
        sigma (float): Width of the Gaussian. Defaults to 0.5.
        voting_iou (float, optional): Overlap from which segments of the same class take part in the boundaries of a
            segment, which become their mean, weighted by score times IoU. Defaults to None: boundaries stay.

    Returns:
        tuple[np.ndarray, np.ndarray]: Segments, shape (M, 2), and new scores, shape (M,), in the order of the
        arguments.

    Examples:
        >>> import numpy as np
        >>> segments = np.array([[0.0, 4.0], [0.0, 2.0], [0.0, 2.0]])
        >>> _, scores = soft_nms(segments, np.array([0.9, 0.8, 0.8]), np.array([0, 0, 1]))
        >>> scores.round(4)  # the IoU is 1 / 2, and exp(-0.25 / 0.5) is 0.6065
        array([0.9   , 0.4852, 0.8   ])
    """
    if not len(segments):
        return segments, scores
    classes, row = np.unique(labels, return_inverse=True)
    # Candidates of a class form a row, which is filled up with scores of -inf.
    by_row = np.argsort(row, kind='stable')
    sizes = np.bincount(row)
    column = np.empty(len(row), int)
    column[by_row] = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    grid = np.full((len(classes), sizes.max()), -np.inf)
    grid[row, column] = scores
    start, end = np.zeros_like(grid), np.zeros_like(grid)
    start[row, column], end[row, column] = segments.T
    original, length, result = np.maximum(grid, 0), end - start, np.full_like(grid, -np.inf)
    new_start, new_end = start.copy(), end.copy()
    rows = np.arange(len(classes))
    for _ in range(grid.shape[1]):
        best = grid.argmax(axis=1)
        rows = rows[grid[np.arange(len(rows)), best] > -np.inf]
        if len(rows) < len(grid):  # rows without candidates are done
            active = grid.max(axis=1) > -np.inf
            grid, best = grid[active], best[active]
        inner = np.arange(len(rows))
        result[rows, best] = grid[inner, best]
        grid[inner, best] = -np.inf
        first, last = start[rows, best][:, None], end[rows, best][:, None]
        intersection = np.maximum(np.minimum(end[rows], last) - np.maximum(start[rows], first), 0)
        iou = intersection / np.maximum(length[rows] + (last - first) - intersection, 1e-12)
        # A product of 0 and -inf would be NaN.
        np.multiply(grid, np.exp(-(iou**2) / sigma), out=grid, where=grid > -np.inf)
        if voting_iou is not None:
            weight = original[rows] * iou * (iou >= voting_iou)
            weight[inner, best] = np.maximum(original[rows, best], 1e-12)
            weight /= weight.sum(axis=1, keepdims=True)
            new_start[rows, best] = (weight * start[rows]).sum(axis=1)
            new_end[rows, best] = (weight * end[rows]).sum(axis=1)
    return np.stack([new_start, new_end], axis=-1)[row, column], result[row, column]
