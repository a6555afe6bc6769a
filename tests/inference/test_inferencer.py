import warnings
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import torch
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.networks import write_network
from helpers.odd_videos import write_frames
from helpers.support import ROOT
from mmaction.apis import inference_recognizer, init_recognizer
from mmengine.config import Config

from mmaction_microaction.inference import ClipResult, MicroActionInferencer, ScoredWindow, TimelineResult
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'


@pytest.fixture(scope='module')
def inferencer(checkpoint):
    return MicroActionInferencer(CONFIG, checkpoint, 'cpu', batch_size=3)


@pytest.fixture
def grey(monkeypatch, brightness_recognizer):
    """Return a function that makes an inferencer with BrightnessRecognizer."""
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.load_network', lambda *_: brightness_recognizer)
    return lambda **options: MicroActionInferencer('unused', **options)


def test_people_have_to_be_found_only_if_videos_are_always_cropped_to_them(grey, monkeypatch):
    def fail(*_):
        raise ImportError('needs the extra "pose"')

    monkeypatch.setattr('mmaction_microaction.inference.people.make_estimator', fail)
    for crop in ('auto', 'none', (0, 0, 8, 8)):
        grey(crop=crop).prepare()
    with pytest.raises(ImportError, match='extra "pose"'):
        grey(crop='person').prepare()


def test_scores_of_a_clip_equal_those_of_mmaction2(inferencer, checkpoint, clip):
    config = Config.fromfile(CONFIG)
    config.test_pipeline = config.test_dataloader.dataset.pipeline
    expected = inference_recognizer(init_recognizer(config, str(checkpoint), 'cpu'), str(clip)).pred_score
    result = inferencer(clip)
    assert isinstance(result, ClipResult)
    assert result.duration == 1.6
    # The decoders differ by one grey level in some pixels.
    assert result.scores == pytest.approx(expected.numpy(), abs=0.02)
    assert result.scores.argmax() == expected.argmax()


def test_array_is_accepted_as_a_clip(inferencer, clip):
    frames = np.stack([frame.to_rgb() for frame in Video(clip).frames()])
    result = inferencer.clip(frames, fps=25)
    assert (result.scores == inferencer.clip(clip).scores).all()
    assert result.duration == 1.6


@pytest.mark.parametrize(
    ('shape', 'dtype', 'fps'),
    [((3, 8, 8, 3), float, 25), ((3, 8, 8, 4), np.uint8, 25), ((3, 8, 8), np.uint8, 25), ((0, 8, 8, 3), np.uint8, 25),
     ((3, 8, 8, 3), np.uint8, 0)],
)  # fmt: skip
def test_invalid_arrays_are_rejected(grey, shape, dtype, fps):
    with pytest.raises(ValueError, match='uint8'):
        grey().clip(np.zeros(shape, dtype), fps)


def test_long_video_has_a_timeline(grey, grey_video):
    calls = []
    result = grey(window=1, step=0.25)(grey_video, lambda *args: calls.append(args))
    assert isinstance(result, TimelineResult)
    assert result.duration == 12
    assert [i.label for i in result.intervals] == [5, 20, 11]
    # A window that spans a change contains both grey levels. The border is at its middle.
    assert np.ravel([(i.start, i.end) for i in result.intervals]) == pytest.approx([0, 4, 4, 6, 6, 12], abs=0.25)
    assert all(i.score > 0.85 for i in result.intervals)
    assert calls == [(i, 45) for i in range(1, 46)]
    assert result.scores.shape == (45, 52)
    assert result.starts[:3].tolist() == [0, 0.25, 0.5]
    assert result.ends[-1] == 12


def test_the_limit_decides_between_clip_and_timeline(grey, grey_video):
    assert isinstance(grey(longest_clip=12)(grey_video), ClipResult)
    assert isinstance(grey(longest_clip=11.9)(grey_video), TimelineResult)


def test_batches_do_not_change_scores(inferencer, checkpoint, clip):
    inferencer.window, inferencer.step = 0.4, 0.2
    one_by_one = MicroActionInferencer(CONFIG, checkpoint, 'cpu', batch_size=1, window=0.4, step=0.2)
    scores = inferencer.timeline(clip).scores
    assert np.ptp(scores, axis=0).max() > 0.1
    assert scores == pytest.approx(one_by_one.timeline(clip).scores, abs=0.01)


