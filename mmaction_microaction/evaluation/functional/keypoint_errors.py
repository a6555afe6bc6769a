"""Distances between estimated and true joints."""

from typing import Literal

import numpy as np

from mmaction_microaction.structures.pose_layouts import LAYOUTS
from mmaction_microaction.structures.poses import Poses


def keypoint_errors(truth: Poses, estimated: Poses, unit: Literal['head', 'pixel'] = 'head') -> np.ndarray:
    """Compute the distances between the estimated and the true joints of the first person in a video.

    Args:
        truth (Poses): True poses of T frames with V joints.
        estimated (Poses): Estimated poses of the same frames. They are converted to the layout of the truth.
        unit (Literal['head', 'pixel']): Unit of the distances. ``'head'`` is the width of the head: the largest
            distance between the true ears in the frames of the video, about 17 cm. Defaults to ``'head'``.

    Returns:
        np.ndarray: Distance of each joint, shape (T, V). NaN where a joint is not in the truth or not detected.

    Raises:
        ValueError: If the poses have different numbers of frames or image sizes.

    Examples:
        >>> import numpy as np
        >>> points = np.zeros((1, 1, 17, 2))
        >>> points[0, 0, [3, 4]] = [50, 10], [30, 10]  # the ears
        >>> truth = Poses('a', (100, 100), points, points.any(-1))
        >>> estimated = Poses('a', (100, 100), points + [3, 4], points.any(-1))
        >>> keypoint_errors(truth, estimated)[0, 2:5].tolist()
        [nan, 0.25, 0.25]
    """
    if truth.total_frames != estimated.total_frames or truth.img_shape != estimated.img_shape:
        raise ValueError(
            f'{truth.frame_dir}: the truth has {truth.total_frames} frames of height and width {truth.img_shape}, the '
            f'estimate {estimated.total_frames} of {estimated.img_shape}'
        )
    estimated = estimated.convert(truth.layout)
    known = (truth.keypoint_score[0] > 0) & (estimated.keypoint_score[0] > 0)
    distances = np.linalg.norm(estimated.keypoint[0] - truth.keypoint[0], axis=-1)
    distances = np.where(known, distances, np.nan)
    return distances if unit == 'pixel' else distances / _head_width(truth)


def _head_width(truth: Poses) -> float:
    """Return the largest distance between the ears in pixels, or NaN if no frame has both."""
    ears = [LAYOUTS[truth.layout].joints.index(f'{side}_ear') for side in ('left', 'right')]
    seen = (truth.keypoint_score[0][:, ears] > 0).all(-1)
    left, right = truth.keypoint[0][seen][:, ears].swapaxes(0, 1)
    return float(np.linalg.norm(left - right, axis=-1).max(initial=0)) or np.nan
