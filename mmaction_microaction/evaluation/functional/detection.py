"""Mean average precision of detected actions, as in the evaluation of MMA-52."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detections import Detections, Instances
from mmaction_microaction.utils.messages import first_few

IOUS = np.arange(0.1, 1.0, 0.1)
"""Thresholds of the temporal intersection over union, shape (9,). The third is a little above 0.3, as the authors'."""
IOUS.flags.writeable = False
CHALLENGE_IOUS = (0.2, 0.5, 0.7)
"""Thresholds whose mean ranks the challenge of 2026, as a participant reports."""
EPSILON = 1e-4
"""Seconds that the authors add to the union."""

Actions = TypeVar('Actions', Instances, Detections)


def detection_metrics(
    truth: Instances,
    detections: Detections,
    label_set: LabelSet = MA52,
    absent_classes: Literal['error', 'ignore'] = 'error',
) -> dict[str, float]:
    """Return the mean average precision (mAP) of detected actions and of their groups, such as body parts.

    The mAP is the mean over all classes of :func:`detection_average_precisions`. For the groups, the labels of both
    sides are replaced by their groups, and nothing else changes: a detection with the wrong action of the right body
    part is right.

    Args:
        truth (Instances): True actions of all videos.
        detections (Detections): Detected actions, ranked by their scores and not thresholded.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.
        absent_classes (Literal['error', 'ignore']): What to do with classes that are never true: ``'error'``, or
            ``'ignore'``, which takes the mean over the other classes. Defaults to ``'error'``.

    Returns:
        dict[str, float]: Percentages:

        - ``action/average_mAP``: mean of the next nine, which ranked the challenges of 2024 and 2025.
        - ``action/mAP@0.1`` to ``action/mAP@0.9``: mAP at each of these thresholds.
        - ``action/mAP_challenge``: mean of the mAP at 0.2, 0.5 and 0.7, which ranked that of 2026.
        - ``body/average_mAP`` and so on: the same for the groups. Left out if the label set has no groups.

    Raises:
        ValueError: If there is no true action, shapes or values do not fit, or a class is detected but never true.

    Examples:
        Nodding (9) and shaking head (10) are both actions of the head.

        >>> truth = Instances(np.array(['a', 'a']), np.array([[0, 2], [2, 4.0]]), np.array([9, 10]))
        >>> detections = Detections(*truth[:2], labels=np.array([9, 9]), scores=np.array([0.9, 0.8]))
        >>> metrics = detection_metrics(truth, detections, absent_classes='ignore')
        >>> metrics['action/mAP@0.5'], metrics['body/mAP@0.5']
        (50.0, 100.0)
    """
    levels = {'action': np.arange(len(label_set))}
    if label_set.has_groups:
        levels['body'] = label_set.fine_to_coarse
    _check_labels(truth.labels, len(label_set), 'true')
    _check_labels(detections.labels, len(label_set), 'detected')
    result = {}
    for level, table in levels.items():
        names = label_set.names if level == 'action' else label_set.groups
        true = truth._replace(labels=table[truth.labels])
        found = detections._replace(labels=table[detections.labels])
        precisions = detection_average_precisions(true, found, len(names), absent_classes=absent_classes, names=names)
        # A class that is neither true nor detected counts as 0, as the authors have it.
        means = 100 * (np.nanmean(precisions, axis=1) if absent_classes == 'ignore' else precisions.mean(axis=1))
        by_iou = {f'{iou:.1f}': float(mean) for iou, mean in zip(IOUS, means)}
        result[f'{level}/average_mAP'] = float(means.mean())
        result.update({f'{level}/mAP@{iou}': mean for iou, mean in by_iou.items()})
        result[f'{level}/mAP_challenge'] = float(np.mean([by_iou[str(iou)] for iou in CHALLENGE_IOUS]))
    return result


