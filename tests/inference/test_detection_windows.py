"""Videos longer than a window are cut and merged, in linear time and memory."""

import tracemalloc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.detection import BarDetector, draw_bars

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.detection_windows import FoundInWindow, frames_shown, gather_samples, merge_windows
from mmaction_microaction.inference.windows import Window
from mmaction_microaction.models.detectors import DecodedDetections
from mmaction_microaction.video.reader import Frame


def found(start, end, *rows):
    """Return detections (start, end, label, score) in a window."""
    segments, labels, scores = [row[:2] for row in rows], [row[2] for row in rows], [row[3] for row in rows]
    return FoundInWindow(
        start,
        end,
        DecodedDetections(np.array(segments, float).reshape(-1, 2), np.array(labels, int), np.array(scores, float)),
    )


def rows(detections):
    segments, labels, scores = detections
    return [(*segment, label, score) for segment, label, score in zip(segments.tolist(), labels.tolist(), scores)]


@pytest.mark.parametrize(
    ('first', 'second', 'expected'),
    [
        # Cut by both edges: 8 is 7 s from the edge of the first window, 18 is 8 s from that of the second.
        ((8, 15, 9, 0.6), (10, 18, 9, 0.8), [(8, 18, 9, 0.8)]),
        # Cut by the edge of the first window only.
        ((12, 15, 9, 0.9), (12.1, 18, 9, 0.3), [(12, 18, 9, 0.9)]),
        # Cut by the edge of the second window only. The ends are 3 and 2.5 s from the edges.
        ((4, 12, 9, 0.3), (10, 12.5, 9, 0.9), [(4, 12, 9, 0.9)]),
        # Found twice. The starts are 3.5 and 1.2 s from the edges, the ends 1 and 3.7 s.
        ((11.5, 14, 9, 0.5), (11.2, 13.7, 9, 0.4), [(11.5, 13.7, 9, 0.5)]),
        # The shared parts, 10 to 15 and 13 to 15 s, have an overlap of 0.4: two actions.
        ((10, 15, 9, 0.5), (13, 17, 9, 0.4), [(10, 15, 9, 0.5), (13, 17, 9, 0.4)]),
        # 0.5 is enough: 10 to 14 and 10 to 12.
        ((9, 14, 9, 0.5), (10, 12, 9, 0.4), [(9, 12, 9, 0.5)]),
        # Another action at the same time.
        ((8, 15, 9, 0.6), (10, 18, 4, 0.8), [(10, 18, 4, 0.8), (8, 15, 9, 0.6)]),
        # Both are seen by one window only.
        ((1, 9, 9, 0.6), (15, 18, 9, 0.8), [(15, 18, 9, 0.8), (1, 9, 9, 0.6)]),
    ],
)
def test_actions_cut_by_the_edge_of_a_window_are_joined(first, second, expected):
    assert rows(merge_windows([found(0, 15, first), found(10, 25, second)])) == expected


def test_an_action_longer_than_a_window_is_joined_over_all_of_them():
    windows = [found(0, 15, (3, 15, 9, 0.5)), found(10, 25, (10, 25, 9, 0.7)), found(20, 35, (20, 31, 9, 0.6))]
    assert rows(merge_windows(windows)) == [(3, 31, 9, 0.7)]


def test_windows_that_overlap_two_others_are_joined():
    # The last window ends with the video, so that it begins soon after the one before.
    windows = [found(0, 15, (11, 15, 9, 0.5)), found(10, 25, (11, 16, 9, 0.7)), found(12, 27, (12, 16.5, 9, 0.6))]
    assert rows(merge_windows(windows)) == [(11, 16, 9, 0.7)]


def test_each_detection_is_joined_once_and_the_best_pair_first():
    windows = [found(0, 15, (11, 14, 9, 0.9), (11, 14.2, 9, 0.3)), found(10, 25, (11, 14, 9, 0.8))]
    assert rows(merge_windows(windows)) == [(11, 14, 9, 0.9), (11, 14.2, 9, 0.3)]


def test_a_gap_between_windows_joins_nothing():
    windows = [found(0, 15, (10, 15, 9, 0.5)), found(200, 215, (200, 204, 9, 0.7))]
    assert rows(merge_windows(windows)) == [(200, 204, 9, 0.7), (10, 15, 9, 0.5)]


def test_a_single_window_is_not_changed():
    one = [(2, 5, 9, 0.9), (2, 5.1, 9, 0.8), (0, 7, 4, 0.8), (3, 4, 4, 0.1)]
    assert rows(merge_windows([found(0, 15, *one)])) == one
    assert rows(merge_windows([found(0, 15)])) == rows(merge_windows([])) == []