def test_batches_are_full_but_the_last(grey, grey_video, brightness_recognizer):
    grey(batch_size=6, window=1, step=0.5).timeline(grey_video)
    assert brightness_recognizer.batches == [6, 6, 6, 5]


def test_live_stream_is_scored_like_the_file(grey, grey_video):
    inferencer = grey(window=1, step=0.5)
    timeline = inferencer.timeline(grey_video)
    live = list(inferencer.live(Video(grey_video).frames(), fps=20))
    assert [start for start, _, _ in live] == pytest.approx(timeline.starts)
    assert (np.stack([scores for _, _, scores in live]) == timeline.scores).all()
    merged = inferencer.merge('camera', live, 12.0)
    assert merged.intervals == timeline.intervals
    assert merged.step == timeline.step == 0.5


def test_no_interval_covers_a_time_without_windows(grey):
    scored = [ScoredWindow(start, start + 1.5, np.eye(52)[9]) for start in (0, 0.5, 60, 60.5, 61.5)]
    intervals = grey().merge('camera', scored, 63.0).intervals
    assert [(i.start, i.end, i.label) for i in intervals] == [(0, 2, 9), (60, 63, 9)]


@pytest.fixture
def damaged(tmp_path, grey_video):
    """Write the grey video as AVI, which needs no index at its end, without its last 60 %."""
    path = tmp_path / 'damaged.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 20, (64, 48))
    for frame in Video(grey_video).frames():
        writer.write(frame.to_rgb()[..., ::-1])
    writer.release()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.4)])
    return path


def test_readable_part_of_damaged_video_is_scored_with_a_warning(grey, damaged):
    with pytest.warns(UserWarning, match=r'damaged.avi ends after .* of 12.0 s'):
        result = grey(window=1, step=0.5).timeline(damaged)
    assert result.intervals[0].label == 5
    assert result.ends.max() < 7


def test_damaged_part_is_warned_about_and_other_times_are_kept(grey, grey_video, tmp_path):
    with av.open(str(tmp_path / 'gap.mkv'), 'w') as container:
        stream = container.add_stream('mjpeg', rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p'
        for frame in Video(grey_video).frames():
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame.to_rgb(), format='rgb24')):
                if 30 <= frame.index < 60:
                    damaged = av.Packet(b'\xff' * packet.size)
                    damaged.pts, damaged.dts, damaged.time_base = packet.pts, packet.dts, packet.time_base
                    damaged.stream, packet = stream, damaged
                container.mux(packet)
    with pytest.warns(UserWarning, match=r'gap\.mkv is damaged between 0\.5 and 4\.0 s'):
        result = grey(window=1, step=0.5).timeline(tmp_path / 'gap.mkv')
    assert [interval.label for interval in result.intervals] == [5, 20, 11]
    assert [interval.start for interval in result.intervals] == pytest.approx([0, 4, 6], abs=0.51)
    assert result.ends.max() == pytest.approx(12)


