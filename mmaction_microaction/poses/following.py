"""Following of people from frame to frame, filling of gaps, and smoothing."""

import numpy as np
from scipy.ndimage import correlate1d

MAX_STEP = 0.5
"""Largest distance between the joints of one person in two searched frames, as a fraction of the person's size."""


def person_sizes(keypoint: np.ndarray, keypoint_score: np.ndarray) -> np.ndarray:
    """Return the square root of the area of the box around the detected joints of people.

    Args:
        keypoint (np.ndarray): Coordinates, shape (..., V, 2).
        keypoint_score (np.ndarray): Scores, shape (..., V). A joint with the score 0 is undetected.

    Returns:
        np.ndarray: Size of each person in pixels, shape (...,). 0 without a detected joint.
    """
    known = (keypoint_score > 0)[..., None]
    low = np.where(known, keypoint, np.inf).min(-2)
    high = np.where(known, keypoint, -np.inf).max(-2)
    return np.sqrt(np.where(known.any(-2), high - low, 0).prod(-1))


def match_people(known: np.ndarray, found: np.ndarray, sizes: np.ndarray) -> list[tuple[int, int]]:
    """Match the people of a frame with people who are known from earlier frames, the nearest first.

    Args:
        known (np.ndarray): Last coordinates of each known person, shape (K, V, 2). NaN for a person without any.
        found (np.ndarray): Coordinates of each person in the frame, shape (N, V, 2).
        sizes (np.ndarray): Sizes of the people in the frame, shape (N,), see :func:`person_sizes`.

    Returns:
        list[tuple[int, int]]: Indices of a known person and of the same person in the frame.
    """
    distances = np.linalg.norm(known[:, None] - found, axis=-1).mean(-1)
    distances = np.where(distances <= MAX_STEP * sizes, distances, np.inf)
    matches = []
    while distances.size and np.isfinite(distances.min()):
        row, column = np.unravel_index(distances.argmin(), distances.shape)
        matches.append((int(row), int(column)))
        distances[row], distances[:, column] = np.inf, np.inf
    return matches


def fill_gaps(
    keypoint: np.ndarray, keypoint_score: np.ndarray, max_frames: int, every: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate coordinates and scores linearly in the gaps of a person.

    Args:
        keypoint (np.ndarray): Coordinates, shape (M, T, V, 2).
        keypoint_score (np.ndarray): Scores, shape (M, T, V). A person without a score above 0 is absent.
        max_frames (int): Number of frames of the longest gap that is filled.
        every (int): Interval between the frames that were searched. After a person's last frame, the frames up to the
            next searched one repeat it. Defaults to 1.

    Returns:
        tuple[np.ndarray, np.ndarray]: Coordinates of shape (M, T, V, 2) and scores of shape (M, T, V).
    """
    points, scores = keypoint.copy(), keypoint_score.copy()
    for person in range(len(points)):
        frames = np.flatnonzero((keypoint_score[person] > 0).any(-1))
        for start, end in zip(frames, [*frames[1:], None]):
            if end is not None and end - start - 1 <= max(max_frames, every - 1):
                share = np.arange(1, end - start)[:, None] / (end - start)
                for values in (points[person], scores[person]):
                    ends = values[start].ravel(), values[end].ravel()
                    values[start + 1 : end] = ((1 - share) * ends[0] + share * ends[1]).reshape(-1, *values.shape[1:])
            else:
                for values in (points[person], scores[person]):
                    values[start + 1 : start + every] = values[start]
    return points, scores


def smooth(keypoint: np.ndarray, keypoint_score: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth coordinates over time without delay, by local quadratic regression.

    A parabola is fitted to the coordinates around each frame, with the weights of a Gaussian times the scores. Constant
    speed and constant acceleration remain exactly, so fast movements keep more of their amplitude than with the mean of
    a Gaussian. Undetected joints do not contribute and remain.

    Args:
        keypoint (np.ndarray): Coordinates, shape (M, T, V, 2).
        keypoint_score (np.ndarray): Scores, shape (M, T, V). A joint with the score 0 is undetected.
        sigma (float): Standard deviation of the Gaussian in frames. If it is 0, coordinates are not changed.

    Returns:
        np.ndarray: Coordinates, shape (M, T, V, 2).
    """
    if not sigma > 0:
        return keypoint
    reach = max(1, int(4 * sigma + 0.5))
    offsets = np.arange(-reach, reach + 1)
    kernels = [np.exp(-((offsets / sigma) ** 2) / 2) * (offsets / sigma) ** power for power in range(5)]
    smoothed = keypoint.copy()
    for person, joint in np.ndindex(keypoint.shape[0], keypoint.shape[2]):  # one by one, to save memory
        scores = keypoint_score[person, :, joint].astype(float)
        moments = [correlate1d(scores, kernel, mode='constant') for kernel in kernels]
        left = np.stack([np.stack(moments[row : row + 3], axis=-1) for row in range(3)], axis=-2)
        # Where fewer than three frames have the joint, this term makes the parabola a line or a constant.
        left += np.diag([1e-12, 1e-9, 1e-9])
        values = scores[:, None] * keypoint[person, :, joint]
        right = np.stack([correlate1d(values, kernel, axis=0, mode='constant') for kernel in kernels[:3]], axis=-2)
        fitted = np.linalg.solve(left, right)[:, 0]
        smoothed[person, :, joint] = np.where(scores[:, None] > 0, fitted, keypoint[person, :, joint])
    return smoothed
