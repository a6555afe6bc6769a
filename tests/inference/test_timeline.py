from itertools import pairwise, product

import numpy as np
import pytest
from helpers.label_sets import FOUR

from mmaction_microaction.inference.timeline import (
    cut_scores,
    find_intervals,
    most_likely_labels,
    rank_intervals,
    smooth_scores,
    split_at_gaps,
)
from mmaction_microaction.label_sets import MA52_REST, LabelSet
from mmaction_microaction.structures.intervals import Interval


def one_hot(labels):
    return np.eye(52)[labels]


def test_smoothing_weights_windows_by_the_nearness_of_their_middle():
    rng = np.random.default_rng(0)
    starts = np.arange(0, 9, 0.7)
    ends = starts + 2
    scores = rng.dirichlet(np.ones(52), len(starts))
    times = np.arange(0.1, 10, 0.3)
    for time, row in zip(times, smooth_scores(starts, ends, scores, times)):
        weights = [max(0, 1 - abs(time - (a + b) / 2) / 1.0) for a, b in zip(starts, ends)]
        assert row == pytest.approx(sum(w * s for w, s in zip(weights, scores)) / sum(weights))


@pytest.mark.parametrize('switch_cost', [0, 0.3, 1, 3])
def test_most_likely_labels_are_the_best_of_all_sequences(switch_cost):
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores = rng.dirichlet(np.ones(3), 6)

        def worth(labels, scores=scores):
            changes = sum(a != b for a, b in pairwise(labels))
            return sum(np.log(row[label]) for row, label in zip(scores, labels)) - switch_cost * changes

        assert tuple(most_likely_labels(scores, switch_cost)) == max(product(range(3), repeat=6), key=worth)


def test_uncertain_window_does_not_split_an_action():
    starts = np.arange(0, 5, 1.0)
    scores = np.full((5, 52), 0.2 / 50)
    scores[:, 3], scores[:, 7] = [0.6, 0.6, 0.35, 0.6, 0.6], [0.2, 0.2, 0.45, 0.2, 0.2]
    assert [i.label for i in find_intervals(starts, starts + 1, scores, 1, switch_cost=0)] == [3, 7, 3]
    assert [i.label for i in find_intervals(starts, starts + 1, scores, 1, switch_cost=1)] == [3]


def test_equal_neighbours_are_merged_into_one_interval():
    starts = np.arange(0, 6, 1.0)
    scores = 0.8 * one_hot([3, 3, 3, 7, 7, 7]) + 0.2 / 52
    intervals = find_intervals(starts, starts + 1, scores, step=1)
    assert [(i.start, i.end, i.label) for i in intervals] == [(0, 3, 3), (3, 6, 7)]
    assert [i.score for i in intervals] == pytest.approx([0.8 + 0.2 / 52] * 2)


def test_a_border_is_halfway_between_windows_that_disagree():
    starts = np.arange(0, 8.5, 0.5)
    intervals = find_intervals(starts, starts + 2, one_hot(np.where(starts + 1 < 5, 9, 30)), step=0.25)
    assert [i.label for i in intervals] == [9, 30]
    # The windows with middles 4.5 and 5.0 disagree.
    assert intervals[0].end == intervals[1].start == pytest.approx(4.75, abs=0.25)


def test_weak_and_short_intervals_are_dropped():
    starts = np.arange(0, 6, 1.0)
    scores = one_hot([3, 3, 3, 7, 5, 5]) * np.array([0.9, 0.9, 0.9, 0.9, 0.3, 0.3])[:, None]
    labels = [i.label for i in find_intervals(starts, starts + 1, scores, 1, min_score=0.5)]
    assert labels == [3, 7]
    assert [i.label for i in find_intervals(starts, starts + 1, scores, 1, min_duration=1.5)] == [3, 5]


@pytest.mark.parametrize('step', [0.1, 0.2, 0.3, 0.4])
def test_intervals_of_exactly_the_minimum_duration_are_kept(step):
    """Shaking legs (24) has three steps, wherever it begins. Rounding must not drop it.

    Waving (19), which follows, has two steps.
    """
    for before in range(1, 40):
        labels = [9] * before + [24] * 3 + [19] * 2
        starts = np.arange(len(labels)) * step
        found = find_intervals(starts, starts + step, one_hot(labels), step, switch_cost=0, min_duration=3 * step)
        assert [i.label for i in found] == ([9, 24] if before >= 3 else [24])


@pytest.mark.parametrize('seed', range(5))
def test_intervals_fill_the_time_of_the_windows(seed):
    rng = np.random.default_rng(seed)
    starts = np.append(np.arange(0, 20, 0.5), 19.8)
    intervals = find_intervals(starts, starts + 2, rng.dirichlet(np.ones(52), len(starts)), step=0.5)
    assert intervals[0].start == 0
    assert intervals[-1].end == pytest.approx(21.8)
    for one, other in pairwise(intervals):
        assert one.end == other.start
        assert one.label != other.label


