"""Bouts are those of a loop over pieces and actions, and rest stays empty."""

from itertools import pairwise

import numpy as np
import pytest

from mmaction_microaction.coding.bouts import find_bouts, select_detections
from mmaction_microaction.label_sets import MA52, LabelSet

# nodding and shaking belong to the head, waving to the hands.
SMALL = LabelSet.from_dict(
    {
        'name': 'small',
        'actions': [
            {'name': 'nodding', 'group': 'head'},
            {'name': 'shaking', 'group': 'head'},
            {'name': 'waving', 'group': 'hands'},
        ],
    }
)
FLAT = LabelSet.from_dict({'name': 'flat', 'actions': ['nodding', 'shaking', 'waving']})
NODDING, SHAKING, WAVING = range(3)


def windows_of(rows):
    """Return windows of one second, side by side, so that smoothing changes nothing."""
    starts = np.arange(len(rows), dtype=float)
    return starts, starts + 1, np.array(rows, float)


def find(rows, threshold=0.5, label_set=SMALL, **options):
    bouts = find_bouts(*windows_of(rows), threshold, label_set=label_set, **options)
    return [(bout.start, bout.end, bout.label) for bout in bouts]


def naive_bouts(starts, ends, scores, thresholds, min_duration, max_gap, groups):
    """Follow the rules of find_bouts for windows side by side, piece by piece."""
    states = [set() for _ in starts]
    for state, row in zip(states, scores):
        for group in set(groups):
            best = None
            for label, score in enumerate(row):
                if groups[label] == group and score >= thresholds[label] and (best is None or score > row[best]):
                    best = label
            if best is not None:
                state.add(best)

    def runs(label):
        found, begin = [], None
        for index, state in enumerate([*states, set()]):
            if label in state and begin is None:
                begin = index
            if label not in state and begin is not None:
                found.append((begin, index))
                begin = None
        return found

    def close():
        fillings = []
        for label in range(len(groups)):
            known = runs(label)
            for (_, stop), (following, _) in pairwise(known):
                others = {other for state in states[stop:following] for other in state}
                is_free = all(groups[other] != groups[label] for other in others)
                if max_gap and starts[following] - ends[stop - 1] <= max_gap + 1e-6 and is_free:
                    fillings.append((label, stop, following))
        for label, stop, following in fillings:
            for state in states[stop:following]:
                state.add(label)

    close()
    for label in range(len(groups)):
        for begin, stop in runs(label):
            if ends[stop - 1] - starts[begin] < min_duration - 1e-6:
                for state in states[begin:stop]:
                    state.discard(label)
    close()
    return sorted(
        (float(starts[begin]), float(ends[stop - 1]), label, float(scores[begin:stop, label].mean()))
        for label in range(len(groups))
        for begin, stop in runs(label)
    )


@pytest.mark.parametrize('seed', range(12))
@pytest.mark.parametrize('overlap', [False, True])
def test_bouts_are_those_of_a_loop(seed, overlap):
    rng = np.random.default_rng(seed)
    label_set = (SMALL, FLAT, MA52)[seed % 3]
    count = len(label_set)
    scores = np.repeat(rng.dirichlet(np.full(count, 0.3), 40), rng.integers(1, 4, 40), axis=0)
    starts, ends, scores = windows_of(scores)
    thresholds = rng.uniform(0.05, 0.5, count)
    min_duration, max_gap = rng.integers(0, 4, 2).tolist()
    found = find_bouts(starts, ends, scores, thresholds, min_duration, max_gap, label_set, overlap)
    groups = label_set.fine_to_coarse.tolist() if label_set.has_groups and not overlap else list(range(count))
    expected = naive_bouts(starts, ends, scores, thresholds, min_duration, max_gap, groups)
    assert sorted((bout.start, bout.end, bout.label) for bout in found) == [row[:3] for row in expected]
    by_place = {(bout.start, bout.end, bout.label): bout.score for bout in found}
    for *place, score in expected:
        assert by_place[tuple(place)] == pytest.approx(score)


def test_rest_contains_no_bout():
    rows = [[0.4, 0.3, 0.3]] * 5 + [[0.8, 0.1, 0.1]] * 2 + [[0.4, 0.3, 0.3]] * 5
    assert find(rows) == [(5.0, 7.0, NODDING)]


