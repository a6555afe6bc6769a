"""The cases were worked out with the authors' script: see the reference's mma52.md."""

import numpy as np
import pytest

from mmaction_microaction.evaluation.functional import (
    IOUS,
    detect_class_priors,
    detect_true_labels,
    detection_average_precisions,
    detection_metrics,
    match_detections,
)
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detection_annotations import read_detection_annotations
from mmaction_microaction.structures.detections import Detections, Instances, collect_instances

LABELS = LabelSet.from_dict({'name': 'two', 'actions': ['a', 'b']})


def actions(*rows):
    """Return true or detected actions from rows of a start, an end, and optionally a score, a video and a label."""
    full = [(*row, *(0, 'v', 0)[len(row) - 2 :]) for row in rows]
    starts, ends, scores, videos, labels = zip(*full) if full else ([], [], [], [], [])
    segments = np.array([starts, ends], dtype=float).T.reshape(-1, 2)
    return Detections(np.array(videos, dtype=str), segments, np.array(labels, dtype=int), np.array(scores, dtype=float))


def average_precisions(true, found, num_classes=1, **kwargs):
    return detection_average_precisions(Instances(*actions(*true)[:3]), actions(*found), num_classes, **kwargs)


@pytest.mark.parametrize(
    ('true', 'found', 'expected'),
    [
        ([(0, 10)], [(0, 10)], [1] * 9),
        # The overlap is 5 of 10 seconds, to which 0.0001 are added.
        ([(0, 10)], [(0, 5)], [1, 1, 1, 1, 0, 0, 0, 0, 0]),
        # The third threshold is 0.30000000000000004.
        ([(0, 10)], [(0, 3)], [1, 1, 0, 0, 0, 0, 0, 0, 0]),
        ([(1, 1.0009)], [(1, 1.0009)], [1] * 8 + [0]),
        # The second detection takes the other action.
        ([(0, 10), (2, 12)], [(0, 10, 0.9), (0, 10, 0.8)], [1] * 6 + [0.5] * 3),
        ([(0, 10), (4, 12)], [(3, 12, 0.9), (2, 12, 0.8)], [1] * 6 + [0.5, 0.5, 0]),
        # 1/3 * 1 + 1/3 * 3/4 + 1/3 * 3/4
        (
            [(0, 10, 0, video) for video in 'abc'],
            [(0, 10, 0.9, 'a'), (20, 30, 0.8, 'b'), (0, 10, 0.7, 'b'), (0, 10, 0.6, 'c')],
            [5 / 6] * 9,
        ),
        ([(0, 10)], [(20, 30)], [0] * 9),
        ([(0, 10)], [], [0] * 9),
        # A detection in an unknown video is wrong.
        ([(0, 10)], [(0, 10, 0.5), (0, 10, 0.9, 'unknown')], [0.5] * 9),
        ([(1, 6)], [(6, 1)], [0] * 9),
        ([(1, 6)], [(3, 3)], [0] * 9),
        # Among equal scores, the later detection comes first.
        ([(0, 10)], [(0, 10, 0.5), (20, 30, 0.5)], [0.5] * 9),
        ([(0, 10)], [(20, 30, 0.5), (0, 10, 0.5)], [1] * 9),
        # Of equal overlaps, the later action is taken.
        ([(0, 4), (2, 6)], [(2, 4, 0.9), (2, 6, 0.8)], [1, 1, 1, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]),
        ([(2, 6), (0, 4)], [(2, 4, 0.9), (2, 6, 0.8)], [1, 1, 1, 1, 0.25, 0.25, 0.25, 0.25, 0.25]),
    ],
)
def test_cases_by_hand(true, found, expected):
    assert average_precisions(true, found)[:, 0].tolist() == pytest.approx(expected)


def test_detections_match_only_actions_of_their_video_and_label():
    true = [(0, 10, 0, 'v', 0), (0, 10, 0, 'w', 1)]
    assert average_precisions(true, [(0, 10, 1, 'w', 0), (0, 10, 1, 'v', 1)], 2).max() == 0
    assert average_precisions(true, [(0, 10, 1, 'v', 0), (0, 10, 1, 'w', 1)], 2).min() == 1


def test_a_class_that_is_neither_true_nor_detected_counts_as_0():
    assert average_precisions([(0, 10)], [(0, 10)], num_classes=2).mean() == 0.5
    ignoring = average_precisions([(0, 10)], [(0, 10)], num_classes=2, absent_classes='ignore')
    assert ignoring[:, 0].tolist() == [1] * 9
    assert np.isnan(ignoring[:, 1]).all()


def test_a_class_that_is_detected_but_never_true_is_an_error():
    true, found = Instances(*actions((0, 10))[:3]), actions((0, 10), (0, 10, 0, 'v', 1))
    with pytest.raises(ValueError, match=r"never true \(1\): 1 b.*absent_classes='ignore'"):
        detection_metrics(true, found, LABELS)
    metrics = detection_metrics(true, found, LABELS, absent_classes='ignore')
    assert set(metrics.values()) == {100}


@pytest.mark.parametrize(
    ('true', 'found', 'options', 'message'),
    [
        ([], [(0, 10)], {}, 'no true action'),
        ([(0, 10)], [(0, 10, np.nan)], {}, r'scores of detected action 0 \(v\) are NaN'),
        ([(0, 10)], [(0, np.inf)], {}, r'segments of detected action 0 \(v\)'),
        ([(0, np.nan)], [(0, 10)], {}, 'segments of true action 0'),
        ([(0, 10)], [(0, 10, 0, 'v', 1)], {}, 'detected labels must be integers from 0 to 0'),
        ([(0, 10)], [(0, 10, 0, 'v', -1)], {}, 'detected labels must be integers'),
        ([(0, 10, 0, 'v', 3)], [(0, 10)], {}, 'true labels must be integers'),
        ([(0, 10)], [(0, 10)], dict(ious=[0]), 'thresholds must be above 0'),
        ([(0, 10)], [(0, 10)], dict(absent_classes='zero'), "'error' or 'ignore', got 'zero'"),
    ],
)
def test_bad_input_is_rejected(true, found, options, message):
    with pytest.raises(ValueError, match=message):
        average_precisions(true, found, **options)


