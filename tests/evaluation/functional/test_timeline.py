import pytest

from mmaction_microaction.evaluation.functional import timeline_scores
from mmaction_microaction.structures.intervals import Interval

NOD, SHAKE, WAVE = 9, 10, 19  # head, head, upper limb
TRUE = [Interval(0, 2, NOD), Interval(2, 4, SHAKE), Interval(6, 9, WAVE)]


@pytest.mark.parametrize(
    ('found', 'fine', 'coarse'),
    [
        (TRUE, 3, 3),
        ([], 0, 0),
        # Half of the union: 1 of 2 seconds.
        ([Interval(1, 2, NOD)], 1, 1),
        ([Interval(1.01, 2, NOD)], 0, 0),
        # The right part of the body, but another action.
        ([Interval(0, 2, SHAKE), Interval(2, 4, NOD)], 0, 2),
        # What is found twice counts once.
        ([Interval(6, 9, WAVE, 0.5), Interval(6, 8.9, WAVE, 0.4)], 1, 1),
        # The best scored has the first choice, the other takes what is left, if that fits.
        ([Interval(0, 4, NOD, 0.9), Interval(0, 2, NOD, 0.1)], 1, 1),
        # At 0.5, an interval over both neighbours is either's.
        ([Interval(0, 4, SHAKE, 0.9), Interval(2, 4, SHAKE, 0.1)], 1, 2),
    ],
)
def test_counts_by_hand(found, fine, coarse):
    scores = timeline_scores({'out/a.mp4': found}, {'a.mp4': TRUE})
    assert scores == {'fine': (fine, len(found), 3), 'coarse': (coarse, len(found), 3)}


def test_intervals_count_in_their_own_video_only():
    found = {'a.mp4': [Interval(0, 2, NOD)], 'b.mp4': [Interval(6, 9, WAVE), Interval(20, 22, NOD)]}
    true = {'a.mp4': [Interval(6, 9, WAVE)], 'b.mp4': [Interval(6, 9, WAVE)]}
    assert timeline_scores(found, true)['fine'] == (1, 3, 2)


def test_the_least_overlap_is_an_option():
    found = {'a.mp4': [Interval(1.5, 2, NOD)]}
    assert timeline_scores(found, {'a.mp4': TRUE}, iou=0.25)['fine'] == (1, 1, 3)
    assert timeline_scores(found, {'a.mp4': TRUE}, iou=0.3)['fine'] == (0, 1, 3)


def test_files_must_speak_of_the_same_videos():
    with pytest.raises(ValueError, match=r'b.mp4: only one of the two'):
        timeline_scores({'a.mp4': []}, {'a.mp4': [], 'b.mp4': []})
    with pytest.raises(ValueError, match='this file name, too; give both sides the same paths'):
        timeline_scores({'x/a.mp4': [], 'y/a.mp4': []}, {'a.mp4': []})
    two = {'x/a.mp4': TRUE, 'y/a.mp4': []}
    assert timeline_scores(two, two)['fine'] == (3, 3, 3)
