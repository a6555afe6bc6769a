"""Merges the scores of overlapping windows to intervals."""

import numpy as np

from mmaction_microaction.intervals import Interval


def smooth(starts, ends, scores, times):
    """Work out the probabilities at any time from the windows that cover it, the nearer its middle, the more.

    Args:
        starts (np.ndarray): Of the windows, seconds, shape (W,).
        ends (np.ndarray): Likewise.
        scores (np.ndarray): Probabilities of each window, shape (W, C).
        times (np.ndarray): Seconds, shape (N,).

    Returns:
        np.ndarray: Probabilities, shape (N, C); at a time that no window covers, those of the nearest window.
    """
    middles, halves = (starts + ends) / 2, (ends - starts) / 2
    smoothed = np.empty((len(times), scores.shape[1]))
    # One time after the other: an hour has thousands of windows, of which a few cover it.
    for row, time in zip(smoothed, times):
        near = slice(*np.searchsorted(middles, (time - halves.max(), time + halves.max())))
        weights = np.maximum(1 - np.abs(middles[near] - time) / halves[near], 0)
        if weights.sum():
            row[:] = weights @ scores[near] / weights.sum()
        else:
            row[:] = scores[np.abs(middles - time).argmin()]
    return smoothed


def find_intervals(starts, ends, scores, step, min_score=0.0, min_duration=0.0):
    """Merge the scores of overlapping windows to a timeline.

    The video is cut into pieces of ``step`` seconds. Each takes the best action of its smoothed probabilities, and
    neighbours of the same action become one interval.

    Args:
        starts (np.ndarray): Of the windows, seconds, ascending, shape (W,).
        ends (np.ndarray): Likewise.
        scores (np.ndarray): Probabilities of each window, shape (W, 52).
        step (float): Seconds.
        min_score (float): Intervals with a lower mean probability are left out. Defaults to 0.
        min_duration (float): So are shorter ones, seconds. Defaults to 0.

    Returns:
        list[Interval]: In order, none overlapping; empty without windows.
    """
    starts, ends, scores = np.asarray(starts), np.asarray(ends), np.asarray(scores)
    if not len(starts):
        return []
    begin, end = starts.min(), ends.max()
    edges = np.append(np.arange(begin, end - step / 2, step), end)
    smoothed = smooth(starts, ends, scores, (edges[:-1] + edges[1:]) / 2)
    best = smoothed.argmax(axis=1)
    changes = np.flatnonzero(np.diff(best)) + 1
    intervals = [
        Interval(float(edges[a]), float(edges[b]), int(best[a]), float(smoothed[a:b, best[a]].mean()))
        for a, b in zip([0, *changes], [*changes, len(best)])
    ]
    return [i for i in intervals if i.score >= min_score and i.end - i.start >= min_duration]