def test_each_action_has_its_threshold():
    rows = [[0.6, 0, 0.4]] * 2
    assert find(rows, [0.7, 0.5, 0.3]) == [(0.0, 2.0, WAVING)]
    assert find(rows, [np.inf, 0.5, np.inf]) == []


def test_one_action_of_a_group_at_a_time_and_several_of_different_groups():
    rows = [[0.4, 0.3, 0.3], [0.3, 0.4, 0.3]]
    assert find(rows, 0.25) == [(0.0, 1.0, NODDING), (0.0, 2.0, WAVING), (1.0, 2.0, SHAKING)]
    everything = [(0.0, 2.0, NODDING), (0.0, 2.0, SHAKING), (0.0, 2.0, WAVING)]
    assert find(rows, 0.25, overlap=True) == everything
    assert find(rows, 0.25, label_set=FLAT) == everything


def test_gaps_are_closed_unless_another_action_of_the_group_happens_in_them():
    rows = [[0.9, 0, 0], [0, 0, 0.9], [0.9, 0, 0], [0, 0.9, 0], [0.9, 0, 0]]
    heads = [bout for bout in find(rows, max_gap=1) if bout[2] != WAVING]
    assert heads == [(0.0, 3.0, NODDING), (3.0, 4.0, SHAKING), (4.0, 5.0, NODDING)]


def test_a_short_bout_that_is_removed_does_not_divide_another():
    rows = [[0.9, 0, 0]] * 3 + [[0, 0.9, 0]] + [[0.9, 0, 0]] * 3
    assert find(rows, min_duration=2, max_gap=1) == [(0.0, 7.0, NODDING)]
    assert find(rows, min_duration=2) == [(0.0, 3.0, NODDING), (4.0, 7.0, NODDING)]


def test_time_without_windows_contains_no_bout():
    starts = np.array([0.0, 1, 2, 60, 61])
    bouts = find_bouts(starts, starts + 1, np.tile([0.9, 0, 0], (5, 1)), 0.5, max_gap=100, label_set=SMALL)
    assert [(bout.start, bout.end) for bout in bouts] == [(0.0, 3.0), (60.0, 62.0)]
    assert find_bouts(np.zeros(0), np.zeros(0), np.zeros((0, 3)), 0.5, label_set=SMALL) == []


def test_windows_that_overlap_are_smoothed():
    """The piece from 1.5 to 2.0 s is as near to the last window of nodding as to the first of waving."""
    starts = np.arange(6) * 0.5
    rows = np.repeat([[1.0, 0, 0], [0, 0, 1.0]], 3, axis=0)
    bouts = find_bouts(starts, starts + 1, rows, 0.6, label_set=SMALL)
    assert [(bout.start, bout.end, bout.label) for bout in bouts] == [(0.0, 1.5, NODDING), (2.0, 3.5, WAVING)]


def test_numbers_of_actions_must_fit():
    with pytest.raises(ValueError, match=r'small has 3 actions'):
        find_bouts(*windows_of([[0.5, 0.5]]), 0.5, label_set=SMALL)
    with pytest.raises(ValueError, match=r'thresholds of shape \(2,\)'):
        find_bouts(*windows_of([[0.5, 0.5, 0]]), [0.5, 0.5], label_set=SMALL)


def test_the_best_of_overlapping_detections_keeps_its_time():
    segments = np.array([[2, 4], [0, 10], [3, 6], [20, 21]], float)
    labels, scores = np.array([SHAKING, NODDING, WAVING, NODDING]), np.array([0.9, 0.6, 0.5, 0.2])
    found = select_detections(segments, labels, scores, 0.3, label_set=SMALL)
    assert [(item.start, item.end, item.label) for item in found] == [
        (0.0, 2.0, NODDING),
        (2.0, 4.0, SHAKING),
        (3.0, 6.0, WAVING),
        (4.0, 10.0, NODDING),
    ]
    found = select_detections(segments, labels, scores, 0.3, min_duration=3, label_set=SMALL)
    assert [(item.start, item.end, item.label) for item in found] == [(0.0, 10.0, NODDING), (3.0, 6.0, WAVING)]
    found = select_detections(segments, labels, scores, 0.55, label_set=SMALL, overlap=True)
    assert [(item.start, item.end, item.label) for item in found] == [(0.0, 10.0, NODDING), (2.0, 4.0, SHAKING)]
