from functools import partial
from itertools import count

import cv2
import numpy as np
import pytest
import torch
from helpers.odd_videos import write_frames
from helpers.support import ROOT
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.dataset import Compose

from mmaction_microaction.datasets.transforms.decoding_steps import choose_decoder
from mmaction_microaction.inference.windows import Window, WindowPipeline, cut, gather
from mmaction_microaction.video.reader import Frame, Video


@pytest.mark.parametrize(
    ('num_frames', 'windows'),
    [
        (3, [(0, 2)]),
        (10, [(0, 9)]),
        (11, [(0, 9), (1, 10)]),
        (14, [(0, 9), (4, 13)]),
        (15, [(0, 9), (4, 13), (5, 14)]),
        (22, [(0, 9), (4, 13), (8, 17), (12, 21)]),
    ],
)
def test_windows_reach_from_the_first_frame_to_the_last(num_frames, windows):
    assert frame_ranges(ten_a_second(num_frames, length=1, step=0.4)) == windows


def ten_a_second(num_frames, length, step):
    return cut(np.arange(num_frames) / 10, num_frames / 10, length, step)


def frame_ranges(windows):
    return [(window.first_frame, window.last_frame) for window in windows]


def test_windows_of_a_variable_rate_are_equally_long():
    # The rate is 10 frames per second for 2 s, and then 2. Finally, there are no frames for 3 s.
    times = np.array([*np.arange(20) / 10, 2, 2.5, 3, 3.5, 6.5])
    windows = cut(times, duration=7, length=1, step=1)
    assert frame_ranges(windows) == [(0, 9), (10, 19), (20, 21), (22, 23), (23, 23), (23, 23), (24, 24)]
    # The length of a window does not depend on the display time of a frame.
    assert [(window.start, window.duration) for window in windows] == [(start, 1) for start in range(7)]


def stream(num_frames):
    return (Frame(i, i / 10, lambda i=i: f'image {i}') for i in range(num_frames))


