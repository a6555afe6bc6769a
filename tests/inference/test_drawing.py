from fractions import Fraction

import av
import numpy as np
import pytest
from helpers.odd_videos import grey, write_frames, write_plain
from helpers.poses import make_poses
from helpers.sounds import RATE, find_delay, make_clicks, read_sound, write_with_sound
from matplotlib.colors import to_rgb

from mmaction_microaction.inference import ClipResult, TimelineResult, write_labeled_video, write_pose_video
from mmaction_microaction.inference.playable import resample_frames
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.video.times import find_gaps
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
    assert image.shape == (360 + 60, 480, 3)  # enlarged from 64 x 48, with a band of three lines of 20 pixels
    row = image[360 + 20 + 3]  # above the letters
    assert row[[30, 100]] == pytest.approx(np.array([HEAD, HEAD]), abs=25)
    assert row[[270, 330]] == pytest.approx(np.array([UPPER_LIMB, UPPER_LIMB]), abs=25)
    assert row[[150, 440]] == pytest.approx(217, abs=12)  # grey: no interval
    assert row[200] == pytest.approx(0, abs=110)  # black: the current time, 5 of 12 s
    assert image[:340].mean() == pytest.approx(200, abs=3)  # the video itself
    # The first line names the action of the time, here nodding until 3 s.
    first_lines = [image[362:376].min() for image in images]
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
    left_out = [(before + 1 / 25, after) for before, after in find_gaps(np.array(times))]
    frames = resample_frames((Frame(index, time, None) for index, time in enumerate(times)), 25, left_out)
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


def test_skeletons_are_drawn_in_the_frames_of_a_person(tmp_path):
    video = tmp_path / 'grey.mkv'
    write_frames(video, [np.full((48, 64, 3), 110, np.uint8)] * 20, 'mjpeg', 'yuvj420p', rate=20)
    poses = make_poses('grey', 20, (48, 64))
    poses.keypoint_score[:, 10:] = 0
    write_pose_video(poses, video, tmp_path / 'poses.mp4')
    result = TimelineResult(str(video), 1, [Interval(0, 0.5, 9, 0.9)], None, None, None)
    write_labeled_video(result, tmp_path / 'labelled.mp4', poses=poses)
    for name, height in (('poses', 360), ('labelled', 360 + 60)):
        video = Video(tmp_path / f'{name}.mp4')
        assert (video.num_frames, video.fps) == (20, 20)
        images = [frame.to_rgb() for frame in video.frames()]
        assert images[0].shape == (height, 480, 3)
        for index, has_person in ((0, True), (9, True), (10, False), (19, False)):
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


CODING = Coding(
    'talk',
    [CodedEvent(0, 2, 'nodding', 'P1', 'B1', 'head'), CodedEvent(1, 3, 'waving', 'P2', 'C9', 'upper limb')],
    people=('P1', 'P2', 'P3'),
)


def draw_nodding(video, path):
    write_labeled_video(Coding('a', [CodedEvent(0, 0.1, 'nodding')]), path, video=video)


def test_coded_recordings_are_drawn_with_the_sound_of_the_video(tmp_path):
    write_with_sound(tmp_path / 'talk.mp4', [0.6, 2.2])
    write_labeled_video(CODING, tmp_path / 'labelled.mp4', video=tmp_path / 'talk.mp4')
    video = Video(tmp_path / 'labelled.mp4')
    assert (video.num_frames, video.height) == (100, 360 + 4 * 20)
    images = [frame.to_rgb() for frame in video.frames()]
    # Flashes and clicks are at the same times.
    assert [index for index in range(100) if images[index][:300].mean() > 150] == [15, 16, 17, 55, 56, 57]
    assert abs(find_delay(read_sound(tmp_path / 'labelled.mp4', 4), make_clicks([0.6, 2.2], 4))) < 0.04
    left = 192
    for row, time, color in ((0, 1.5, HEAD), (1, 2.5, UPPER_LIMB), (2, 1.5, 217), (0, 2.5, 217)):
        pixel = images[0][360 + 20 * row + 3, round(left + (time + 0.3) * (480 - left) / 4)]
        assert pixel == pytest.approx(np.broadcast_to(color, 3), abs=30)


def test_sound_can_be_left_out_and_the_picture_can_be_made_smaller(tmp_path):
    write_with_sound(tmp_path / 'talk.mp4', [0.6])
    coding = Coding('talk', CODING.events, media=(tmp_path / 'talk.mp4',))
    write_labeled_video(coding, tmp_path / 'labelled.mp4', sound=False, max_height=120)
    with av.open(str(tmp_path / 'labelled.mp4')) as container:
        assert not container.streams.audio
        # 160 x 120 pixels between black bars.
        assert (container.streams.video[0].width, container.streams.video[0].height) == (480, 120 + 3 * 20)
    with pytest.raises(ValueError, match=r'talk names no video'):
        write_labeled_video(CODING, tmp_path / 'labelled.mp4')


