"""Precision, recall and mean average precision of micro-actions that were detected in long videos."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detections import Detections, Instances
from mmaction_microaction.structures.intervals import Interval

from .detection import detection_metrics, match_detections

Videos = Mapping[str, Sequence[Interval]]
"""Intervals of each video."""


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

    Detections are matched by :func:`.match_detections`: by descending score, each with the true interval of its label
    that it overlaps most, among those that are not matched yet. The two match if their intersection over union is at
    least ``iou``.

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
    truth, detections = _match_videos(truth, detections)
    true, found = _join(truth), _join(detections)
    label_set = _find_label_set(truth, detections)
    tables = {'fine': np.arange(len(label_set))}
    if label_set.has_groups:
        tables['coarse'] = label_set.fine_to_coarse
    result = {}
    for level, table in tables.items():
        true_level, found_level = (each._replace(labels=table[each.labels]) for each in (true, found))
        matches = match_detections(Instances(*true_level[:3]), found_level, [iou], epsilon=0)
        result[level] = DetectionCounts(int(matches.sum()), len(found.labels), len(true.labels))
    return result


def timeline_metrics(
    *, truth: Mapping[str, Sequence[Interval]], detections: Mapping[str, Sequence[Interval]]
) -> dict[str, float]:
    """Return the mean average precision of detected intervals, as of a detector on MMA-52.

    Args:
        truth (Mapping[str, Sequence[Interval]]): True intervals of each video, at least one in all.
        detections (Mapping[str, Sequence[Interval]]): Detected intervals of each video, see :func:`count_detections`.

    Returns:
        dict[str, float]: Percentages of :func:`.detection_metrics`. Classes that are never true are left out.

    Raises:
        ValueError: If the videos do not match, see :func:`count_detections`, or there is no true interval.

    Examples:
        >>> truth = {'a.mp4': [Interval(0, 2, 9), Interval(2, 4, 10)]}
        >>> detections = {'a.mp4': [Interval(0, 1.5, 9), Interval(2, 4, 9)]}
        >>> timeline_metrics(truth=truth, detections=detections)['action/mAP@0.5']
        25.0
    """
    truth, detections = _match_videos(truth, detections)
    label_set = _find_label_set(truth, detections)
    return detection_metrics(Instances(*_join(truth)[:3]), _join(detections), label_set, absent_classes='ignore')


def _match_videos(truth: Videos, detections: Videos) -> tuple[Videos, Videos]:
    """Return both sides with the same names of videos."""
    if truth.keys() != detections.keys():
        truth, detections = _by_file_name(truth), _by_file_name(detections)
    if truth.keys() != detections.keys():
        raise ValueError(f'{sorted(truth.keys() ^ detections.keys())[0]}: only one of the two files lists this video')
    return truth, detections


def _find_label_set(*sides: Videos) -> LabelSet:
    """Return the label set of the intervals; that of MA-52 if there are none."""
    return next((i.label_set for videos in sides for intervals in videos.values() for i in intervals), MA52)


def _by_file_name(videos: Videos) -> Videos:
    """Replace the paths of videos by their file names."""
    named = {}
    for path, intervals in videos.items():
        if named.setdefault(PurePath(path).name, intervals) is not intervals:
            raise ValueError(f'{path}: another video has the same file name; use the same paths on both sides')
    return named


def _join(videos: Videos) -> Detections:
    """Join the intervals of all videos into arrays."""
    rows = [(video, interval) for video, intervals in videos.items() for interval in intervals]
    return Detections(
        np.array([video for video, _ in rows], dtype=str),
        np.array([(i.start, i.end) for _, i in rows], dtype=float).reshape(-1, 2),
        np.array([i.label for _, i in rows], dtype=np.int64),
        np.array([i.score for _, i in rows], dtype=float),
    )
