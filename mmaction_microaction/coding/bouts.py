"""Finds bouts: stretches of time in which an action happens, from the scores of a network, with rest between them."""

import numpy as np

from mmaction_microaction.inference.timeline import TOLERANCE, cut_scores
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval


def find_bouts(
    starts: np.ndarray,
    ends: np.ndarray,
    scores: np.ndarray,
    thresholds: float | np.ndarray,
    min_duration: float = 0.0,
    max_gap: float = 0.0,
    label_set: LabelSet = MA52,
    overlap: bool = False,
) -> list[Interval]:
    """Find the bouts of the actions in the probabilities of overlapping windows. Several may happen at once, or none.

    The time is cut into pieces (``cut_scores``). In each piece, an action happens if its smoothed probability
    reaches its threshold. Of several such actions of one group, such as a body part, the most probable one happens.
    Then three rules change the pieces, one after the other:

    1. A gap of up to ``max_gap`` seconds between two bouts of an action is closed, unless another action of the group
       happens in it.
    2. A bout that is shorter than ``min_duration`` is removed.
    3. Gaps are closed once more, since a removed bout may have divided another one.

    Time that no window covers contains no bout.

    Args:
        starts (np.ndarray): Start of each window in seconds, ascending, shape (W,).
        ends (np.ndarray): End of each window in seconds, shape (W,).
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        thresholds (float | np.ndarray): Minimum probability, of all actions or of each, shape (C,). An action whose
            threshold is infinite is never found.
        min_duration (float): Minimum duration of a bout in seconds. Defaults to 0.
        max_gap (float): Maximum duration in seconds of a gap that is closed. Defaults to 0.
        label_set (LabelSet): Label set of the probabilities. Defaults to that of MA-52.
        overlap (bool): Whether actions of one group may happen at the same time. Defaults to False. In a label set
            without groups, they always may.

    Returns:
        list[Interval]: The bouts, ascending in time. Their scores are mean smoothed probabilities.

    Raises:
        ValueError: If the label set has another number of actions than the probabilities or the thresholds.

    Examples:
        Nodding (9) for two seconds, rest for two, then nodding and shaking legs (24) at once.

        >>> starts, scores = np.arange(6.0), np.full((6, 52), 0.01)
        >>> scores[[0, 1, 4, 5], 9], scores[4:, 24] = 0.6, 0.3
        >>> for bout in find_bouts(starts, starts + 1, scores, thresholds=0.25):
        ...     print(bout.start, bout.end, bout.action.name, round(bout.score, 2))
        0.0 2.0 nodding 0.6
        4.0 6.0 nodding 0.6
        4.0 6.0 shaking legs 0.3
    """
    scores = np.asarray(scores, float)
    thresholds = np.asarray(thresholds, float)
    if not thresholds.ndim:
        thresholds = np.full(len(label_set), thresholds)
    if (len(starts) and scores.shape[1] != len(label_set)) or thresholds.shape != (len(label_set),):
        raise ValueError(
            f'got probabilities of shape {scores.shape} and thresholds of shape {thresholds.shape}, but the label set '
            f'{label_set.name} has {len(label_set)} actions'
        )
    groups = label_set.fine_to_coarse if label_set.has_groups and not overlap else np.arange(len(label_set))
    bouts = []
    for edges, smoothed in cut_scores(starts, ends, scores):
        happens = _choose_best(smoothed, thresholds, groups)
        runs = _close_gaps(_find_runs(happens), groups, edges, max_gap)
        runs = runs[:, edges[runs[2]] - edges[runs[1]] >= min_duration - TOLERANCE]
        runs = _close_gaps(runs, groups, edges, max_gap)
        sums = np.vstack([np.zeros(smoothed.shape[1]), smoothed.cumsum(0)])
        for label, first, stop in runs.T.tolist():
            score = (sums[stop, label] - sums[first, label]) / (stop - first)
            bouts.append(Interval(float(edges[first]), float(edges[stop]), label, float(min(score, 1.0)), label_set))
    return sorted(bouts, key=lambda bout: (bout.start, bout.end, bout.label))


