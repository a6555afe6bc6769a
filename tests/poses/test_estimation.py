"""Following of people, with an estimator that takes bright squares for people."""

import numpy as np
import pytest
from helpers.bright_squares import draw_square, write_squares

from mmaction_microaction.poses import PoseSettings, PoseTracker, estimate_poses, finish_poses
from mmaction_microaction.video.reader import Video

RAW = PoseSettings(smoothing=0)


def present(poses):
    """Return for each person and frame whether a joint is detected."""
    return (poses.keypoint_score > 0).any(-1).astype(int).tolist()


def test_poses_of_a_video_have_its_size_rate_and_name(squares, tmp_path):
    write_squares(tmp_path / 'a.b.mp4', [[(10 + 2 * t, 20, 24)] for t in range(8)])
    calls = []
    poses = estimate_poses(tmp_path / 'a.b.mp4', RAW, progress=lambda *numbers: calls.append(numbers))
    assert (poses.frame_dir, poses.img_shape, poses.fps, poses.layout) == ('a.b', (80, 160), 10, 'blazepose33')
    assert poses.source == RAW._asdict()
    assert poses.keypoint.shape == (1, 8, 33, 2)
    assert calls == [(done, 8) for done in range(1, 9)]
    np.testing.assert_allclose(poses.keypoint[0, :, 0], [[10 + 2 * t, 20] for t in range(8)], atol=1)
    np.testing.assert_allclose(poses.keypoint_score, 0.9)
    again = estimate_poses(Video(tmp_path / 'a.b.mp4'), RAW, squares)
    np.testing.assert_array_equal(again.keypoint, poses.keypoint)


def test_frames_between_searched_ones_are_interpolated(squares, tmp_path):
    write_squares(tmp_path / 'a.mp4', [[(10 + 3 * t, 20, 24)] for t in range(11)])
    every = estimate_poses(tmp_path / 'a.mp4', RAW)
    squares.num_calls = 0
    third = estimate_poses(tmp_path / 'a.mp4', RAW._replace(every=3, longest_gap=0))
    assert squares.num_calls == 4
    np.testing.assert_allclose(third.keypoint[:, :10], every.keypoint[:, :10], atol=1.5)
    np.testing.assert_array_equal(third.keypoint[:, 10], third.keypoint[:, 9])


@pytest.mark.usefixtures('squares')
def test_a_person_who_leaves_is_absent_and_remains_the_same_after_the_return(tmp_path):
    places = [[(20, 20, 24)]] * 3 + [[]] * 6 + [[(40, 30, 24)]] * 2 + [[]] * 2 + [[(40, 30, 24)]]
    write_squares(tmp_path / 'a.mp4', places)
    poses = estimate_poses(tmp_path / 'a.mp4', RAW._replace(longest_gap=0.2))
    assert present(poses) == [[1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]]
    assert poses.keypoint[0, 3:9].any() == 0
    assert present(estimate_poses(tmp_path / 'a.mp4', RAW._replace(longest_gap=0.6))) == [[1] * 14]


@pytest.mark.usefixtures('squares')
def test_people_are_ordered_by_their_size_over_the_whole_video(tmp_path):
    # The person on the right is smaller and stays longer.
    places = [[(10, 20, 30), (110, 30, 24)]] * 4 + [[(110, 30, 24)]] * 4
    write_squares(tmp_path / 'a.mp4', places)
    poses = estimate_poses(tmp_path / 'a.mp4', RAW._replace(people=3))
    assert present(poses) == [[1] * 8, [1] * 4 + [0] * 4]
    np.testing.assert_allclose(poses.keypoint[:, 0, 0], [[110, 30], [10, 20]], atol=1)
    # A single person who is followed is the larger one at the start.
    np.testing.assert_allclose(estimate_poses(tmp_path / 'a.mp4', RAW).keypoint[0, 0, 0], [10, 20], atol=1)


@pytest.mark.usefixtures('squares')
def test_a_video_without_a_person_has_one_who_is_absent(tmp_path):
    write_squares(tmp_path / 'a.mp4', [[]] * 5)
    poses = estimate_poses(tmp_path / 'a.mp4', PoseSettings(people=2))
    assert poses.keypoint.shape == (1, 5, 33, 2)
    assert not poses.keypoint.any()
    assert not poses.keypoint_score.any()


def test_tracker_keeps_the_rows_of_people(squares):
    def image(*places):
        picture = np.zeros((80, 160, 3), np.uint8)
        for place in places:
            draw_square(picture, *place)
        return picture

    tracker = PoseTracker(PoseSettings(people=2), squares)
    assert tracker.layout == 'blazepose33'
    left, right = (10, 20, 24), (100, 20, 30)
    first, _ = tracker.update(image(left, right))
    np.testing.assert_allclose(first[:, 0], [[100, 20], [10, 20]])  # the larger one first
    alone, scores = tracker.update(image(left))
    np.testing.assert_allclose(alone[:, 0], [[0, 0], [10, 20]])
    assert (scores.any(1).tolist(), scores.dtype, alone.dtype) == ([False, True], np.float32, np.float32)
    both, _ = tracker.update(image((12, 20, 24), (98, 20, 30)))
    np.testing.assert_allclose(both[:, 0], [[98, 20], [12, 20]])
    tracker.update(image(left))
    # Somebody elsewhere takes the row of the absent person.
    np.testing.assert_allclose(tracker.update(image(left, (130, 50, 20)))[0][:, 0], [[130, 50], [10, 20]])
    assert not tracker.update(image())[1].any()


def test_joints_outside_of_the_image_are_undetected():
    points = np.full((3, 1, 17, 2), 50, np.float32)
    points[:, 0, 4], points[:, 0, 5], points[:, 0, 6] = (50, 80), (-0.5, 50), (159.5, 79.5)
    poses = finish_poses(points, np.full((3, 1, 17), 0.7, np.float32), (80, 160), 30.0, 'coco17', RAW, 'x')
    assert poses.keypoint_score[0, 0, 3:7].round(1).tolist() == pytest.approx([0.7, 0, 0, 0.7])
    assert not poses.keypoint[0, :, 4:6].any()


@pytest.mark.parametrize(
    ('changed', 'message'),
    [
        ({'detector': 'openpose'}, "detector 'openpose': must be one of blazepose, rtmlib"),
        ({'people': 0}, 'people 0: '),
        ({'every': 0}, 'every 0: '),
        ({'longest_gap': np.nan}, 'longest_gap nan: '),
        ({'smoothing': np.inf}, 'smoothing inf: '),
    ],
)
@pytest.mark.usefixtures('squares')
def test_settings_out_of_range_are_rejected(changed, message):
    with pytest.raises(ValueError, match=message):
        PoseTracker(PoseSettings(**changed))


@pytest.mark.usefixtures('squares')
def test_missing_and_unreadable_videos_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.mp4: no such video'):
        estimate_poses(tmp_path / 'none.mp4')
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(ValueError, match=r'text\.mp4'):
        estimate_poses(tmp_path / 'text.mp4')
