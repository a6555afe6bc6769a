import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmaction_microaction.inference import CameraStream, find_videos
from mmaction_microaction.video import sources


def test_folders_are_searched_and_files_are_used_whatever_their_extension(tmp_path):
    for name in ('b.MP4', 'deep/er/a.mkv', 'notes.txt', 'odd.xyz', '._b.MP4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match='has 3 files that are not videos'):
        found = find_videos([tmp_path / 'odd.xyz', tmp_path])
    assert found == {
        tmp_path / 'odd.xyz': Path('odd.xyz'),
        tmp_path / 'b.MP4': Path('b.MP4'),
        tmp_path / 'deep/er/a.mkv': Path('deep/er/a.mkv'),
    }


def test_missing_input_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='contains no video'):
        find_videos([tmp_path])
    with pytest.raises(FileNotFoundError, match='nowhere: no such file or folder'):
        find_videos([tmp_path / 'nowhere'])


class Clock:
    now = 100.0


class Capture:
    """Camera whose frames arrive at given seconds. The grey level of a frame is 100 times its time."""

    def __init__(self, ticks):
        self.ticks = iter(ticks)
        self.go_on = threading.Event()
        self.go_on.set()
        self.released = threading.Event()
        self.waits_after_first = False

    def isOpened(self):
        return True

    def read(self):
        self.go_on.wait(60)
        if self.waits_after_first:
            self.go_on.clear()
            self.waits_after_first = False
        tick = next(self.ticks, None)
        if tick is None:
            return False, None
        Clock.now = 100 + tick
        return True, np.full((4, 4, 3), round(tick * 100) % 256, np.uint8)

    def release(self):
        self.released.set()


@pytest.fixture
def camera(monkeypatch):
    """Return a function that makes a camera whose frames arrive at given seconds."""

    def make(ticks, fps, buffer=np.inf):
        monkeypatch.setattr(Clock, 'now', 100.0)
        monkeypatch.setattr('time.monotonic', lambda: Clock.now)
        monkeypatch.setattr(sources, 'BUFFER', buffer)
        monkeypatch.setattr('cv2.VideoCapture', lambda source: Capture(ticks))
        return CameraStream('0', fps)

    return make


def test_irregular_camera_produces_a_regular_stream(camera):
    # The camera is faster than the stream at first, and then pauses.
    frames = list(camera([0.0, 0.05, 0.11, 0.12, 0.21, 0.61, 0.71], fps=10).frames())
    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(8) / 10)
    assert [frame.to_rgb()[0, 0, 0] for frame in frames] == [0, 11, 21, 61, 61, 61, 61, 71]


def test_watching_ends_after_its_duration_and_releases_the_camera(camera):
    watched = camera(np.arange(0, 9, 0.07), fps=10)
    assert len(list(watched.frames(seconds=2))) == 20
    assert watched.capture.released.wait(60)


def test_time_starts_at_the_first_frame_and_long_gaps_are_skipped(camera):
    # Eighths of a second are exact in floating point.
    frames = list(camera([3, 3.125, 3.25, 4.5, 4.625], fps=8).frames())
    assert [frame.index for frame in frames] == [0, 1, 2, 12, 13]
    frames = list(camera([3, 3.125, 4.125], fps=8).frames())
    assert [frame.index for frame in frames] == list(range(10))


def test_frames_that_are_not_read_in_time_are_dropped(camera):
    watched = camera(np.arange(80) / 8, fps=8, buffer=0.5)
    capture = watched.capture
    capture.waits_after_first = True
    frames = watched.frames()
    assert next(frames).index == 0
    # The reader is busy until the end, ten seconds later.
    capture.go_on.set()
    assert capture.released.wait(60)
    rest = list(frames)
    # The frames of the last half second are returned with their clock times.
    assert [frame.index for frame in rest] == [75, 76, 77, 78, 79]
    assert [frame.to_rgb()[0, 0, 0] for frame in rest] == [round(index / 8 * 100) % 256 for index in range(75, 80)]


def test_lost_stream_is_reopened_a_limited_number_of_times(monkeypatch):
    captures = [Capture(ticks) for ticks in ([0, 0.125], [2.125], [], [])]
    waiting = iter(captures)
    monkeypatch.setattr('cv2.VideoCapture', lambda source: next(waiting))
    monkeypatch.setattr(Clock, 'now', 100.0)
    monkeypatch.setattr('time.monotonic', lambda: Clock.now)
    monkeypatch.setattr('time.sleep', lambda seconds: setattr(Clock, 'now', Clock.now + seconds))
    monkeypatch.setattr(sources, 'BUFFER', np.inf)
    with pytest.warns(UserWarning, match='rtsp://door') as caught:
        frames = list(CameraStream('rtsp://door', fps=8).frames())
    # There are no frames for the two seconds in between.
    assert [frame.index for frame in frames] == [0, 1, 17]
    assert ['(1 of 3)' in str(caught[0].message), '(3 of 3)' in str(caught[2].message), len(caught)] == [True, True, 4]
    assert all(capture.released.is_set() for capture in captures)


def test_hanging_camera_ends_the_session(monkeypatch):
    capture = Capture([0])
    monkeypatch.setattr('cv2.VideoCapture', lambda source: capture)
    monkeypatch.setattr(sources, 'TIMEOUT', 0.05)
    frames = CameraStream('0').frames()
    capture.go_on.clear()
    threading.Timer(1, capture.go_on.set).start()
    with pytest.warns(UserWarning, match=r'camera 0 .* 0\.05 s'):
        assert list(frames) == []


def test_watching_can_be_stopped(camera):
    watched = camera(np.arange(800) / 8, fps=8)
    frames = watched.frames()
    next(frames)
    watched.stop()
    assert list(frames) == []
    assert watched.capture.released.wait(60)


def test_colours_match_those_of_the_camera(tmp_path):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:] = (250, 20, 20)  # blue in OpenCV's BGR order
    path = str(tmp_path / 'blue.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    writer.write(image)
    writer.release()
    image = next(CameraStream(path).frames()).to_rgb()
    assert image.mean(axis=(0, 1)) == pytest.approx([20, 20, 250], abs=6)


def test_missing_camera_is_named():
    with pytest.raises(ValueError, match='camera 97 cannot be opened'):
        CameraStream('97')
