import numpy as np
import pytest

from mmaction_microaction.faces.linking import fill_gaps, iou, main_face, smooth

NONE = np.empty((0, 4))


def boxes(*rows):
    return np.array(rows, float).reshape(-1, 4)


def test_iou():
    box = np.array([0.0, 0, 2, 2])
    others = boxes((0, 0, 2, 2), (1, 1, 3, 3), (2, 0, 4, 2), (5, 5, 6, 6), (0, 0, 1, 1))
    np.testing.assert_allclose(iou(box, others), [1, 1 / 7, 0, 0, 1 / 4])


def test_largest_and_longest_face_is_kept():
    wanders = [(10 + t, 10, 30 + t, 30) for t in range(6)]
    # Somebody small stays as long; somebody larger is seen once.
    small, large = (100, 10, 110, 20), (40, 40, 80, 80)
    frames = [boxes(small, wanders[t]) for t in range(6)]
    frames[2] = boxes(large, wanders[2], small)
    np.testing.assert_array_equal(main_face(frames), boxes(*wanders))


def test_two_faces_that_pass_each_other_stay_apart():
    left, right = [(4 * t, 0, 40 + 4 * t, 40) for t in range(8)], [(60 - 4 * t, 0, 90 - 4 * t, 30) for t in range(8)]
    frames = [boxes(a, b)[:: (-1) ** t] for t, (a, b) in enumerate(zip(left, right))]
    np.testing.assert_array_equal(main_face(frames), boxes(*left))


def test_face_is_found_again_in_its_place_but_not_elsewhere():
    here, there = (0, 0, 20, 20), (50, 0, 70, 20)
    frames = [boxes(here), NONE, NONE, boxes((4, 0, 24, 20)), boxes(there)]
    found = main_face(frames)
    np.testing.assert_array_equal(found[[0, 3]], boxes(here, (4, 0, 24, 20)))
    assert np.isnan(found[[1, 2, 4]]).all()


@pytest.mark.parametrize('frames', [[], [NONE, NONE]])
def test_no_face_at_all(frames):
    found = main_face(frames)
    assert found.shape == (len(frames), 4)
    assert np.isnan(found).all()
    assert np.isnan(smooth(fill_gaps(found, 9), 2)).all()


def test_short_gaps_are_interpolated_and_long_ones_stay():
    gap = [np.nan] * 4
    track = np.array([gap, (0, 0, 10, 10), gap, gap, (3, 6, 13, 16), gap, gap, gap, (5, 5, 15, 15), gap, gap, gap])
    filled = fill_gaps(track, 2)
    np.testing.assert_allclose(filled[:5], boxes(*[(0, 0, 10, 10)] * 2, (1, 2, 11, 12), (2, 4, 12, 14), (3, 6, 13, 16)))
    np.testing.assert_array_equal(np.isnan(filled).all(1).nonzero()[0], [5, 6, 7, 9, 10, 11])
    np.testing.assert_array_equal(fill_gaps(track, 3)[9:], boxes(*[(5, 5, 15, 15)] * 3))
    assert np.isnan(track[0]).all()


def test_smoothing_takes_out_jitter_and_keeps_to_its_side_of_a_gap():
    rng = np.random.default_rng(0)
    true = np.tile([10.0, 10, 40, 40], (200, 1)) + np.linspace(0, 50, 200)[:, None]
    noisy = true + rng.normal(0, 2, true.shape)
    noisy[100:] += 500
    noisy[90:100] = np.nan
    smoothed = smooth(noisy, 3)
    assert np.isnan(smoothed[90:100]).all()
    # The mean of about 2 sqrt(pi) 3 = 10.6 independent values.
    error = (smoothed - true)[10:80].std()
    assert error == pytest.approx(2 / np.sqrt(2 * np.sqrt(np.pi) * 3), rel=0.25)
    assert (smoothed[:90] < 120).all()
    assert (smoothed[100:] > 500).all()
    np.testing.assert_array_equal(smooth(noisy, 0), noisy)
