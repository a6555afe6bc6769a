"""Precision and recall of intervals found in long videos."""

from pathlib import PurePath

import numpy as np
from mmaction.evaluation.functional import pairwise_temporal_iou

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE


def timeline_scores(found, true, iou=0.5):
    """Count the true intervals that were found.

    Found intervals, the best scored first, each take the true interval of their label that they overlap most, among
    those that no other has taken, as in ActivityNet's evaluation; it counts if the intersection over union suffices.

    Args:
        found (dict[str, list[Interval]]): What was found in each video.
        true (dict[str, list[Interval]]): What is there. Videos are matched by their paths or, if these are
            not the same on both sides, by their file names.
        iou (float): Least intersection over union, above 0. Defaults to 0.5.

    Returns:
        dict[str, tuple[int, int, int]]: For ``'fine'`` and ``'coarse'`` labels, how many were found rightly, found, and
        there: the first divided by the second is the precision, by the third the recall.

    Raises:
        ValueError: If a video is missing on either side, or two have the same name.
    """
    if found.keys() != true.keys():
        found, true = _by_name(found), _by_name(true)
    if found.keys() != true.keys():
        raise ValueError(f'{sorted(found.keys() ^ true.keys())[0]}: only one of the two files speaks of this video')
    counts = {'fine': np.zeros(3, int), 'coarse': np.zeros(3, int)}
    for name in true:
        for level, label_of in (('fine', lambda i: i.label), ('coarse', lambda i: FINE_TO_COARSE[i.label])):
            right = _count_right(found[name], true[name], label_of, iou)
            counts[level] += (right, len(found[name]), len(true[name]))
    return {level: tuple(map(int, count)) for level, count in counts.items()}


def _by_name(videos):
    """Name videos without their folders."""
    named = {}
    for path, intervals in videos.items():
        if named.setdefault(PurePath(path).name, intervals) is not intervals:
            raise ValueError(f'{path}: another video has this file name, too; give both sides the same paths')
    return named


def _count_right(found, true, label_of, iou):
    """Count matches within a video."""
    if not (found and true):
        return 0
    overlaps = pairwise_temporal_iou(*(np.array([(i.start, i.end) for i in side]) for side in (found, true)))
    overlaps[np.not_equal.outer([label_of(i) for i in true], [label_of(i) for i in found])] = 0
    count = 0
    for column in np.argsort([-i.score for i in found], kind='stable'):
        best = overlaps[:, column].argmax()
        if overlaps[best, column] >= iou:
            count += 1
            overlaps[best] = 0
    return count