def _choose_best(scores: np.ndarray, thresholds: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return whether each action happens in each piece, shape (N, C): the best of a group above its threshold."""
    candidates = np.where(scores >= thresholds, scores, -np.inf)
    happens = np.zeros(scores.shape, bool)
    rows = np.arange(len(scores))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        best = members[candidates[:, members].argmax(1)]
        happens[rows, best] = np.isfinite(candidates[rows, best])
    return happens


def _find_runs(happens: np.ndarray) -> np.ndarray:
    """Return label, first piece and piece after the last of each run, sorted by label and time, shape (3, R)."""
    changes = np.diff(np.pad(happens, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    (labels, firsts), (_, stops) = (np.nonzero(changes == sign) for sign in (1, -1))
    return np.stack([labels, firsts, stops])


def _close_gaps(runs: np.ndarray, groups: np.ndarray, edges: np.ndarray, max_gap: float) -> np.ndarray:
    """Join runs of one action with a short gap in which no other action of the group happens."""
    labels, firsts, stops = runs
    if not max_gap or len(labels) < 2:
        return runs
    # Runs of a group that begin before a piece. In a gap, none begins and none is open.
    num_groups = groups.max() + 1
    begun = np.zeros((len(edges) + 1, num_groups), int)
    np.add.at(begun, (firsts + 1, groups[labels]), 1)
    begun = begun.cumsum(0)
    group = groups[labels[1:]]
    closed = (labels[1:] == labels[:-1]) & (edges[firsts[1:]] - edges[stops[:-1]] <= max_gap + TOLERANCE)
    closed &= begun[firsts[1:], group] == begun[stops[:-1], group]
    starts = np.flatnonzero(np.append(True, ~closed))
    return np.stack([labels[starts], firsts[starts], stops[np.append(starts[1:], len(labels)) - 1]])


def select_detections(
    segments: np.ndarray,
    labels: np.ndarray,
    scores: np.ndarray,
    thresholds: float | np.ndarray,
    min_duration: float = 0.0,
    label_set: LabelSet = MA52,
    overlap: bool = False,
) -> list[Interval]:
    """Select the detections of a detector that reach the thresholds of their actions.

    Of detections of one group that overlap, the best keeps its time, and the others keep what is left of theirs.

    Args:
        segments (np.ndarray): Start and end of every detection in seconds, shape (M, 2).
        labels (np.ndarray): Fine label of every detection, shape (M,).
        scores (np.ndarray): Score of every detection, shape (M,).
        thresholds (float | np.ndarray): Minimum score, of all actions or of each, shape (C,).
        min_duration (float): Minimum duration in seconds. Defaults to 0.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.
        overlap (bool): Whether detections of one group may overlap. Defaults to False.

    Returns:
        list[Interval]: The detections, ascending in time.

    Examples:
        Nodding and shaking the head (labels 9 and 10) cannot happen at once. Waving (19) can.

        >>> segments = np.array([[0, 4], [3, 6], [3, 6]])
        >>> for found in select_detections(segments, np.array([9, 10, 19]), np.array([0.9, 0.5, 0.4]), 0.3):
        ...     print(found.start, found.end, found.label)
        0.0 4.0 9
        3.0 6.0 19
        4.0 6.0 10
    """
    thresholds = np.broadcast_to(thresholds, (len(label_set),))
    groups = label_set.fine_to_coarse if label_set.has_groups else np.arange(len(label_set))
    taken: dict[int, list[tuple[float, float]]] = {}
    found = []
    for index in np.argsort(-np.asarray(scores), kind='stable'):
        label, score = int(labels[index]), float(scores[index])
        if score < thresholds[label]:
            continue
        start, end = map(float, segments[index])
        parts = [(start, end)]
        if not overlap:
            others = taken.setdefault(int(groups[label]), [])
            parts = _subtract(start, end, others)
        kept = [(a, b) for a, b in parts if b - a >= max(min_duration - TOLERANCE, TOLERANCE)]
        if not overlap:
            others += kept
        found += [Interval(a, b, label, score, label_set) for a, b in kept]
    return sorted(found, key=lambda interval: (interval.start, interval.end, interval.label))


def _subtract(start: float, end: float, others: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what is left of an interval without others, which do not overlap."""
    left = []
    for other_start, other_end in sorted(others):
        if other_end <= start or other_start >= end:
            continue
        left.append((start, other_start))
        start = other_end
    return [*left, (start, end)]