def test_gaps_of_the_picture_are_left_out_of_the_sound(tmp_path):
    # Two minutes and a half pass without a frame.
    path = tmp_path / 'gap.mkv'
    with av.open(str(path), 'w') as container:
        video = container.add_stream('mjpeg', rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, 'yuvj420p'
        audio = container.add_stream('pcm_s16le', rate=8000)
        audio.layout = 'mono'
        samples = (make_clicks([0.5, 100, 151.5], 152, 8000) * 32767).astype(np.int16)
        for second in range(152):
            for index in range(10 if second in (0, 151) else 0):
                frame = av.VideoFrame.from_ndarray(grey([120])[0], format='rgb24')
                frame.pts, frame.time_base = second * 10 + index, Fraction(1, 10)
                container.mux(video.encode(frame))
            frame = av.AudioFrame.from_ndarray(samples[None, second * 8000 : second * 8000 + 8000], 's16', 'mono')
            frame.sample_rate, frame.pts, frame.time_base = 8000, second * 8000, Fraction(1, 8000)
            container.mux(audio.encode(frame))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    write_labeled_video(Coding('gap', [CodedEvent(0, 1, 'nodding')]), tmp_path / 'labelled.mp4', video=path)
    assert Video(tmp_path / 'labelled.mp4').num_frames == 20
    new = read_sound(tmp_path / 'labelled.mp4', 2.5)
    assert abs(find_delay(new, make_clicks([0.5, 1.5], 2.5))) < 0.03
    assert np.abs(new[round(0.7 * RATE) : round(1.3 * RATE)]).max() < 0.1


@pytest.mark.parametrize(
    ('change', 'size', 'bright'),
    [
        (dict(rotation=90), (480, 640), 'left'),
        (dict(rotation=-90), (480, 640), 'right'),
        (dict(aspect=Fraction(2)), (480, 180), 'top'),  # 960 x 360 would be too wide to stay as they are
        (dict(), (480, 360), 'top'),
    ],
)
def test_pictures_have_the_shape_that_players_show(tmp_path, change, size, bright):
    image = np.full((120, 160, 3), 60, np.uint8)
    image[:60] = 200
    path = tmp_path / 'a.mp4'
    if 'rotation' in change:
        write_plain(path, [image] * 5, rotation=change['rotation'])
    else:
        aspect = change.get('aspect', Fraction(1))
        write_frames(path, [image] * 5, change=lambda stream: setattr(stream, 'sample_aspect_ratio', aspect))
    draw_nodding(path, tmp_path / 'labelled.mp4')
    drawn = next(Video(tmp_path / 'labelled.mp4').frames()).to_rgb().astype(int)
    assert drawn.shape == (size[1] + 60, 480, 3)
    picture = drawn[: size[1]]
    height, width = picture.shape[:2]
    halves = dict(top=picture[: height // 2 - 8], left=picture[:, : width // 2 - 8], right=picture[:, width // 2 + 8 :])
    assert halves[bright].mean() == pytest.approx(200, abs=6)
    assert picture.mean() == pytest.approx(130, abs=6)


@pytest.mark.parametrize('size', [(641, 359), (639, 361), (480, 1)])
def test_odd_sizes_are_drawn(tmp_path, size):
    write_frames(tmp_path / 'a.avi', grey([150, 150], size), 'ffv1', 'bgr0')
    draw_nodding(tmp_path / 'a.avi', tmp_path / 'labelled.mp4')
    image = next(Video(tmp_path / 'labelled.mp4').frames()).to_rgb()
    assert image.shape[:2][1] in (size[0], size[0] + 1, size[0] - 1)
    assert image.shape[0] - 60 in (size[1], size[1] + 1, size[1] - 1, 2)
    assert image[: max(size[1] - 2, 1)].mean() == pytest.approx(150, abs=4)


@pytest.mark.parametrize('color', [(200, 60, 40), (30, 160, 220)])
def test_colours_of_large_videos_are_kept(tmp_path, color):
    # Players take untagged videos of this height for BT.709.
    write_frames(tmp_path / 'a.mkv', [np.full((720, 1280, 3), color, np.uint8)], 'ffv1', 'bgr0')
    draw_nodding(tmp_path / 'a.mkv', tmp_path / 'labelled.mp4')
    with av.open(str(tmp_path / 'labelled.mp4')) as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace in (5, 6)  # BT.601
    image = next(Video(tmp_path / 'labelled.mp4').frames()).to_rgb()
    assert image[100:600, 100:1100].reshape(-1, 3).mean(0) == pytest.approx(color, abs=4)
