import numpy as np
import pytest

from mmaction_microaction.poses import smooth
from mmaction_microaction.poses.following import fill_gaps, match_people, person_sizes


def test_the_size_is_that_of_the_box_around_detected_joints():
    points = np.array([[[10, 10], [40, 50], [900, 900]], [[1, 1], [2, 2], [3, 3]]], float)
    scores = np.array([[0.9, 0.1, 0], [0, 0, 0]])
    np.testing.assert_allclose(person_sizes(points, scores), [np.sqrt(30 * 40), 0])


def people_at(*xs):
    return np.stack([np.full((4, 2), x, float) for x in xs])


def test_people_are_matched_by_their_position_the_nearest_first():
    # 20 is nearer to 18 than to 12, and 12 is too far from 40.
    assert match_people(people_at(12, 40, np.nan), people_at(20, 18), np.array([20.0, 20])) == [(0, 1)]
    assert sorted(match_people(people_at(0, 100), people_at(103, 2), np.array([20.0, 20]))) == [(0, 1), (1, 0)]
    assert match_people(people_at(np.nan), people_at(5), np.array([20.0])) == []
    assert match_people(people_at(1), np.zeros((0, 4, 2)), np.zeros(0)) == []


def track(values, scores=None):
    """Return keypoints of one person with one joint at (value, 0). NaN is an absence."""
    values = np.array(values, np.float32)
    scores = np.where(np.isnan(values), 0, 1 if scores is None else scores).astype(np.float32)
    points = np.stack([np.nan_to_num(values), 0 * scores], axis=-1)
    return points[None, :, None], scores[None, :, None]


def test_short_gaps_are_interpolated_and_long_ones_remain():
    n = np.nan
    points, scores = track([n, 2, n, 4, n, n, n, 9, n], [0, 0.4, 0, 0.8, 0, 0, 0, 0.6, 0])
    filled, filled_scores = fill_gaps(points, scores, max_frames=2)
    np.testing.assert_allclose(filled[0, :, 0, 0], [0, 2, 3, 4, 0, 0, 0, 9, 0])
    np.testing.assert_allclose(filled_scores[0, :, 0], [0, 0.4, 0.6, 0.8, 0, 0, 0, 0.6, 0], atol=1e-6)
    filled, _ = fill_gaps(points, scores, max_frames=3)
    np.testing.assert_allclose(filled[0, :, 0, 0], [0, 2, 3, 4, 5.25, 6.5, 7.75, 9, 0])
    np.testing.assert_array_equal(points, track([n, 2, n, 4, n, n, n, 9, n])[0])


def test_frames_between_searched_ones_are_no_gap():
    n = np.nan
    points, scores = track([0, n, n, 6, n, n, n, n, n, 9, n])
    filled, filled_scores = fill_gaps(points, scores, max_frames=0, every=3)
    np.testing.assert_allclose(filled[0, :, 0, 0], [0, 2, 4, 6, 6, 6, 0, 0, 0, 9, 9])
    np.testing.assert_array_equal(filled_scores[0, :, 0] > 0, [1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1])


def test_constant_acceleration_is_not_changed():
    t = np.arange(30.0)
    points, scores = track(5 + 3 * t - 0.2 * t**2)
    scores[0, ::4] = 0.3
    np.testing.assert_allclose(smooth(points, scores, 1.5), points, atol=1e-4)
    assert smooth(points, scores, 0) is points


@pytest.mark.parametrize(('frequency', 'kept'), [(1, 0.99), (2, 0.97), (3, 0.9)])
def test_jitter_falls_and_fast_movements_keep_their_amplitude(frequency, kept):
    t = np.arange(300) / 30
    movement = 20 * np.sin(2 * np.pi * frequency * t)
    smoothed = smooth(*track(movement), 1.5)[0, 10:-10, 0, 0]
    amplitude = smoothed.std() / movement[10:-10].std()
    np.testing.assert_allclose(smoothed, amplitude * movement[10:-10], atol=0.01)  # no delay
    assert kept < amplitude <= 1
    noise = np.random.default_rng(0).normal(0, 2, 300)
    steps = np.abs(np.diff(smooth(*track(noise), 1.5)[0, :, 0, 0])).mean() / np.abs(np.diff(noise)).mean()
    print(f'{frequency} Hz keeps {amplitude:.3f}; white noise moves {steps:.2f}')
    assert steps < 0.35


def test_absences_and_undetected_joints_do_not_move_others():
    n = np.nan
    points, scores = track([7, 7, n, 7, 7, n, n, n, 7])
    smoothed = smooth(points, scores, 2.0)
    np.testing.assert_allclose(smoothed[0, :, 0, 0], points[0, :, 0, 0], atol=1e-4)
    single, score = track([n, n, n, n, n, 3, n, n, n, n])
    np.testing.assert_allclose(smooth(single, score, 1.0), single, atol=1e-4)


def test_an_uncertain_joint_has_less_weight():
    values = np.full(21, 10.0)
    values[10] = 50
    sure, unsure = (smooth(*track(values, np.where(values > 20, score, 1)), 1.5)[0, 10, 0, 0] for score in (1, 0.05))
    assert abs(unsure - 10) < abs(sure - 10) / 4


@pytest.mark.real_data
def test_smoothing_removes_two_thirds_of_the_jitter_of_real_clips(shared):
    still = [11, 12, 23, 24, 25, 26, 27, 28, 31, 32]  # shoulders, hips, knees, ankles and feet of seated people
    steps = {'raw': [], 'smoothed': []}
    with np.load(shared / 'pose/blazepose_samples.npz') as samples:
        for clip in samples.values():
            points, scores = clip[None, ..., :2], clip[None, ..., 2] * clip[None, ..., 3]
            smoothed = smooth(points, scores, 0.05 * 30)
            for name, values in (('raw', points), ('smoothed', smoothed)):
                steps[name].append(np.linalg.norm(np.diff(values[0], axis=0), axis=-1)[:, still].ravel())
            assert np.median(np.linalg.norm(smoothed - points, axis=-1)) < 3
    raw, smoothed = (np.concatenate(values) for values in steps.values())
    for name, values in (('raw', raw), ('smoothed', smoothed)):
        print(f'{name}: median step {np.median(values):.1f} px, 90 % below {np.percentile(values, 90):.1f} px')
    assert np.median(raw) > 2
    assert np.median(smoothed) < np.median(raw) / 2.5
