import numpy as np
import pytest
from helpers.odd_videos import grey, write_frames
from helpers.poses import make_poses
from matplotlib.colors import to_rgb

from mmaction_microaction.inference import ClipResult, TimelineResult, write_labeled_video, write_pose_video
from mmaction_microaction.inference.drawing import resample_frames
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.visualization.style import action_colors

HEAD, UPPER_LIMB = (np.array(to_rgb(action_colors()[label])) * 255 for label in (9, 19))


def drawn(result, tmp_path):
    path = tmp_path / 'labelled.mp4'
    calls = []
    write_labeled_video(result, path, lambda *args: calls.append(args))
    video = Video(path)
    assert calls == [(i, video.num_frames) for i in range(1, video.num_frames + 1)]
    return video, [frame.to_rgb() for frame in video.frames()]


def timeline(video, intervals):
    return TimelineResult(str(video), 12.0, intervals, np.zeros(0), np.zeros(0), np.zeros((0, 52)))


def test_band_shows_intervals_in_the_colours_of_their_groups(grey_video, tmp_path):
    video, images = drawn(timeline(grey_video, [Interval(0, 3, 9, 0.9), Interval(6, 9, 19, 0.8)]), tmp_path)
    assert (video.num_frames, video.fps) == (240, 20)
    image = images[100]  # at 5 s
    assert image.shape == (360 + 72, 480, 3)  # enlarged from 64 x 48, with a band of three lines of 24 pixels
    row = image[360 + 24 + 3]  # above the letters
    assert row[[30, 100]] == pytest.approx(np.array([HEAD, HEAD]), abs=25)
    assert row[[270, 330]] == pytest.approx(np.array([UPPER_LIMB, UPPER_LIMB]), abs=25)
    assert row[[150, 440]] == pytest.approx(217, abs=12)  # grey: no interval
    assert row[200] == pytest.approx(0, abs=90)  # black: the current time, 5 of 12 s
    assert image[:340].mean() == pytest.approx(200, abs=3)  # the video itself
    # The first line names the action of the time, here nodding until 3 s.
    first_lines = [image[362:378].min() for image in images]
    assert max(first_lines[:60]) < 100


@pytest.mark.parametrize(
    ('times', 'indices'),
    [
        (np.arange(6) / 25, [0, 1, 2, 3, 4, 5]),
        # The rate is doubled at first. A gap follows.
        ([0, 0.02, 0.04, 0.06, 0.08, 0.24, 0.28], [0, 2, 4, 4, 4, 4, 5, 6]),
        # The gap lasts thirty years.
        ([0, 0.04, 1e9, 1e9 + 0.04], [0, 1, 2, 3]),
    ],
)
def test_frames_are_shown_at_their_times(times, indices):
    frames = resample_frames((Frame(index, time, None) for index, time in enumerate(times)), 25)
    assert [frame.index for frame in frames] == indices


@pytest.mark.parametrize(
    ('size', 'drawn_size', 'left'),
    [((4800, 1200), (3840, 960), 0), ((32, 3840), (32, 3840), 224), ((60, 40), (480, 320), 0)],
)
def test_no_side_of_a_drawn_video_exceeds_the_maximum(tmp_path, size, drawn_size, left):
    write_frames(tmp_path / 'a.mkv', grey([200, 200], size), 'mjpeg', 'yuvj420p')
    write_labeled_video(ClipResult(str(tmp_path / 'a.mkv'), 0.1, np.full(52, 1 / 52)), tmp_path / 'labelled.mp4')
    image = next(Video(tmp_path / 'labelled.mp4').frames()).to_rgb()
    width, height = drawn_size
    assert image.shape[1] == max(width, 480)
    assert height < image.shape[0] < height + 0.3 * image.shape[1]
    grey_columns = np.flatnonzero(abs(image[: height - 8].mean(axis=(0, 2)) - 200) < 20)
    assert abs(grey_columns[[0, -1]] - [left, left + width - 1]).max() <= 2


@pytest.mark.parametrize(('milliseconds', 'fps', 'num_frames'), [(10_000, 1, 21), (2, 240, 2)])
def test_very_low_and_high_frame_rates_are_limited(tmp_path, milliseconds, fps, num_frames):
    stamps = [0, milliseconds, 2 * milliseconds]
    write_frames(tmp_path / 'a.mkv', grey([60, 130, 200]), 'mjpeg', 'yuvj420p', stamps=stamps)
    result = TimelineResult(str(tmp_path / 'a.mkv'), 20, [Interval(0, 20, 5, 0.5)], None, None, None)
    write_labeled_video(result, tmp_path / 'labelled.mp4')
    video = Video(tmp_path / 'labelled.mp4')
    assert (video.fps, video.num_frames) == (fps, num_frames)


def test_frames_are_not_kept_in_memory(tmp_path, grey_video, monkeypatch):
    # An hour of decoded video would not fit into memory.
    decoded = []
    frames = Video.frames

    def counted(self):
        for frame in frames(self):
            decoded.append(frame.index)
            yield frame

    monkeypatch.setattr(Video, 'frames', counted)
    ahead = []
    result = TimelineResult(str(grey_video), 12.0, [Interval(0, 12, 5, 0.5)], None, None, None)
    write_labeled_video(result, tmp_path / 'labelled.mp4', lambda done, total: ahead.append(len(decoded) - done))
    assert len(ahead) > 200
    assert max(ahead) <= 2


def test_skeletons_are_drawn_in_the_frames_of_a_person(grey_video, tmp_path):
    poses = make_poses('grey', 240, (48, 64))
    poses.keypoint_score[:, 120:] = 0
    write_pose_video(poses, grey_video, tmp_path / 'poses.mp4')
    result = timeline(grey_video, [Interval(0, 3, 9, 0.9)])
    write_labeled_video(result, tmp_path / 'labelled.mp4', poses=poses)
    for name, height in (('poses', 360), ('labelled', 360 + 72)):
        video = Video(tmp_path / f'{name}.mp4')
        assert (video.num_frames, video.fps) == (240, 20)
        images = [frame.to_rgb() for frame in video.frames()]
        assert images[0].shape == (height, 480, 3)
        for index, has_person in ((0, True), (119, True), (120, False), (239, False)):
            image = images[index][:360].astype(int)
            # The video is grey, and the skeleton is not.
            assert (np.ptp(image, axis=-1) > 60).any() == has_person


def test_boxes_show_what_the_network_saw(tmp_path):
    write_frames(tmp_path / 'two.mkv', [np.full((120, 480, 3), 200, np.uint8)] * 2, 'mjpeg', 'yuvj420p', rate=10)
    boxes = np.array([[20, -10, 100, 120], [40, -10, 100, 120]]), np.array([[300, 20, 90, 80]] * 2)
    scores = np.eye(52)[9]
    people = [
        ClipResult(str(tmp_path / 'two.mkv'), 0.2, scores, person=name, boxes=box)
        for name, box in zip(('left', 'right'), boxes)
    ]
    _, images = drawn(people, tmp_path)
    is_plain = [np.abs(image[:120].astype(int) - 200).max(-1) < 40 for image in images]
    for index, left in enumerate((20, 40)):
        plain = is_plain[index]
        # Edges outside of the frame are drawn at its border.
        assert not plain[[0, 109], left : left + 100].any()
        assert not plain[:109, [left, left + 100]].any()
        assert not plain[[20, 99], 300:390].any()
        assert plain[60:105, 150:290].all()
    whole = ClipResult(str(tmp_path / 'two.mkv'), 0.2, scores)
    _, images = drawn(whole, tmp_path)
    assert (np.abs(images[0][:120].astype(int) - 200) < 10).all()
