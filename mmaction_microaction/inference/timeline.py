"""Merges the scores of overlapping windows into intervals."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.times import LONGEST_STILL

TOLERANCE = 1e-3
"""Tolerance in seconds of times that should be equal."""


def smooth_scores(starts: np.ndarray, ends: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Average the probabilities of the windows that cover a time.

    The weight of a window falls linearly from 1 at its middle to 0 at its ends.

    Args:
        starts (np.ndarray): Start of each window in seconds, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        times (np.ndarray): Times in seconds, shape (N,).

    Returns:
        np.ndarray: Probabilities at each time, shape (N, C). A time that no window covers has the probabilities of the
        nearest window.

    Examples:
        The time 0.75 is equally far from the middles of two windows.

        >>> scores = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> smooth_scores(np.array([0.0, 0.5]), np.array([1.0, 1.5]), scores, np.array([0.5, 0.75])).tolist()
        [[1.0, 0.0], [0.5, 0.5]]
    """
    middles, halves = (starts + ends) / 2, (ends - starts) / 2
    smoothed = np.empty((len(times), scores.shape[1]))
    # An hour has thousands of windows, but only a few cover a time: a loop needs less memory than one product.
    for row, time in zip(smoothed, times):
        near = slice(*np.searchsorted(middles, (time - halves.max(), time + halves.max())))
        weights = np.maximum(1 - np.abs(middles[near] - time) / halves[near], 0)
        if weights.sum():
            row[:] = weights @ scores[near] / weights.sum()
        else:
            row[:] = scores[np.abs(middles - time).argmin()]
    return smoothed


def split_at_gaps(starts: np.ndarray, ends: np.ndarray, max_gap: float = TOLERANCE) -> list[slice]:
    """Split windows where the time between them is not covered.

    Args:
        starts (np.ndarray): Start of each window in seconds, ascending, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        max_gap (float): Longest gap in seconds that does not split. Defaults to :data:`TOLERANCE`.

    Returns:
        list[slice]: Windows of each stretch of time without a longer gap; empty if there are no windows.

    Examples:
        >>> split_at_gaps(np.array([0.0, 1.0, 5.0]), np.array([2.0, 3.0, 7.0]))
        [slice(0, 2, None), slice(2, 3, None)]
    """
    if not len(starts):
        return []
    gaps = (np.flatnonzero(starts[1:] > np.maximum.accumulate(ends)[:-1] + max_gap) + 1).tolist()
    return [*map(slice, [0, *gaps], [*gaps, len(starts)])]


class Pieces(NamedTuple):
    """Consecutive pieces of time of equal length, with their probabilities."""

    edges: np.ndarray
    """Borders of the pieces in seconds, shape (N + 1,). The last piece has half the length to one and a half."""
    scores: np.ndarray
    """Probabilities in the middle of each piece, shape (N, C)."""

    @property
    def middles(self) -> np.ndarray:
        """Middle of each piece in seconds, shape (N,)."""
        return (self.edges[:-1] + self.edges[1:]) / 2


def cut_scores(starts: np.ndarray, ends: np.ndarray, scores: np.ndarray, step: float | None = None) -> Iterator[Pieces]:
    """Cut the time that windows cover into pieces, and smooth the probabilities (:func:`smooth_scores`).

    Args:
        starts (np.ndarray): Start of each window in seconds, ascending, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        step (float, optional): Length of a piece in seconds. Defaults to None: the median distance of the windows.

    Yields:
        Pieces: The pieces of each stretch of time that windows cover without a gap.
    """
    starts, ends, scores = (np.asarray(values, float) for values in (starts, ends, scores))
    if not len(starts):
        return
    if step is None:
        step = float(np.median(np.diff(starts))) if len(starts) > 1 else float(ends[0] - starts[0])
        step = max(step, 10 * TOLERANCE)
    for part in split_at_gaps(starts, ends):
        edges = _cut(starts[part], ends[part], step)
        middles = (edges[:-1] + edges[1:]) / 2
        yield Pieces(edges, smooth_scores(starts[part], ends[part], scores[part], middles))


def most_likely_labels(scores: np.ndarray, switch_cost: float) -> np.ndarray:
    """Find the most likely sequence of labels under a cost for each change of the label (Viterbi's algorithm).

    Args:
        scores (np.ndarray): Probabilities at N times, shape (N, C).
        switch_cost (float): Cost of a change of the label, as a natural logarithm.

    Returns:
        np.ndarray: The labels, shape (N,), that maximise the sum of their log-probabilities minus the costs of all
        changes.
    """
    # Row by row and in the smallest integer type, since a long video has very many rows.
    previous = np.empty(scores.shape, np.min_scalar_type(scores.shape[1]))
    total = np.zeros(scores.shape[1])
    for row, probabilities in zip(previous, scores):
        log_probabilities = np.log(np.maximum(probabilities, 1e-6))
        best = total.argmax()
        changes = total[best] - switch_cost > total
        row[:] = np.where(changes, best, np.arange(len(total)))
        total = np.where(changes, total[best] - switch_cost, total) + log_probabilities
    labels = [total.argmax()]
    for row in previous[:0:-1]:
        labels.append(row[labels[-1]])
    return np.array(labels[::-1])