def detection_average_precisions(
    truth: Instances,
    detections: Detections,
    num_classes: int,
    ious: ArrayLike = IOUS,
    absent_classes: Literal['error', 'ignore'] = 'error',
    names: Sequence[str] | None = None,
) -> np.ndarray:
    """Return the average precision of each class at each threshold.

    The detections of a class in all videos are matched with true actions by :func:`match_detections`. The average
    precision is the area under the precision, made monotone from the right, over the recall (VOC 2010). A class that is
    never detected has 0. The values equal those of the authors' script to 1e-9 if all scores differ. Among equal
    scores, that script's order depends on the processor; here the later detection comes first, as in the script with a
    stable sort.

    Args:
        truth (Instances): True actions of all videos.
        detections (Detections): Detected actions. Those in other videos than the true ones are wrong.
        num_classes (int): Number of classes C.
        ious (ArrayLike): Thresholds above 0, shape (T,). Defaults to 0.1, 0.2, …, 0.9.
        absent_classes (Literal['error', 'ignore']): What to do with classes that are never true. ``'error'`` raises an
            error if one of them is detected, since its average precision is not defined, and sets the others to 0, as
            the authors do. ``'ignore'`` sets all of them to NaN. Defaults to ``'error'``.
        names (Sequence[str], optional): Names of the classes, for the error message. Defaults to None.

    Returns:
        np.ndarray: Average precisions, 0 to 1, shape (T, C).

    Raises:
        ValueError: If there is no true action, shapes or values do not fit, or a class is detected but never true.

    Examples:
        Half of the second action is found. The authors add 0.0001 s to the union, so its overlap is below 0.5.

        >>> truth = Instances(np.array(['a', 'b']), np.array([[0, 10], [0, 10.0]]), np.array([0, 0]))
        >>> found = Detections(np.array(['a', 'b']), np.array([[0, 10], [0, 5.0]]), np.array([0, 0]), np.array([2, 1]))
        >>> detection_average_precisions(truth, found, num_classes=1, ious=[0.4, 0.5]).tolist()
        [[1.0], [0.5]]
    """
    if absent_classes not in ('error', 'ignore'):
        raise ValueError(f"absent_classes must be 'error' or 'ignore', got {absent_classes!r}")
    matched = match_detections(truth, detections, ious)
    labels = np.asarray(detections.labels)
    _check_labels(truth.labels, num_classes, 'true')
    _check_labels(labels, num_classes, 'detected')
    counts = np.bincount(truth.labels, minlength=num_classes)
    if not counts.sum():
        raise ValueError('there is no true action, so no average precision is defined')
    absent = np.flatnonzero(counts == 0)
    detected = np.intersect1d(absent, labels)
    if absent_classes == 'error' and detected.size:
        shown = first_few(f'{index} {names[index]}' if names else index for index in detected)
        raise ValueError(
            f'no average precision is defined for classes that are detected but never true ({len(detected)}): {shown}. '
            "Use the truth of a whole split, or absent_classes='ignore', which leaves out classes that are never true"
        )
    order = _rank(detections.scores)
    order = order[np.argsort(labels[order], kind='stable')]  # by class, and by rank within a class
    starts = np.searchsorted(labels[order], np.arange(num_classes + 1))
    result = np.zeros((len(matched), num_classes))
    for index, (start, end) in enumerate(pairwise(starts)):
        for row, is_match in zip(result, matched[:, order[start:end]]):
            if counts[index]:
                row[index] = _interpolated_average_precision(is_match, counts[index])
    if absent_classes == 'ignore':
        result[:, absent] = np.nan
    return result


def match_detections(
    truth: Instances, detections: Detections, ious: ArrayLike = IOUS, epsilon: float = EPSILON
) -> np.ndarray:
    """Decide which detections are right, independently for each threshold.

    Detections are taken by descending score; among equal scores, the later one first. Each is matched with the true
    action of its video and label that it overlaps most, among those that are not matched yet and that it overlaps by
    at least the threshold; of equal overlaps, the later one. The overlap is the intersection over the union, to which
    ``epsilon`` is added. A detection without a positive duration is never right.

    Args:
        truth (Instances): True actions of all videos, N of them.
        detections (Detections): Detected actions, M of them.
        ious (ArrayLike): Thresholds above 0, shape (T,). Defaults to 0.1, 0.2, …, 0.9.
        epsilon (float): Seconds that are added to the union. Defaults to 0.0001, as in the authors' script; 0
            is the textbook's definition.

    Returns:
        np.ndarray: Whether each detection is right, bool, shape (T, M).

    Raises:
        ValueError: If a threshold is not above 0, shapes do not fit, or a time or score is not a finite number.

    Examples:
        The better of two detections of one action is right. A third one finds nothing.

        >>> truth = Instances(np.array(['a']), np.array([[0, 2.0]]), np.array([9]))
        >>> segments = np.array([[0, 1.8], [0, 2.0], [5, 6]])
        >>> found = Detections(np.array(['a'] * 3), segments, np.array([9, 9, 9]), np.array([0.9, 0.8, 0.7]))
        >>> match_detections(truth, found, ious=[0.5]).tolist()
        [[True, False, False]]
    """
    ious = np.atleast_1d(np.asarray(ious, dtype=float))
    if not (ious > 0).all():
        raise ValueError(f'thresholds must be above 0, got {ious.min():g}')
    truth, detections = _check(truth, 'true'), _check(detections, 'detected')
    found, true, overlaps = _overlapping_pairs(truth, detections, epsilon)
    ranks = np.empty(len(detections.scores), dtype=int)
    ranks[_rank(detections.scores)] = np.arange(len(ranks))
    order = np.lexsort((-true, -overlaps, ranks[found]))
    found, true, overlaps = found[order], true[order], overlaps[order]
    result = np.zeros((len(ious), len(ranks)), dtype=bool)
    for row, iou in zip(result, ious):
        enough = overlaps >= iou
        taken = set()
        for detection, instance in zip(found[enough].tolist(), true[enough].tolist()):
            if not row[detection] and instance not in taken:
                row[detection] = True
                taken.add(instance)
    return result


