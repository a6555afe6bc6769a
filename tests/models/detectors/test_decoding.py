import math

import numpy as np
import pytest

from mmaction_microaction.models.detectors import decode_detections, soft_nms


def iou_of(a, b):
    overlap = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return overlap / ((a[1] - a[0]) + (b[1] - b[0]) - overlap)


def plain_soft_nms(segments, scores, labels, sigma, voting_iou):
    """Take the best segment of a class, lower the others, and repeat: in loops, one class after the other."""
    segments, scores = segments.tolist(), scores.tolist()
    original = list(scores)
    found = {}
    for label in set(labels.tolist()):
        own = [index for index, other in enumerate(labels) if other == label]
        waiting = list(own)
        while waiting:
            best = max(waiting, key=lambda index: scores[index])
            waiting.remove(best)
            for other in waiting:
                scores[other] *= math.exp(-(iou_of(segments[best], segments[other]) ** 2) / sigma)
            boundaries = segments[best]
            if voting_iou is not None:
                weights = {i: original[i] * iou_of(segments[best], segments[i]) for i in own}
                weights = {i: w for i, w in weights.items() if iou_of(segments[best], segments[i]) >= voting_iou}
                total = sum(weights.values())
                boundaries = [sum(w * segments[i][end] for i, w in weights.items()) / total for end in (0, 1)]
            found[best] = boundaries, scores[best]
    return np.array([found[i][0] for i in range(len(labels))]), np.array([found[i][1] for i in range(len(labels))])


@pytest.mark.parametrize('voting_iou', [None, 0.7])
@pytest.mark.parametrize('sigma', [1e-4, 0.1, 0.5])
@pytest.mark.parametrize(('count', 'num_classes'), [(60, 5), (30, 1), (12, 12), (1, 1)])
def test_soft_nms_equals_a_loop(count, num_classes, sigma, voting_iou):
    rng = np.random.default_rng(count)
    start = rng.uniform(0, 8, count)
    segments = np.stack([start, start + rng.uniform(0.3, 4, count)], axis=1)
    scores, labels = rng.uniform(size=count), rng.integers(num_classes, size=count)
    ours = soft_nms(segments, scores, labels, sigma, voting_iou)
    for values, expected in zip(ours, plain_soft_nms(segments, scores, labels, sigma, voting_iou)):
        np.testing.assert_allclose(values, expected, rtol=1e-10)


def test_soft_nms_of_a_tiny_sigma_leaves_the_best_of_those_that_overlap():
    """exp(-1 / 0.001) is 0 in floating point."""
    segments = np.array([[0, 4], [0, 4], [5, 6], [0, 4]], float)
    _, scores = soft_nms(segments, np.array([0.8, 0.9, 0.7, 0.6]), np.array([3, 3, 3, 5]), sigma=0.001)
    assert scores.tolist() == [0, 0.9, 0.7, 0.6]


def test_soft_nms_of_nothing():
    segments, scores = soft_nms(np.zeros((0, 2)), np.zeros(0), np.zeros(0, int))
    assert segments.shape == (0, 2)
    assert scores.shape == (0,)


def test_steps_become_seconds_within_the_video():
    """Three points at two steps per second; step 0 covers 0 to 0.5 seconds."""
    scores = np.array([[0.1, 0.9], [0.5, 0.2], [0.8, 0.3]], np.float32)
    segments = np.array([[[-2, 1.5]], [[3, 30]], [[40, 50]]], np.float32)
    found = decode_detections(scores, segments, steps_per_second=2, duration=10)
    assert found.labels.tolist()[:2] == [1, 0]
    np.testing.assert_allclose(found.segments[:2], [[0, 1], [1.75, 10]])
    np.testing.assert_allclose(found.scores[:2], [0.9, 0.5])
    assert len(found.labels) == 4  # both classes of two points; the third point lies after the end of the video
    assert [values.dtype.name for values in found] == ['float32', 'int64', 'float32']
    assert (np.diff(found.scores) <= 0).all()


def test_classes_may_have_boundaries_of_their_own():
    scores, segments = np.array([[0.9, 0.8]], np.float32), np.array([[[0, 2], [1, 6]]], np.float32)
    found = decode_detections(scores, segments, steps_per_second=1, duration=10)
    assert found.labels.tolist() == [0, 1]
    assert found.segments.tolist() == [[0.5, 2.5], [1.5, 6.5]]


def test_limits_keep_the_best():
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=(50, 3)).astype(np.float32)
    segments = (2.0 * np.arange(50)[:, None, None] + [0, 1]).astype(np.float32)  # none overlaps another
    best = np.sort(scores.ravel())[::-1]
    found = decode_detections(scores, segments, 1, 200, max_per_video=20)
    np.testing.assert_array_equal(found.scores, best[:20])
    found = decode_detections(scores, segments, 1, 200, max_candidates=7)
    np.testing.assert_array_equal(found.scores, best[:7])


def test_low_scores_are_kept():
    found = decode_detections(np.full((1, 2), 1e-12, np.float32), np.array([[[0, 2]]], np.float32), 1, 10)
    assert len(found.scores) == 2


def test_a_video_shorter_than_any_point_has_no_detection():
    found = decode_detections(np.ones((1, 2), np.float32), np.array([[[5, 6]]], np.float32), 1, 2)
    assert [len(values) for values in found] == [0, 0, 0]
    assert found.segments.shape == (0, 2)
