import numpy as np
import pytest

from mmaction_microaction.faces import linking
from mmaction_microaction.faces.linking import PATIENCE, choose_face, fill_box_gaps, iou, link_boxes, smooth_boxes

NONE = np.empty((0, 4))


def boxes(*rows):
    return np.array(rows, float).reshape(-1, 4)


def chosen(detections, which='largest'):
    """Return the box of the chosen face in every frame, NaN where it was not detected."""
    face, _ = choose_face(link_boxes(detections), which)
    result = np.full((len(detections), 4), np.nan)
    for frame, box in zip(face.frames, face.boxes):
        result[frame] = box
    return result


def test_iou():
    box = np.array([0.0, 0, 2, 2])
    others = boxes((0, 0, 2, 2), (1, 1, 3, 3), (2, 0, 4, 2), (5, 5, 6, 6), (0, 0, 1, 1))
    np.testing.assert_allclose(iou(box, others), [1, 1 / 7, 0, 0, 1 / 4])


def test_largest_and_longest_face_is_kept():
    wanders = [(10 + t, 10, 30 + t, 30) for t in range(6)]
    # A smaller face is visible as long, and a larger face is visible once.
    small, large = (100, 10, 110, 20), (40, 40, 80, 80)
    frames = [boxes(small, wanders[t]) for t in range(6)]
    frames[2] = boxes(large, wanders[2], small)
    np.testing.assert_array_equal(chosen(frames), boxes(*wanders))


def test_passing_faces_are_not_confused():
    left, right = [(4 * t, 0, 40 + 4 * t, 40) for t in range(8)], [(60 - 4 * t, 0, 90 - 4 * t, 30) for t in range(8)]
    frames = [boxes(a, b)[:: (-1) ** t] for t, (a, b) in enumerate(zip(left, right))]
    np.testing.assert_array_equal(chosen(frames), boxes(*left))


def test_face_is_linked_again_only_at_its_old_position():
    here, there = (0, 0, 20, 20), (50, 0, 70, 20)
    frames = [boxes(here), NONE, NONE, boxes((4, 0, 24, 20)), boxes(there)]
    found = chosen(frames)
    np.testing.assert_array_equal(found[[0, 3]], boxes(here, (4, 0, 24, 20)))
    assert np.isnan(found[[1, 2, 4]]).all()


def link_naively(detections, min_iou=0.3):
    """Compare every face with every box, and return the pairs of frame and box index of each face."""
    faces = []
    for frame, found in enumerate(detections):
        pairs = [(float(iou(face[-1][1], box)), -i, -j) for i, face in enumerate(faces) for j, box in enumerate(found)]
        free = set(range(len(found)))
        taken = set()
        for overlap, i, j in sorted(pairs, reverse=True):
            if overlap >= min_iou and -i not in taken and -j in free:
                faces[-i].append((frame, found[-j]))
                taken.add(-i)
                free.discard(-j)
        faces += [[(frame, found[j])] for j in sorted(free)]
    return faces


def crowd(rng, frames):
    """Yield boxes of two people who move and are detected in most frames, and of random false detections."""
    corners = rng.uniform(0, 300, (2, 2))
    for _ in range(frames):
        corners += rng.normal(0, 4, corners.shape)
        seen = [corner for corner in corners if rng.random() < 0.8]
        seen += list(rng.uniform(0, 400, (rng.poisson(0.5), 2)))
        sides = rng.uniform(30, 60, (len(seen), 1))
        yield np.array([np.r_[corner, corner + side] for corner, side in zip(seen, sides)]).reshape(-1, 4)


@pytest.mark.parametrize('seed', range(5))
def test_linking_equals_a_comparison_of_all_pairs(seed):
    detections = list(crowd(np.random.default_rng(seed), 150))
    faces, expected = link_boxes(detections), link_naively(detections)
    assert len(faces) == len(expected) > 10
    for face, pairs in zip(faces, expected):
        assert face.frames == [frame for frame, _ in pairs]
        np.testing.assert_array_equal(face.boxes, [box for _, box in pairs])


