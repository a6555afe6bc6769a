import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.odd_videos import grey, write_frames
from helpers.poses import make_poses
from matplotlib.colors import to_rgb

from mmaction_microaction.inference import (
    ClipResult,
    DetectionResult,
    TimelineResult,
    write_labeled_video,
    write_pose_video,
)
from mmaction_microaction.inference.drawing import resample_frames
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.visualization.style import action_colors, group_color

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


def detections(video, intervals, label_set=MA52):
    columns = [np.array([getattr(interval, name) for interval in intervals]) for name in ('label', 'score')]
    segments = np.array([(interval.start, interval.end) for interval in intervals], float).reshape(-1, 2)
    return DetectionResult(str(video), 12.0, segments, *columns, label_set=label_set)


def test_actions_at_the_same_time_are_drawn_in_rows_and_lanes(grey_video, tmp_path):
    head, upper_limb = [Interval(0, 6, 9, 0.9), Interval(3, 9, 5, 0.8)], [Interval(4, 8, 19, 0.7)]
    _, images = drawn(detections(grey_video, head + upper_limb), tmp_path)
    band = images[90][360:].astype(int)  # at 4.5 s
    assert band.shape == (24 * 8, 480, 3)  # seven body parts, and the clock
    left, second = 192, (480 - 192) / 12  # 40 % of the width are for names

    def color_at(row, lane, time):
        return band[24 * row + 4 + 12 * lane, round(left + time * second)]

    for lane, (row, time) in ((0, (1, 2)), (0, (1, 5.8)), (1, (1, 3.2)), (1, (1, 8))):
        assert color_at(row, lane, time) == pytest.approx(HEAD, abs=30)
    for lane, (row, time) in ((1, (1, 2)), (0, (1, 8)), (0, (2, 2)), (0, (0, 5)), (0, (3, 5))):
        assert color_at(row, lane, time) == pytest.approx(217, abs=15)
    for time in (4.2, 7.8):
        assert color_at(2, 0, time) == pytest.approx(UPPER_LIMB, abs=30)
        assert band[24 * 3 - 6, round(left + time * second)] == pytest.approx(UPPER_LIMB, abs=30)  # the whole row
    assert color_at(3, 0, 4.5) == pytest.approx(0, abs=90)  # the current time


def test_rows_name_the_current_actions(grey_video, tmp_path):
    _, images = drawn(detections(grey_video, [Interval(0, 3, 9, 0.9), Interval(2, 5, 19, 0.9)]), tmp_path)
    # Black letters name an action, grey ones the body part.
    darkest = [[image[360 + 24 * row + 2 : 382 + 24 * row, 4:188].min() for image in images] for row in (1, 2)]
    assert max(darkest[0][:58]) < 60 < 90 < min(darkest[0][62:])
    assert max(darkest[1][42:98]) < 60 < 90 < min(darkest[1][102:] + darkest[1][:38])


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_detections_of_any_label_set_are_drawn(label_set, grey_video, tmp_path):
    intervals = [Interval(0, 6, 3, 1.0, label_set), Interval(3, 12, 2, 1.0, label_set)]
    _, images = drawn(detections(grey_video, intervals, label_set), tmp_path)
    assert images[0].shape == (360 + 24 * 3, 480, 3)  # a row for each group or action that occurs
    _, images = drawn(detections(grey_video, [], label_set), tmp_path)
    assert images[0].shape == (360 + 24, 480, 3)


def test_first_line_names_the_current_action(grey_video, tmp_path):
    _, images = drawn(timeline(grey_video, [Interval(0, 3, 9, 0.9)]), tmp_path)
    first_lines = [image[362:378].min() for image in images]
    assert max(first_lines[:60]) < 100
    assert min(first_lines[62:]) > 180


def test_clip_shows_its_best_actions_as_bars(clip, tmp_path):
    scores = np.full(52, 0.001)
    scores[[9, 19]] = 0.6, 0.35
    video, images = drawn(ClipResult(str(clip), 1.6, scores), tmp_path)
    assert (video.num_frames, video.fps) == (40, 25)
    assert images[0].shape == (570 + 5 * 24, 480, 3)
    for line, colour in enumerate((HEAD, UPPER_LIMB)):
        row = images[0][570 + 24 * line + 12, 290:]
        assert row[10] == pytest.approx(colour, abs=25)
    assert (np.abs(images[0][582, 290:] - HEAD).max(axis=1) < 40).sum() > 60


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_videos_of_any_label_set_are_drawn(label_set, clip, grey_video, tmp_path):
    _, images = drawn(ClipResult(str(clip), 1.6, np.eye(len(label_set))[3], label_set), tmp_path)
    assert images[0].shape == (570 + 24 * min(len(label_set), 5), 480, 3)
    # Action 3 is in group 3, if there are groups.
    color = np.array(to_rgb(group_color(3))) * 255
    assert images[0][570 + 12, 310] == pytest.approx(color, abs=25)
    intervals = [Interval(0, 6, 3, 1.0, label_set), Interval(6, 12, 2, 1.0, label_set)]
    scores = np.zeros((0, len(label_set)))
    result = TimelineResult(str(grey_video), 12.0, intervals, np.zeros(0), np.zeros(0), scores, label_set)
    _, images = drawn(result, tmp_path)
    assert images[0][360 + 24 + 3, 100] == pytest.approx(color, abs=25)
    assert np.abs(images[0][360 + 24 + 3, 340] - color).max() > 50


def test_long_names_end_before_the_bars_and_other_alphabets_are_drawn(clip, tmp_path):
    def band(name):
        label_set = LabelSet.from_dict({'actions': [name]})
        _, images = drawn(ClipResult(str(clip), 1.6, np.ones(1), label_set), tmp_path)
        return images[0][570:].astype(int)

    # Without a limit, the name would be as wide as the video.
    assert band('long ' * 40)[6:, 292:296].min() > 200
    # A missing letter is drawn as a box, whatever the letter.
    assert np.abs(band('\u0434\u0434\u0434') - band('\u0436\u0436\u0436')).max() > 100


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
