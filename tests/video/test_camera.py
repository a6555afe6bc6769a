import threading

import cv2
import numpy as np
import pytest

from mmaction_microaction.inference import CameraStream
from mmaction_microaction.video import camera as camera_module


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

    def get(self, key):
        return {cv2.CAP_PROP_FRAME_COUNT: 80}[key]

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
    """Return a function that makes a camera whose frames arrive at given seconds, and which ends like a file."""

    def make(ticks, fps, buffer=np.inf):
        monkeypatch.setattr(Clock, 'now', 100.0)
        monkeypatch.setattr('time.monotonic', lambda: Clock.now)
        monkeypatch.setattr(camera_module, 'BUFFER', buffer)
        monkeypatch.setattr('cv2.VideoCapture', lambda *_: Capture(ticks))
        return CameraStream('http://door/yesterday.mp4', fps)

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


def test_frames_that_are_not_read_in_time_are_dropped_and_counted(camera):
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
    assert watched.num_dropped == 74


@pytest.mark.parametrize('source', ['0', 'rtsp://door'])
def test_lost_camera_is_opened_again_after_growing_pauses(source, monkeypatch):
    def fail():
        raise cv2.error('unplugged')

    captures, opened = [Capture(ticks) for ticks in ([0, 0.125], [], [], [9.125])], []
    captures[1].read = fail

    def open_capture(*_):
        opened.append(Clock.now - 100)
        return captures[len(opened) - 1] if len(opened) <= len(captures) else Capture([])

    monkeypatch.setattr('cv2.VideoCapture', open_capture)
    monkeypatch.setattr(Capture, 'get', lambda self, key: -1)
    monkeypatch.setattr(Clock, 'now', 100.0)
    monkeypatch.setattr('time.monotonic', lambda: Clock.now)
    monkeypatch.setattr('time.sleep', lambda seconds: setattr(Clock, 'now', Clock.now + seconds))
    monkeypatch.setattr(camera_module, 'BUFFER', np.inf)
    frames = []
    with (
        pytest.warns(UserWarning, match=source) as caught,
        pytest.raises(ConnectionError, match=rf'{source} has sent no frame for 20 s.*--reconnect'),
    ):
        frames.extend(CameraStream(source, fps=8, max_absence=20).frames())
    # There are no frames for the nine seconds in between.
    assert [frame.index for frame in frames] == [0, 1, 73]
    # Pauses of 1, 2 and 4 seconds, and again from 1 second.
    assert opened[:6] == pytest.approx([0, 1.125, 3.125, 7.125, 10.125, 12.125], abs=0.4)
    texts = [str(warning.message) for warning in caught]
    assert ['lost at 0.1 s' in texts[0], 'away for 9.0 s' in texts[1], 'lost at 9.1 s' in texts[2]] == [True] * 3
    assert len(texts) == 3
    assert all(capture.released.is_set() for capture in captures)


def test_hanging_camera_ends_the_session(monkeypatch):
    capture = Capture([0])
    monkeypatch.setattr('cv2.VideoCapture', lambda source: capture)
    frames = CameraStream('0', max_absence=0.05).frames()
    capture.go_on.clear()
    threading.Timer(0.3, capture.go_on.set).start()
    with pytest.raises(ConnectionError, match=r'camera 0 .* 0\.05 s'):
        next(frames)


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