def test_a_window_that_is_shorter_than_half_a_step_is_an_interval():
    [interval] = find_intervals([0.0], [0.2], one_hot([7]), 0.5)
    assert (interval.start, interval.end, interval.label) == (0, 0.2, 7)


def test_number_of_windows_may_be_one_or_zero():
    assert find_intervals([0.0], [0.4], one_hot([8]), step=0.5) == [Interval(0.0, 0.4, 8, 1.0)]
    assert find_intervals([], [], np.empty((0, 52)), step=0.5) == []


def test_intervals_have_the_label_set_also_beyond_a_gap():
    starts = np.array([0.0, 0.5, 500.0])
    intervals = find_intervals(starts, starts + 1, np.eye(4)[[1, 1, 3]], 0.5, label_set=FOUR)
    assert [interval.action.name for interval in intervals] == ['waving', 'arms akimbo']


def test_ranked_intervals_end_at_times_without_windows():
    """Windows cover 0 to 3 s, 5 to 7 s and 1,000 to 1,001 s. The rounding error before 5.3 s is no gap."""
    starts = np.array([0.0, 1, 2, 5, 5.3, 5.6, 6, 1000])
    ends = np.array([1.0, 2, 3, 5.3 - 1e-9, 5.6, 6, 7, 1001])
    found = rank_intervals(starts, ends, one_hot([9] * 8), 1)
    assert sorted((i.start, i.end, i.label) for i in found) == [(0, 3, 9), (5, 7, 9), (1000, 1001, 9)]


def test_windows_of_a_long_video_with_a_short_last_step_keep_their_step():
    starts = np.array([0.0, 0.5, 1.0, 1.003])
    [pieces] = cut_scores(starts, starts + 1.5, np.ones((4, 3)))
    assert np.diff(pieces.edges)[:-1].tolist() == [0.5] * 4
    assert pieces.edges[-1] == 2.503


def test_windows_are_split_where_time_is_not_covered():
    """The long first window covers the gap between the second and the third."""
    starts, ends = np.array([0.0, 1.0, 4.0, 6.0]), np.array([5.0, 2.0, 5.5, 7.0])
    assert split_at_gaps(starts, ends) == [slice(0, 3), slice(3, 4)]
    assert split_at_gaps(starts, ends, max_gap=0.5) == [slice(0, 4)]
    assert split_at_gaps(starts[:0], ends[:0]) == []


def test_rest_is_a_gap_between_intervals():
    starts = np.arange(6) * 0.5
    scores = np.eye(53)[[9, 9, 52, 52, 24, 24]]
    intervals = find_intervals(starts, starts + 1, scores, 0.5, label_set=MA52_REST)
    assert [(interval.start, interval.end, interval.action.name) for interval in intervals] == [
        (0.0, 1.0, 'nodding'),
        (2.0, 3.5, 'shaking legs'),
    ]
    ranked = rank_intervals(starts, starts + 1, scores, 0.5, label_set=MA52_REST)
    assert {interval.action.name for interval in ranked} == {'nodding', 'shaking legs'}


@pytest.mark.parametrize('num_classes', [1, 256, 1000])
def test_any_number_of_classes_is_possible(num_classes):
    label_set = LabelSet.from_dict({'actions': [f'action {i}' for i in range(num_classes)]})
    last = num_classes - 1
    starts = np.arange(6) * 0.5
    scores = np.eye(num_classes)[[last] * 3 + [0] * 3]
    labels = [interval.label for interval in find_intervals(starts, starts + 1, scores, 0.5, label_set=label_set)]
    assert labels == ([last, 0] if last else [0])


def test_scores_of_another_label_set_are_rejected():
    with pytest.raises(ValueError, match='4 probabilities for each window, but the label set ma52 has 52'):
        find_intervals([0.0], [1.0], np.eye(4)[:1], 0.5)


def test_ranked_intervals_equal_those_of_a_loop():
    rng = np.random.default_rng(0)
    starts = np.arange(12) * 0.5
    scores = rng.dirichlet(np.full(3, 0.5), 12)
    three = LabelSet.from_dict({'actions': ['nodding', 'waving', 'shrugging']})
    thresholds = [0.2, 0.5, 0.8]
    found = rank_intervals(starts, starts + 1, scores, 0.5, thresholds, three)
    smoothed = smooth_scores(starts, starts + 1, scores, np.arange(13) * 0.5 + 0.25)
    expected = set()
    for threshold in thresholds:
        for label in range(3):
            run = []
            for piece in range(14):
                if piece < 13 and smoothed[piece, label] >= threshold:
                    run.append(piece)
                elif run:
                    expected.add((run[0] * 0.5, run[-1] * 0.5 + 0.5, label, round(smoothed[run, label].mean(), 9)))
                    run = []
    assert {(i.start, i.end, i.label, round(i.score, 9)) for i in found} == expected
    assert [i.score for i in found] == sorted((i.score for i in found), reverse=True)
    assert rank_intervals(starts[:0], starts[:0], scores[:0], 0.5) == []