def measure_merging(num_windows):
    rng = np.random.default_rng(0)

    def windows():
        for index in range(num_windows):
            starts = 10 * index + rng.uniform(0, 13, 200)
            rows = zip(starts, starts + rng.uniform(0.3, 2, 200), rng.integers(0, 52, 200), rng.random(200))
            yield found(10 * index, 10 * index + 15, *rows)

    tracemalloc.start()
    merged = merge_windows(windows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(merged.scores), peak


def test_memory_of_merging_is_linear():
    (few, short), (many, long) = measure_merging(30), measure_merging(300)
    assert 8 < many / few < 12
    assert long < 12 * short


class Images:
    """Counts the frames in memory."""

    def __init__(self):
        self.now = self.most = 0

    def count(self, image):
        self.now += 1
        self.most = max(self.most, self.now)
        image = image.view(type('Image', (np.ndarray,), {}))
        weakref.finalize(image, self.drop)
        return image

    def drop(self):
        self.now -= 1


def make_video(minutes, fps=20):
    """Return a video of overlapping actions that a generator draws, and its actions, none of which repeats soon."""
    rng = np.random.default_rng(3)
    actions, seconds = [], 60 * minutes
    for index, start in enumerate(np.arange(1.0, seconds - 4, 1.7)):
        length = rng.choice([0.5, 2.0, 6.0, 25.0], p=[0.4, 0.3, 0.2, 0.1])
        start, end = np.round([start, min(start + length, seconds)], 1)
        actions.append((start, end, index % 52))
    count = round(seconds * fps)
    times = np.arange(count) / fps

    def frames():
        for index, time in enumerate(times.tolist()):
            yield Frame(index, time, lambda time=time: draw_bars(near(time), time + 0.001, 52))

    starts = np.array([start for start, _, _ in actions])

    def near(time):
        return actions[np.searchsorted(starts, time - 26) : np.searchsorted(starts, time + 1)]

    video = SimpleNamespace(
        path='talk.mp4', times=times, fps=fps, duration=float(seconds), num_frames=count, num_lost=0
    )
    video.gaps, video.frames = np.zeros((0, 2)), frames
    return video, actions


@pytest.fixture
def detect(monkeypatch):
    """Return a function that finds the actions of a video with BarDetector, and the largest number of frames kept."""
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.Video', SimpleNamespace)
    monkeypatch.setattr('mmaction_microaction.inference.inferencer.load_network', lambda *_: BarDetector())

    def detect(video, **options):
        inferencer, images = MicroActionInferencer('unused', **options), Images()
        monkeypatch.setattr(inferencer.pipeline, 'shrink', images.count)
        return inferencer.detect(video), images.most

    return detect


def test_ten_minutes_are_found_exactly_with_the_frames_of_two_windows_in_memory(detect):
    video, actions = make_video(10)
    result, most = detect(video)
    assert result.duration == 600
    intervals = [(interval.start, interval.end, interval.label) for interval in result.intervals]
    expected = sorted(actions)
    assert len(intervals) == len(expected) > 300
    # BarDetector sees 10 frames per second.
    np.testing.assert_allclose(intervals, expected, atol=0.051)
    assert any(end - start > 20 for start, end, _ in intervals)
    # A window has 150 samples, and two overlap by 5 s.
    assert most <= 2 * 150
    _, most_of_two = detect(make_video(2)[0])
    assert most == most_of_two


def test_a_damaged_part_is_seen_as_the_next_frame(detect):
    video, _ = make_video(1)
    whole, _ = detect(video)
    frames = list(video.frames())
    video.frames = lambda: iter(frames[:800] + frames[900:1100])
    with pytest.warns(UserWarning, match='talk.mp4') as caught:
        damaged, _ = detect(video)
    messages = [str(warning.message) for warning in caught]
    assert any('damaged between 40.0 and 45.0 s' in message for message in messages)
    assert any('ends after 55.0 of 60.0 s' in message for message in messages)
    early = [[interval for interval in result.intervals if interval.end < 39] for result in (whole, damaged)]
    assert early[0] == early[1] != []
    assert max(interval.end for interval in damaged.intervals) <= 55.05


def test_a_video_without_a_frame_is_refused(detect):
    video, _ = make_video(1)
    video.frames = lambda: iter([])
    with pytest.raises(ValueError, match=r'talk.mp4 cannot be decoded'):
        detect(video)


def test_samples_follow_the_clock_of_a_video_with_a_variable_rate():
    # A window from 2 s on, whose frame 5 is shown for a second.
    times = np.array([0, 0.5, 1, 1.5, 2, 2.25, 3.25, 3.5, 4])
    shown = frames_shown(Window(4, 8, 2.0, 2.5), np.arange(5), times, fps=2.0)
    assert shown.tolist() == [5, 5, 6, 7, 8]  # at 2.25, 2.75, 3.25, 3.75 and 4.25 s


def test_a_stream_that_ends_early_yields_shorter_windows():
    frames = [Frame(index, index / 10, lambda index=index: index) for index in range(12)]
    windows = [(Window(0, 9, 0, 1), np.array([0, 4, 8])), (Window(5, 14, 0.5, 1), np.array([5, 9, 13]))]
    windows.append((Window(12, 21, 1.2, 1), np.array([12, 14])))
    gathered = [(window.first_frame, images) for window, images in gather_samples(frames, windows, lambda image: image)]
    assert gathered == [(0, [0, 4, 8]), (5, [5, 9])]