@pytest.mark.filterwarnings('error', 'ignore::ResourceWarning')
def test_long_still_frame_does_not_change_other_intervals(grey, grey_video, brightness_recognizer, tmp_path):
    # After 3 s, a frame is shown for a minute, as in recordings of calls.
    with av.open(str(tmp_path / 'call.mkv'), 'w') as container:
        stream = container.add_stream('mjpeg', rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p'
        for frame in Video(grey_video).frames():
            picture = av.VideoFrame.from_ndarray(frame.to_rgb(), format='rgb24')
            picture.pts, picture.time_base = frame.index + (1200 if frame.index > 60 else 0), Fraction(1, 20)
            container.mux(stream.encode(picture))
    result = grey(window=1, step=0.5).timeline(tmp_path / 'call.mkv')
    assert [interval.label for interval in result.intervals] == [5, 20, 11]
    assert [interval.start for interval in result.intervals] == pytest.approx([0, 64, 66], abs=0.51)
    # Windows that contain only the still frame are scored once.
    assert sum(brightness_recognizer.batches) < 30


@pytest.mark.parametrize('hours', [26.5, 24 * 365 * 30])
def test_clock_jump_is_not_computed(grey, grey_video, brightness_recognizer, tmp_path, hours):
    jump = round(hours * 3600 * 20)
    with av.open(str(tmp_path / 'jump.mkv'), 'w') as container:
        stream = container.add_stream('mjpeg', rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuvj420p'
        for frame in Video(grey_video).frames():
            picture = av.VideoFrame.from_ndarray(frame.to_rgb(), format='rgb24')
            picture.pts, picture.time_base = frame.index + (jump if frame.index >= 120 else 0), Fraction(1, 20)
            container.mux(stream.encode(picture))
    with pytest.warns(UserWarning, match=r'jump\.mkv has 1 gap.* of more than 120 s .* from 6\.0 to [\d.]+ s'):
        result = grey(window=1, step=0.5)(tmp_path / 'jump.mkv')
    assert [interval.label for interval in result.intervals] == [5, 20, 11]
    later = 6 + hours * 3600
    times = [(interval.start, interval.end) for interval in result.intervals]
    assert np.ravel(times) == pytest.approx([0, 4, 4, 6, later, later + 6], abs=0.51)
    assert sum(brightness_recognizer.batches) == len(result.starts) == 2 * 11


def test_video_with_fewer_frames_than_in_its_header_is_warned_about(grey, tmp_path):
    # The header says 12 s. The file contains the frames of 1 s, all intact.
    write_frames(tmp_path / 'a.avi', [np.full((48, 64, 3), 100, np.uint8)] * 20, 'mjpeg', 'yuvj420p', rate=20)
    content = bytearray((tmp_path / 'a.avi').read_bytes())
    length = content.index(b'strh') + 8 + 32
    assert content[length : length + 4] == b'\x14\0\0\0'
    content[length : length + 4] = b'\xf0\0\0\0'
    (tmp_path / 'a.avi').write_bytes(content)
    with pytest.warns(UserWarning, match=r'a\.avi ends after 1\.0 of 12\.0 s'):
        result = grey()(tmp_path / 'a.avi')
    assert (result.duration, [interval.label for interval in result.intervals]) == (1, [10])
    with pytest.raises(ValueError, match=r'a\.avi ends'):
        grey().clip(tmp_path / 'a.avi')


@pytest.mark.parametrize(
    ('fps', 'target_fps', 'warns'), [(60, None, True), (15, None, True), (25, None, False), (60, 30, False)]
)
def test_frame_rate_unlike_ma52_is_warned_about_if_relevant(
    grey, brightness_recognizer, tmp_path, fps, target_fps, warns
):
    path = tmp_path / 'a.mkv'
    write_frames(path, [np.full((48, 64, 3), 100, np.uint8)] * 20, 'mjpeg', 'yuvj420p', rate=fps)
    sampling = dict(type='SampleFrames', clip_len=4, frame_interval=2, test_mode=True, target_fps=target_fps)
    brightness_recognizer.pipeline = (
        dict(type='DecordInit'),
        sampling,
        dict(type='DecordDecode'),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        grey().clip(path)
        grey(window=0.2, step=0.1).timeline(path)
    assert [f'a.mkv has {fps} frames per second' in str(warning.message) for warning in caught] == [True] * 2 * warns


@pytest.mark.parametrize(('size', 'warns'), [((64, 48), False), ((112, 64), True)])
def test_frames_much_wider_than_in_ma52_are_warned_about(grey, tmp_path, size, warns):
    path = tmp_path / 'a.mkv'
    write_frames(path, [np.full((*size[::-1], 3), 100, np.uint8)] * 20, 'mjpeg', 'yuvj420p', rate=20)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        grey(window=0.5, step=0.5).timeline(path)
    assert ['a.mkv has frames of 112 x 64' in str(warning.message) for warning in caught] == [True] * warns


@pytest.mark.filterwarnings('error', 'ignore::ResourceWarning')
def test_low_frame_rate_is_not_reported_as_damage(grey, tmp_path):
    write_video(tmp_path / 'slow.mp4', [np.full((48, 64, 3), 100, np.uint8)] * 10, (64, 48), fps=1, crf=20)
    assert grey(window=1.5, step=0.5).timeline(tmp_path / 'slow.mp4').ends.max() == pytest.approx(10)


def test_damaged_clip_is_rejected(grey, damaged):
    with pytest.raises(ValueError, match=r'damaged.avi ends before its last frame'):
        grey().clip(damaged)


def test_weights_of_another_network_are_rejected(tmp_path, checkpoint):
    weights = torch.load(checkpoint)
    weights['state_dict'].pop('cls_head.fc_cls.weight')
    torch.save(weights, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match=r'other.pth does not fit .*synthetic.py: .*fc_cls.weight'):
        MicroActionInferencer(CONFIG, tmp_path / 'other.pth', 'cpu')


def test_recordings_of_other_label_sets_are_not_compared_with_those_of_ma52(grey, brightness_recognizer, tmp_path):
    write_frames(tmp_path / 'a.mkv', [np.full((64, 112, 3), 20, np.uint8)] * 20, 'mjpeg', 'yuvj420p', rate=60)
    opening, sampling, *rest = brightness_recognizer.pipeline
    brightness_recognizer.pipeline = (opening, dict(sampling, clip_len=4), *rest)
    with pytest.warns(UserWarning, match='frames per second|5:6 of MA-52') as warned:
        grey().clip(tmp_path / 'a.mkv')
    assert len(warned) == 2
    brightness_recognizer.label_set = FOUR
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert grey().clip(tmp_path / 'a.mkv').intervals[0].action.name == 'shrugging'


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda label_set: label_set.name)
def test_results_have_the_label_set_of_the_network(label_set, clip, grey_video, tiny_resnets, tmp_path):
    network = write_network(tmp_path, len(label_set), label_set)
    inferencer = MicroActionInferencer(*network, 'cpu', window=3, step=3)
    assert inferencer.label_set == label_set
    whole, long = inferencer(clip), inferencer(grey_video)
    assert (whole.scores.shape, len(whole.intervals)) == ((len(label_set),), min(len(label_set), 5))
    assert whole.intervals[0].action == label_set.actions[whole.scores.argmax()]
    assert {interval.action for interval in long.intervals} <= set(label_set.actions)
    live = list(inferencer.live(Video(grey_video).frames(), fps=20))
    assert live[0].scores.shape == (len(label_set),)
    watched = inferencer.merge('camera', live, 12.0)
    assert [interval.action for interval in watched.intervals] == [interval.action for interval in long.intervals]
    assert (whole.label_set, long.label_set, watched.label_set) == (label_set,) * 3


def test_missing_files_are_named(tmp_path, checkpoint, inferencer):
    with pytest.raises(FileNotFoundError, match=r'nowhere.pth: no such checkpoint'):
        MicroActionInferencer(CONFIG, 'nowhere.pth')
    with pytest.raises(ValueError, match='needs a checkpoint'):
        MicroActionInferencer(CONFIG)
    with pytest.raises(ValueError, match=r'best\.pth needs the config'):
        MicroActionInferencer(checkpoint='best.pth')
    with pytest.raises(FileNotFoundError, match=r'nowhere.mp4'):
        inferencer(tmp_path / 'nowhere.mp4')


@pytest.mark.parametrize('method', ['__call__', 'people', 'timeline', 'find_people'])
@pytest.mark.parametrize(
    ('video', 'message'), [(np.zeros((8, 48, 64, 3), np.uint8), r'clip\(\)'), (0, 'path of a video, got int')]
)
def test_only_paths_are_opened(inferencer, method, video, message):
    with pytest.raises(TypeError, match=message):
        getattr(inferencer, method)(video)


@pytest.mark.parametrize(
    ('name', 'values'),
    [
        ('batch_size', (0, -1)),
        ('longest_clip', (-1,)),
        ('window', (0, -1, float('inf'))),
        ('step', (0, 1.6)),
        ('switch_cost', (-0.1,)),
        ('min_score', (30, -0.1)),
        ('min_duration', (-1,)),
    ],
)
def test_invalid_options_are_rejected(name, values, grey):
    for value in (*values, float('nan')):
        with pytest.raises(ValueError, match=f'^{name} is {value}, but must be'):
            grey(**{name: value})


def test_extreme_options_are_accepted(grey):
    grey(longest_clip=0, step=1.5, switch_cost=0, min_score=1, min_duration=0)
    grey(longest_clip=float('inf'), min_duration=float('inf'))
