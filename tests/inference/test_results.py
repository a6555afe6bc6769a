import numpy as np
import pytest
from helpers.label_sets import TWO_HUNDRED

from mmaction_microaction.inference import ClipResult, DetectionResult, TimelineResult
from mmaction_microaction.structures.intervals import Interval

SCORES = np.zeros(52)
SCORES[[9, 10, 19, 45, 46, 0]] = [0.3, 0.2, 0.35, 0.08, 0.05, 0.02]
CLIP = ClipResult('a, b.mp4', 1.5, SCORES)
TIMELINE = TimelineResult('ü.mp4', 60, [Interval(1.0, 2.5, 9, 0.75)], np.zeros(1), np.ones(1), SCORES[None])


def test_group_is_that_of_the_best_action():
    assert [i.label for i in CLIP.top()] == [19, 9, 10, 45, 46]
    assert CLIP.group == 'upper limb'
    assert CLIP.group_scores == pytest.approx([0.02, 0.5, 0.35, 0, 0, 0.13, 0])


def test_both_kinds_of_result_have_intervals():
    assert [(result.kind, len(result.intervals)) for result in (CLIP, TIMELINE)] == [('clip', 5), ('timeline', 1)]
    assert {(interval.start, interval.end) for interval in CLIP.intervals} == {(0, 1.5)}


def test_groups_need_not_be_contiguous():
    scores = np.zeros(200)
    scores[[3, 15, 4]] = 0.3, 0.25, 0.45  # families 3, 3 and 4
    clip = ClipResult('a.mp4', 1.5, scores, TWO_HUNDRED)
    assert clip.group == 'family 4'
    assert clip.group_scores == pytest.approx([0, 0, 0, 0.55, 0.45, 0, 0, 0, 0, 0, 0, 0])
    assert list(clip.to_dict()['groups']) == [f'family {i}' for i in range(12)]


def test_probabilities_of_another_label_set_are_rejected():
    with pytest.raises(ValueError, match=r'a\.mp4: expected 52 probabilities of the label set ma52, got shape \(4,\)'):
        ClipResult('a.mp4', 1.5, np.ones(4) / 4)


@pytest.mark.parametrize('step', [0.5, None])
def test_ranked_intervals_have_the_step_of_the_windows_and_not_that_of_the_last_one(step):
    """Windows of nodding (9), then of waving (19). The last window ends with the video, 1 ms after the one before.

    The pieces are 0.5 s long, except the last one, from 2.0 to 2.501 s. The windows around 1.25 s disagree.
    """
    starts = np.array([0.0, 0.5, 1.0, 1.5, 1.501])
    scores = np.eye(52)[[9, 9, 19, 19, 19]]
    result = TimelineResult('a.mp4', 2.501, [], starts, starts + 1, scores, step=step).rank()
    rows = zip(result.segments.tolist(), result.labels.tolist(), result.scores.round(9).tolist())
    assert sorted((*segment, label, score) for segment, label, score in rows) == [
        (0, 1.0, 9, 1.0),
        (0, 1.5, 9, round(2.5 / 3, 9)),
        (1.0, 2.501, 19, round(2.5 / 3, 9)),
        (1.5, 2.501, 19, 1.0),
    ]


def test_a_known_step_counts_if_a_video_is_hardly_longer_than_a_window():
    """Pieces end at 0.5 and 1.003 s. In the first, the first window weighs a little more; in the second, the other."""
    starts = np.array([0, 0.003])
    result = TimelineResult('a.mp4', 1.003, [], starts, starts + 1, np.eye(52)[[9, 19]], step=0.5).rank()
    assert sorted((*segment, label) for segment, label in zip(result.segments.tolist(), result.labels.tolist())) == [
        (0, 0.5, 9),
        (0, 1.003, 9),
        (0, 1.003, 19),
        (0.5, 1.003, 19),
    ]


def test_detections_of_exactly_the_minimum_duration_are_kept():
    """0.7 - 0.4 is a little less than 0.3 in floating point."""
    segments, labels = np.array([[0.4, 0.7], [0.4, 0.69], [1, 1.0005]]), np.array([9, 19, 24])
    result = DetectionResult('a.mp4', 2.0, segments, labels, np.full(3, 0.9), min_duration=0.3)
    assert [interval.label for interval in result.intervals] == [9]
    result = DetectionResult('a.mp4', 2.0, segments, labels, np.full(3, 0.9))
    assert [interval.label for interval in result.intervals] == [19, 9]