def test_stray_boxes_are_dropped_and_people_are_kept(monkeypatch):
    compared = []
    monkeypatch.setattr(linking, 'iou', lambda first, second: (compared.append(len(first)), iou(first, second))[1])
    rng = np.random.default_rng(0)
    host, guest = (10, 10, 90, 90), (500, 10, 560, 70)
    frames = []
    for index in range(6000):
        # False detections never have the same position twice.
        stray = np.r_[1000 + 50 * index, 300, 1040 + 50 * index, 340] + rng.normal(0, 1, 4)
        frames.append(boxes(host, stray, *([guest] if index < 600 or index > 5800 else [])))
    faces = link_boxes(frames)
    assert max(compared) < 2.5 * PATIENCE
    [first, second] = sorted(faces, key=lambda face: len(face.frames))[:-3:-1]
    assert first.frames == list(range(6000))
    # The guest was absent for almost nine times as long as he was present.
    assert second.frames == [*range(600), *range(5801, 6000)]


def test_either_of_two_people_can_be_selected():
    small, large = (10, 10, 30, 30), (200, 10, 280, 90)
    frames = [boxes(large, small) if index % 2 else boxes(large) for index in range(10)]
    frames[3] = boxes(large, small, (400, 0, 440, 40))  # a third person in a single frame
    assert [choose_face(link_boxes(frames), which)[1] for which in ('largest', 'right', 'left')] == [5, 5, 10]
    for which, box in (('largest', large), ('right', large), ('left', small)):
        found = chosen(frames, which)
        np.testing.assert_array_equal(found[~np.isnan(found).any(1)], [box] * (5 if box is small else 10))
    # A face in one of ten frames is not a second person.
    assert choose_face(link_boxes([boxes(large), boxes(large, small), *[boxes(large)] * 8]))[1] == 0
    assert choose_face([]) == (([], []), 0)


@pytest.mark.parametrize('frames', [[], [NONE, NONE]])
def test_video_without_faces_has_no_boxes(frames):
    found = chosen(frames)
    assert found.shape == (len(frames), 4)
    assert np.isnan(found).all()
    assert np.isnan(smooth_boxes(fill_box_gaps(found, 9), 2)).all()


def test_short_gaps_are_interpolated_and_long_gaps_stay():
    gap = [np.nan] * 4
    face = np.array([gap, (0, 0, 10, 10), gap, gap, (3, 6, 13, 16), gap, gap, gap, (5, 5, 15, 15), gap, gap, gap])
    filled = fill_box_gaps(face, 2)
    np.testing.assert_allclose(filled[:5], boxes(*[(0, 0, 10, 10)] * 2, (1, 2, 11, 12), (2, 4, 12, 14), (3, 6, 13, 16)))
    np.testing.assert_array_equal(np.isnan(filled).all(1).nonzero()[0], [5, 6, 7, 9, 10, 11])
    np.testing.assert_array_equal(fill_box_gaps(face, 3)[9:], boxes(*[(5, 5, 15, 15)] * 3))
    assert np.isnan(face[0]).all()


def test_smoothing_removes_jitter_and_does_not_cross_gaps():
    rng = np.random.default_rng(0)
    truth = np.tile([10.0, 10, 40, 40], (200, 1)) + np.linspace(0, 50, 200)[:, None]
    noisy = truth + rng.normal(0, 2, truth.shape)
    noisy[100:] += 500
    noisy[90:100] = np.nan
    smoothed = smooth_boxes(noisy, 3)
    assert np.isnan(smoothed[90:100]).all()
    # The Gaussian averages about 2 sqrt(pi) 3 = 10.6 independent values.
    error = (smoothed - truth)[10:80].std()
    assert error == pytest.approx(2 / np.sqrt(2 * np.sqrt(np.pi) * 3), rel=0.25)
    assert (smoothed[:90] < 120).all()
    assert (smoothed[100:] > 500).all()
    np.testing.assert_array_equal(smooth_boxes(noisy, 0), noisy)