def find_intervals(
    starts: np.ndarray,
    ends: np.ndarray,
    scores: np.ndarray,
    step: float,
    switch_cost: float = 0.5,
    min_score: float = 0.0,
    min_duration: float = 0.0,
    label_set: LabelSet = MA52,
) -> list[Interval]:
    """Merge the scores of overlapping windows into a timeline.

    The video is cut into pieces of ``step`` seconds. Each piece has the smoothed probabilities of its middle
    (:func:`smooth_scores`) and one label (:func:`most_likely_labels`). Neighbouring pieces of the same label become one
    interval, except those of the action ``rest``. A gap of more than two minutes between windows contains no interval.

    Args:
        starts (np.ndarray): Start of each window in seconds, ascending, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        step (float): Length of a piece in seconds.
        switch_cost (float): Evidence that a change of the action requires, as the natural logarithm of the ratio of the
            probabilities in one whole window. Larger values give fewer and longer intervals. Defaults to 0.5.
        min_score (float): Minimum mean probability of an interval. Defaults to 0.
        min_duration (float): Minimum duration of an interval in seconds. Defaults to 0.
        label_set (LabelSet): Label set of the probabilities. Defaults to that of MA-52.

    Returns:
        list[Interval]: The intervals, ascending in time and without overlap; empty if there are no windows.

    Raises:
        ValueError: If the label set has another number of actions than the probabilities.

    Examples:
        Three windows of nodding (9), followed by three of shaking legs (24).

        >>> starts = np.arange(6) * 0.5
        >>> scores = np.eye(52)[[9, 9, 9, 24, 24, 24]]
        >>> for interval in find_intervals(starts, starts + 1, scores, step=0.5):
        ...     print(interval.start, interval.end, interval.action.name)
        0.0 1.5 nodding
        1.5 3.5 shaking legs
    """
    starts, ends, scores = np.asarray(starts), np.asarray(ends), np.asarray(scores)
    if not len(starts):
        return []
    if scores.shape[1] != len(label_set):
        raise ValueError(
            f'got {scores.shape[1]} probabilities for each window, but the label set {label_set.name} has '
            f'{len(label_set)} actions'
        )
    parts = split_at_gaps(starts, ends, LONGEST_STILL)
    if len(parts) > 1:
        options = step, switch_cost, min_score, min_duration, label_set
        return [
            interval for part in parts for interval in find_intervals(starts[part], ends[part], scores[part], *options)
        ]
    edges = _cut(starts, ends, step)
    smoothed = smooth_scores(starts, ends, scores, (edges[:-1] + edges[1:]) / 2)
    # A window covers as many pieces as it has steps, but is only one piece of evidence.
    labels = most_likely_labels(smoothed, switch_cost * (ends - starts).mean() / step)
    changes = np.flatnonzero(np.diff(labels)) + 1
    intervals = [
        Interval(float(edges[a]), float(edges[b]), int(labels[a]), float(smoothed[a:b, labels[a]].mean()), label_set)
        for a, b in zip([0, *changes], [*changes, len(labels)])
    ]
    return [
        interval
        for interval in intervals
        if not interval.action.is_rest
        and interval.score >= min_score
        and interval.end - interval.start >= min_duration - TOLERANCE
    ]


def rank_intervals(
    starts: np.ndarray,
    ends: np.ndarray,
    scores: np.ndarray,
    step: float | None = None,
    thresholds: Sequence[float] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    label_set: LabelSet = MA52,
) -> list[Interval]:
    """Rank intervals of all actions, several at a time, as the metrics of detection expect them.

    The time that windows cover is cut into pieces with smoothed probabilities (:func:`cut_scores`). For each action
    except ``rest`` and each threshold, the longest runs of pieces above the threshold are intervals. No interval
    contains a time without a window.

    Args:
        starts (np.ndarray): Start of each window in seconds, ascending, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        step (float, optional): Length of a piece in seconds. Defaults to None: the median distance of the windows.
        thresholds (Sequence[float]): Thresholds of the probability.
        label_set (LabelSet): Label set of the probabilities. Defaults to that of MA-52.

    Returns:
        list[Interval]: Intervals, best first. The score is the mean probability of the action in the interval.

    See Also:
        :func:`find_intervals`, whose intervals do not overlap.

    Examples:
        Nodding (9) has a probability of 0.6 for two seconds, and shaking legs (24) of 0.3 for four seconds.

        >>> starts, scores = np.arange(4.0), np.zeros((4, 52))
        >>> scores[:2, 9], scores[:, 24] = 0.6, 0.3
        >>> for interval in rank_intervals(starts, starts + 1, scores, step=1, thresholds=[0.2]):
        ...     print(interval.start, interval.end, interval.action.name, round(interval.score, 2))
        0.0 2.0 nodding 0.6
        0.0 4.0 shaking legs 0.3
    """
    intervals = []
    for edges, smoothed in cut_scores(starts, ends, scores, step):
        found = set()
        for threshold in thresholds:
            above = np.pad(smoothed >= threshold, ((1, 1), (0, 0)))
            changes = np.diff(above.astype(np.int8), axis=0)
            # Runs of an action begin and end in the same order.
            (labels, first), (_, last) = (np.nonzero(sign == changes.T) for sign in (1, -1))
            found.update(zip(labels.tolist(), first.tolist(), last.tolist()))
        intervals += [
            Interval(float(edges[a]), float(edges[b]), label, float(smoothed[a:b, label].mean()), label_set)
            for label, a, b in sorted(found)
            if not label_set.actions[label].is_rest
        ]
    return sorted(intervals, key=lambda interval: -interval.score)


def _cut(starts: np.ndarray, ends: np.ndarray, step: float) -> np.ndarray:
    """Return the edges of pieces of ``step`` seconds; the last piece has half a step to one and a half."""
    start, end = starts.min(), ends.max()
    return np.append(np.arange(start, max(end - step / 2, start + step / 2), step), end)
