"""Precision and recall of micro-actions that were detected in long videos."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from mmaction.evaluation.functional import pairwise_temporal_iou

from mmaction_microaction.structures.intervals import Interval


class DetectionCounts(NamedTuple):
    """Numbers of intervals.

    ``true_positives / detections`` is the precision and ``true_positives / truth`` is the recall.
    """

    true_positives: int
    """Number of detected intervals that match a true one."""
    detections: int
    """Number of detected intervals."""
    truth: int
    """Number of true intervals."""


def count_detections(
    *,
    truth: Mapping[str, Sequence[Interval]],
    detections: Mapping[str, Sequence[Interval]],
    iou: float = 0.5,
) -> dict[str, DetectionCounts]:
    """Count the detected intervals that match a true interval.

    Detections are matched by descending score, as in ActivityNet's evaluation. Each is compared with the true interval
    of its label that it overlaps most, among those that are not matched yet. The two match if their intersection over
    union is at least ``iou``.

    Args:
        truth (Mapping[str, Sequence[Interval]]): True intervals of each video.
        detections (Mapping[str, Sequence[Interval]]): Detected intervals of each video. Videos are matched by path or,
            if the paths on the two sides differ, by file name.
        iou (float): Minimum intersection over union, above 0. Defaults to 0.5.

    Returns:
        dict[str, DetectionCounts]: Counts with ``'fine'`` labels and with ``'coarse'`` labels. The latter are left
        out if the label set has no groups.

    Raises:
        ValueError: If a video is missing on one side, or two videos of one side have the same file name.

    Examples:
        Nodding (9) and shaking head (10) are both actions of the head.

        >>> from mmaction_microaction.structures.intervals import Interval
        >>> truth = {'a.mp4': [Interval(0, 2, 9), Interval(2, 4, 10)]}
        >>> detections = {'a.mp4': [Interval(0, 1.5, 9), Interval(2, 4, 9)]}
        >>> count_detections(truth=truth, detections=detections)['fine']
        DetectionCounts(true_positives=1, detections=2, truth=2)
        >>> count_detections(truth=truth, detections=detections)['coarse']
        DetectionCounts(true_positives=2, detections=2, truth=2)
    """
    if truth.keys() != detections.keys():
        truth, detections = _by_file_name(truth), _by_file_name(detections)
    if truth.keys() != detections.keys():
        raise ValueError(f'{sorted(truth.keys() ^ detections.keys())[0]}: only one of the two files lists this video')
    result = {}
    levels = {'fine': lambda interval: interval.label, 'coarse': lambda interval: interval.action.group}
    intervals = (interval for videos in (truth, detections) for each in videos.values() for interval in each)
    if any(interval.action.group is None for interval in intervals):
        del levels['coarse']
    for level, label_of in levels.items():
        result[level] = DetectionCounts(
            true_positives=sum(_count_matches(truth[name], detections[name], label_of, iou) for name in truth),
            detections=sum(map(len, detections.values())),
            truth=sum(map(len, truth.values())),
        )
    return result


def _by_file_name(videos: Mapping[str, Sequence[Interval]]) -> dict[str, Sequence[Interval]]:
    """Replace the paths of videos by their file names."""
    named = {}
    for path, intervals in videos.items():
        if named.setdefault(PurePath(path).name, intervals) is not intervals:
            raise ValueError(f'{path}: another video has the same file name; use the same paths on both sides')
    return named


def _count_matches(
    truth: Sequence[Interval], detections: Sequence[Interval], label_of: Callable[[Interval], int], iou: float
) -> int:
    """Count the detections in one video that match a true interval."""
    if not (truth and detections):
        return 0
    times = [np.array([(i.start, i.end) for i in side]) for side in (detections, truth)]
    overlaps = pairwise_temporal_iou(*times)  # shape (true intervals, detections)
    overlaps[np.not_equal.outer([label_of(i) for i in truth], [label_of(i) for i in detections])] = 0
    count = 0
    for column in np.argsort([-i.score for i in detections], kind='stable'):
        best = overlaps[:, column].argmax()
        if overlaps[best, column] >= iou:
            count += 1
            overlaps[best] = 0
    return count
