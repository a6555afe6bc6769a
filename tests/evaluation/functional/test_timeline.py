import pytest

from mmaction_microaction.evaluation.functional import count_detections
from mmaction_microaction.structures.intervals import Interval

NOD, SHAKE, WAVE = 9, 10, 19  # head, head, upper limb
TRUTH = [Interval(0, 2, NOD), Interval(2, 4, SHAKE), Interval(6, 9, WAVE)]


@pytest.mark.parametrize(
    ('detections', 'fine', 'coarse'),
    [
        (TRUTH, 3, 3),
        ([], 0, 0),
        # The intersection is half of the union: 1 of 2 seconds.
        ([Interval(1, 2, NOD)], 1, 1),
        ([Interval(1.01, 2, NOD)], 0, 0),
        # The body part is correct, the action is not.
        ([Interval(0, 2, SHAKE), Interval(2, 4, NOD)], 0, 2),
        # An interval that is detected twice counts once.
        ([Interval(6, 9, WAVE, 0.5), Interval(6, 8.9, WAVE, 0.4)], 1, 1),
        # The detection with the higher score is matched first. It overlaps both actions of the head by half of the
        # union and takes the later one, so that the other detection still finds the first.
        ([Interval(0, 4, NOD, 0.9), Interval(0, 2, NOD, 0.1)], 1, 2),
        ([Interval(0, 4, SHAKE, 0.9), Interval(2, 4, SHAKE, 0.1)], 1, 1),
    ],
)
def test_counts_by_hand(detections, fine, coarse):
    counts = count_detections(truth={'a.mp4': TRUTH}, detections={'out/a.mp4': detections})
    assert counts == {'fine': (fine, len(detections), 3), 'coarse': (coarse, len(detections), 3)}


def test_intervals_are_matched_within_a_video():
    detections = {'a.mp4': [Interval(0, 2, NOD)], 'b.mp4': [Interval(6, 9, WAVE), Interval(20, 22, NOD)]}
    truth = {'a.mp4': [Interval(6, 9, WAVE)], 'b.mp4': [Interval(6, 9, WAVE)]}
    assert count_detections(truth=truth, detections=detections)['fine'] == (1, 3, 2)


def test_minimum_overlap_is_an_option():
    detections = {'a.mp4': [Interval(1.5, 2, NOD)]}
    assert count_detections(truth={'a.mp4': TRUTH}, detections=detections, iou=0.25)['fine'] == (1, 1, 3)
    assert count_detections(truth={'a.mp4': TRUTH}, detections=detections, iou=0.3)['fine'] == (0, 1, 3)


def test_both_sides_need_the_same_videos():
    with pytest.raises(ValueError, match=r'^b\.mp4: '):
        count_detections(truth={'a.mp4': [], 'b.mp4': []}, detections={'a.mp4': []})
    with pytest.raises(ValueError, match=r'^y/a\.mp4: .*same file name'):
        count_detections(truth={'a.mp4': []}, detections={'x/a.mp4': [], 'y/a.mp4': []})
    two = {'x/a.mp4': TRUTH, 'y/a.mp4': []}
    assert count_detections(truth=two, detections=two)['fine'] == (3, 3, 3)
