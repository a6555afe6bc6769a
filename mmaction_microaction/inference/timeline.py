"""Merges the scores of overlapping windows to intervals."""

import numpy as np

from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.times import LONGEST_STILL


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


def most_likely_labels(scores, switch_cost):
    """Find the labels over time that agree best with the probabilities and change seldom (Viterbi's algorithm).

    Args:
        scores (np.ndarray): Probabilities at N times, shape (N, C).
        switch_cost (float): What a change of the label must gain in the sum of logarithms.

    Returns:
        np.ndarray: Labels, shape (N,), that maximise the sum of their logarithms less the costs of all changes.
    """
    # One row after the other, and small numbers: a long video has very many.
    previous = np.empty(scores.shape, np.min_scalar_type(scores.shape[1]))
    total = np.zeros(scores.shape[1])
    for row, likelihood in zip(previous, scores):
        gain = np.log(np.maximum(likelihood, 1e-6))
        best = total.argmax()
        changes = total[best] - switch_cost > total
        row[:] = np.where(changes, best, np.arange(len(total)))
        total = np.where(changes, total[best] - switch_cost, total) + gain
    labels = [total.argmax()]
    for row in previous[:0:-1]:
        labels.append(row[labels[-1]])
    return np.array(labels[::-1])


def find_intervals(starts, ends, scores, step, switch_cost=0.5, min_score=0.0, min_duration=0.0):
    """Merge the scores of overlapping windows to a timeline.

    The video is cut into pieces of ``step`` seconds, each with the smoothed probabilities of its middle. Of the most
    likely labels, neighbours that are equal become one interval. Nothing is said of a gap of more than two minutes
    between windows.

    Args:
        starts (np.ndarray): Of the windows, seconds, ascending, shape (W,).
        ends (np.ndarray): Likewise.
        scores (np.ndarray): Probabilities of each window, shape (W, 52).
        step (float): Seconds.
        switch_cost (float): By how many times a whole window must favour another action, as a natural logarithm, for
            the timeline to change to it; more gives fewer and longer intervals. Defaults to 0.5.
        min_score (float): Intervals with a lower mean probability are left out. Defaults to 0.
        min_duration (float): So are shorter ones, seconds. Defaults to 0.

    Returns:
        list[Interval]: In order, none overlapping; empty without windows.
    """
    starts, ends, scores = np.asarray(starts), np.asarray(ends), np.asarray(scores)
    if not len(starts):
        return []
    gaps = np.flatnonzero(starts[1:] - ends[:-1] > LONGEST_STILL) + 1
    if len(gaps):
        pieces = zip(*(np.split(values, gaps) for values in (starts, ends, scores)))
        return [i for piece in pieces for i in find_intervals(*piece, step, switch_cost, min_score, min_duration)]
    begin, end = starts.min(), ends.max()
    edges = np.append(np.arange(begin, max(end - step / 2, begin + step / 2), step), end)
    smoothed = smooth(starts, ends, scores, (edges[:-1] + edges[1:]) / 2)
    # A window is seen in as many pieces as it has steps, but is only one piece of evidence.
    labels = most_likely_labels(smoothed, switch_cost * (ends - starts).mean() / step)
    changes = np.flatnonzero(np.diff(labels)) + 1
    intervals = [
        Interval(float(edges[a]), float(edges[b]), int(labels[a]), float(smoothed[a:b, labels[a]].mean()))
        for a, b in zip([0, *changes], [*changes, len(labels)])
    ]
    return [i for i in intervals if i.score >= min_score and i.end - i.start >= min_duration]