def some_indices(num_frames):
    return np.unique([0, num_frames // 2, num_frames - 2])


@pytest.mark.parametrize(('length', 'step'), [(10, 4), (10, 10), (10, 13), (10, 1), (2, 1)])
def test_gather_returns_the_frames_of_each_window(length, step):
    windows = ten_a_second(57, length / 10, step / 10)
    gathered = list(gather(stream(57), windows, some_indices))
    assert [window for window, _ in gathered] == windows
    for window, images in gathered:
        assert window.start == pytest.approx(window.first_frame / 10)
        assert images == [f'image {window.first_frame + i}' for i in some_indices(window.num_frames)]


def test_gather_skips_windows_with_missing_frames():
    windows = [window for window, _ in gather(stream(15), ten_a_second(30, 1, 0.5), some_indices)]
    assert frame_ranges(windows) == [(0, 9), (5, 14)]


def test_gather_converts_each_sampled_frame_once_and_no_other():
    converted = []
    frames = (Frame(i, i / 10, lambda i=i: converted.append(i) or f'image {i}') for i in range(57))
    windows = ten_a_second(57, 1, 0.4)
    expected = {window.first_frame + i for window in windows for i in some_indices(window.num_frames)}
    assert len([*gather(frames, windows, some_indices)]) == len(windows)
    assert converted == sorted(expected)
    assert len(converted) < 57


def test_gather_keeps_only_frames_of_open_windows():
    alive = set()

    class Image:
        def __init__(self, index):
            self.index = index
            alive.add(index)

        def __del__(self):
            alive.discard(self.index)

    frames = (Frame(i, i / 10, lambda i=i: Image(i)) for i in range(5000))
    windows = (Window(first, first + 59, first / 10, 6) for first in count(step=15))
    most = 0
    for _, images in gather(frames, windows, lambda n: np.arange(4, n, 8)):
        del images
        most = max(most, len(alive))
    # Each window samples 7 of its 60 frames. Four windows are open at a time.
    assert 7 <= most <= 4 * 7


# One network samples a frame per segment, the other a run of frames. Both sample windows like clips.
@pytest.mark.parametrize('name', ['synthetic/manet_r18_8x1_synthetic', 'baselines/i3d_r50_32x2_ma52'])
def test_whole_clip_is_packed_like_in_the_config_pipeline(name, clip):
    steps = Config.fromfile(ROOT / 'configs' / f'{name}.py').test_dataloader.dataset.pipeline
    stock = Compose([TRANSFORMS.build(step) for step in steps])
    expected = stock(dict(filename=str(clip), label=0, start_index=0, modality='RGB'))['inputs']

    video = Video(clip)
    pipeline = WindowPipeline(steps)
    whole = Window(0, video.num_frames - 1, 0, video.duration)
    [(window, images)] = gather(video.frames(), [whole], pipeline.frame_indices)
    packed = pipeline.pack(window.num_frames, images)
    assert packed.shape == expected.shape
    # decord and PyAV round colours differently.
    assert (packed.float() - expected.float()).abs().max() <= 2


ODD_RATES = [
    ('manet_r50_8x1_ma52', None),
    ('baselines/i3d_r50_32x2_ma52', None),
    ('baselines/i3d_r50_32x2_ma52', 30),
    ('baselines/videomae_vit-b_16x4_ma52', 30),
    ('baselines/uniformer_small_16x4_ma52', None),
]


@pytest.mark.parametrize('fps', [15, 60])
@pytest.mark.parametrize(('name', 'target_fps'), ODD_RATES)
def test_demo_and_test_use_the_same_frames(tmp_path, name, target_fps, fps):
    steps = Config.fromfile(ROOT / 'configs' / f'{name}.py').test_dataloader.dataset.pipeline
    for step in steps:
        if step['type'] == 'SampleFrames' and target_fps:
            step['target_fps'] = target_fps
    # Frames larger than the input of the networks.
    path = tmp_path / 'clip.mp4'
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    images = [cv2.resize(np.roll(noise, index, 1), (400, 300)) for index in range(90)]
    write_frames(path, images, rate=fps, options={'preset': 'ultrafast'})
    transforms = choose_decoder([TRANSFORMS.build(step) for step in steps], 'pyav')
    expected = Compose(transforms)(dict(filename=str(path), label=0, start_index=0, modality='RGB'))['inputs']

    video = Video(path)
    pipeline = WindowPipeline(steps)
    whole = Window(0, video.num_frames - 1, 0, video.duration)
    wanted = partial(pipeline.frame_indices, fps=video.fps)
    [(_, images)] = gather(video.frames(), [whole], wanted, pipeline.shrink)
    # Frames are kept at the size of the first resize.
    assert {image.shape[0] for image in images} == {256}
    assert torch.equal(pipeline.pack(video.num_frames, images, video.fps), expected)


def test_frames_that_a_pipeline_crops_first_or_enlarges_are_kept_whole():
    image = np.zeros((100, 120, 3), np.uint8)
    decoding = [dict(type='SampleFrames', clip_len=1, num_clips=2, test_mode=True), dict(type='DecordDecode')]
    for first in (dict(type='CenterCrop', crop_size=64), dict(type='Resize', scale=(-1, 256))):
        assert WindowPipeline([*decoding, first]).shrink(image) is image
    assert WindowPipeline([*decoding, dict(type='Resize', scale=(-1, 50))]).shrink(image).shape == (50, 60, 3)


def test_gaps_contain_no_windows():
    # The video has 10 frames per second for 2 s, a gap of thirty years, and 2 s more.
    later = 1e9
    times = np.array([*np.arange(20) / 10, *(later + np.arange(20) / 10)])
    windows = cut(times, later + 2, length=1, step=0.5)
    assert frame_ranges(windows) == [(0, 9), (5, 14), (10, 19), (20, 29), (25, 34), (30, 39)]
    assert [window.start for window in windows] == [0, 0.5, 1, later, later + 0.5, later + 1]
    assert {window.duration for window in windows} == {1}


def test_a_frame_shown_for_long_has_windows_only_at_its_ends():
    # The tenth frame is shown for 100 s.
    times = np.array([*np.arange(10) / 10, *(101 + np.arange(10) / 10)])
    windows = cut(times, 102, length=1.5, step=0.5)
    still = [window.start for window in windows if window[:2] == (9, 9)]
    # Three windows overlap at any time. At each end, four windows contain only this frame.
    assert still == [1, 1.5, 2, 2.5, 98, 98.5, 99, 99.5]
    assert len(windows) == len(still) + 2 + 2


def test_pipeline_without_decoding_is_rejected():
    with pytest.raises(ValueError, match='does not decode a video: SampleFrames, Resize'):
        WindowPipeline([dict(type='SampleFrames', clip_len=1), dict(type='Resize', scale=(8, 8))])