def test_arrays_of_different_lengths_are_rejected():
    found = actions((0, 10))._replace(scores=np.array([0.5, 0.6]))
    with pytest.raises(ValueError, match=r'shape \(N, 2\) and the others \(N,\)'):
        match_detections(Instances(*actions((0, 10))[:3]), found)


def test_the_textbook_overlap_is_an_option():
    true, found = Instances(*actions((0, 10))[:3]), actions((0, 5))
    assert not match_detections(true, found, [0.5]).any()
    assert match_detections(true, found, [0.5], epsilon=0).all()


def test_body_level_and_means_by_hand():
    # Nodding (9) and shaking head (10) are of the head; shaking body (0) is of the body.
    true = Instances(*actions((0, 10, 0, 'v', 9), (20, 30, 0, 'v', 0))[:3])
    found = actions((0, 10, 0.9, 'v', 10), (20, 25, 0.8, 'v', 0))
    metrics = detection_metrics(true, found, absent_classes='ignore')
    # Nodding is never found; half of shaking body is found. As a head movement, the first is right.
    assert [metrics[f'action/mAP@{iou:.1f}'] for iou in IOUS] == [50] * 4 + [0] * 5
    assert [metrics[f'body/mAP@{iou:.1f}'] for iou in IOUS] == [100] * 4 + [50] * 5
    assert metrics['action/average_mAP'] == pytest.approx(4 * 50 / 9)
    assert metrics['action/mAP_challenge'] == pytest.approx(50 / 3)
    assert metrics['body/mAP_challenge'] == pytest.approx((100 + 50 + 50) / 3)


def test_label_sets_without_groups_have_no_body_level():
    metrics = detection_metrics(Instances(*actions((0, 10), (0, 1, 0, 'v', 1))[:3]), actions((0, 10)), LABELS)
    assert {name.partition('/')[0] for name in metrics} == {'action'}
    assert metrics['action/average_mAP'] == 50


@pytest.fixture(scope='module')
def reference(shared):
    """Return the predictions and numbers of the reference, and the true actions of val."""
    videos = read_detection_annotations(shared / 'mma52' / 'val.csv')
    return np.load(shared / 'reference' / 'mma52_map.npz'), videos


def detections_of(arrays, prefix=''):
    names, starts, ends, labels, scores = (
        arrays[prefix + key] for key in ('video_id', 't_start', 't_end', 'label', 'score')
    )
    return Detections(names, np.stack([starts, ends], axis=1), labels, scores)


@pytest.mark.real_data
def test_equals_the_authors_evaluation(reference):
    arrays, videos = reference
    truth, found = collect_instances(videos), detections_of(arrays)
    np.testing.assert_allclose(detection_average_precisions(truth, found, 52), arrays['ap'], rtol=0, atol=1e-9)
    np.testing.assert_allclose(IOUS, arrays['tiou'], rtol=0, atol=0)
    metrics = detection_metrics(truth, found)
    for level, suffix in (('action', ''), ('body', '_body')):
        means = [metrics[f'{level}/mAP@{iou:.1f}'] for iou in IOUS]
        np.testing.assert_allclose(means, 100 * arrays[f'map{suffix}'], rtol=0, atol=1e-9)
        assert metrics[f'{level}/average_mAP'] == pytest.approx(100 * float(arrays[f'average{suffix}']), abs=1e-9)
    assert metrics['action/mAP_challenge'] == pytest.approx(40.3931, abs=5e-5)


@pytest.mark.real_data
def test_equals_the_authors_evaluation_of_body_parts_in_every_cell(reference):
    arrays, videos = reference
    truth, found = collect_instances(videos), detections_of(arrays)
    parts = (each._replace(labels=MA52.fine_to_coarse[each.labels]) for each in (truth, found))
    np.testing.assert_allclose(detection_average_precisions(*parts, 7), arrays['ap_body'], rtol=0, atol=1e-9)


@pytest.mark.real_data
def test_ties_are_decided_as_documented(reference):
    arrays, videos = reference
    precisions = detection_average_precisions(collect_instances(videos), detections_of(arrays, 'ties_'), 52)
    np.testing.assert_allclose(precisions, arrays['ties_ap_later_first'], rtol=0, atol=1e-9)


@pytest.mark.real_data
def test_floors_of_the_reference(shared, reference):
    _, videos = reference
    train = collect_instances(read_detection_annotations(shared / 'mma52' / 'train.csv'))
    truth = collect_instances(videos)
    metrics = detection_metrics(truth, detect_class_priors(videos, train.labels, 52))
    by_iou = [metrics[f'action/mAP@{iou:.1f}'] for iou in IOUS]
    assert by_iou == pytest.approx([4.5, 2.9, 1.9, 1.4, 0.9, 0.6, 0.5, 0.4, 0.3], abs=0.055)
    assert metrics['action/average_mAP'] == pytest.approx(1.49, abs=0.005)
    averages = [detection_metrics(truth, detect_true_labels(videos, seed))['action/average_mAP'] for seed in range(3)]
    # The seed of the reference is not known.
    assert averages == pytest.approx([26.5] * 3, abs=0.7)
    assert len(set(averages)) == 3