def _rank(scores: np.ndarray) -> np.ndarray:
    """Return the indices of detections by descending score; among equal scores, the later one first."""
    return np.argsort(scores, kind='stable')[::-1]


def _check(actions: Actions, what: str) -> Actions:
    """Return actions with float64 arrays after a check of their shapes and values."""
    segments = np.asarray(actions.segments, dtype=float)
    fields = {name: np.asarray(value) for name, value in actions._asdict().items() if name != 'segments'}
    shapes = {name: value.shape for name, value in fields.items()}
    if segments.shape != (len(segments), 2) or any(shape != (len(segments),) for shape in shapes.values()):
        raise ValueError(
            f'{what} actions: segments must have shape (N, 2) and the others (N,), got {segments.shape} and {shapes}'
        )
    numbers = {'segments': segments, **{name: fields[name] for name in ('scores',) if name in fields}}
    for name, value in numbers.items():
        if not np.isfinite(value).all():
            index = np.flatnonzero(~np.isfinite(value.reshape(len(value), -1)).all(axis=1))[0]
            raise ValueError(f'the {name} of {what} action {index} ({fields["video_ids"][index]}) are NaN or infinite')
    return actions._replace(segments=segments, **fields)


def _check_labels(labels: ArrayLike, num_classes: int, what: str) -> None:
    labels = np.asarray(labels)
    if labels.size and not (labels.dtype.kind in 'iu' and labels.min() >= 0 and labels.max() < num_classes):
        raise ValueError(
            f'{what} labels must be integers from 0 to {num_classes - 1}, got {labels.dtype} values from '
            f'{labels.min()} to {labels.max()}'
        )


def _overlapping_pairs(
    truth: Instances, detections: Detections, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the detection, the true action and the overlap of all pairs of one video and label that overlap."""
    _, videos = np.unique(np.concatenate([truth.video_ids, detections.video_ids]), return_inverse=True)
    labels = np.concatenate([truth.labels, detections.labels])
    keys = videos * (labels.max(initial=0) + 1) + labels
    true_keys, found_keys = np.split(keys, [len(truth.labels)])
    order = np.argsort(true_keys, kind='stable')
    first, last = (np.searchsorted(true_keys[order], found_keys, side) for side in ('left', 'right'))
    counts = last - first
    found = np.repeat(np.arange(len(found_keys)), counts)
    true = order[np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)]
    (start, end), (true_start, true_end) = detections.segments[found].T, truth.segments[true].T
    intersection = (np.minimum(end, true_end) - np.maximum(start, true_start)).clip(0)
    # The order of the terms is the authors': the last bit decides at a threshold.
    union = (true_end - true_start) + (end - start) - intersection + epsilon
    overlap = intersection > 0  # never if the detection ends before it starts
    return found[overlap], true[overlap], intersection[overlap] / union[overlap]


def _interpolated_average_precision(is_match: np.ndarray, num_true: int) -> float:
    """Return the average precision of one ranking.

    MMAction2's ``interpolated_precision_recall`` returns the same, but its Python loop takes minutes for the thousands
    of rows a video that a challenge file may have.
    """
    true_positives = np.cumsum(is_match)
    precision = true_positives / np.arange(1, len(is_match) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0], true_positives / num_true])
    return np.sum(np.diff(recall)[is_match] * precision[is_match])
