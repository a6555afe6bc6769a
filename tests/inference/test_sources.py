from pathlib import Path

import cv2
import numpy as np
import pytest

from mmaction_microaction.inference import Camera, find_videos


def test_folders_are_searched_and_files_taken_as_they_are(tmp_path):
    for name in ('b.MP4', 'deep/er/a.mkv', 'notes.txt', 'odd.xyz', '._b.MP4'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.warns(UserWarning, match='holds 3 files that are no videos; they are passed over'):
        found = find_videos([tmp_path / 'odd.xyz', tmp_path])
    assert found == {
        tmp_path / 'odd.xyz': Path('odd.xyz'),
        tmp_path / 'b.MP4': Path('b.MP4'),
        tmp_path / 'deep/er/a.mkv': Path('deep/er/a.mkv'),
    }


def test_nothing_to_do_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='holds no video'):
        find_videos([tmp_path])
    with pytest.raises(FileNotFoundError, match='nowhere: no such file or folder'):
        find_videos([tmp_path / 'nowhere'])


class Capture:
    """A camera that gives a picture whenever it is asked, and lets a clock tick."""

    def __init__(self, clock, ticks):
        self.clock, self.ticks = clock, iter(ticks)
        self.released = False

    def read(self):
        tick = next(self.ticks, None)
        if tick is None:
            return False, None
        self.clock.now = 100 + tick
        return True, np.full((4, 4, 3), round(tick * 100), np.uint8)

    def release(self):
        self.released = True


@pytest.fixture
def camera(monkeypatch, clip):
    """Gives a camera whose pictures come at given seconds; the grey level of a picture is its time times 100."""

    def make(ticks, fps):
        class Clock:
            now = 100.0

        monkeypatch.setattr('time.monotonic', lambda: Clock.now)
        camera = Camera(str(clip), fps)
        camera.capture = Capture(Clock, ticks)
        return camera

    return make


def test_an_uneven_camera_gives_an_even_stream(camera):
    # Faster than the stream at first, then stuck for a while.
    frames = list(camera([0.0, 0.05, 0.11, 0.12, 0.21, 0.61, 0.71], fps=10).frames())
    assert [frame.index for frame in frames] == list(range(8))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(8) / 10)
    assert [frame.image()[0, 0, 0] for frame in frames] == [0, 11, 21, 61, 61, 61, 61, 71]


def test_watching_ends_with_its_time_and_frees_the_camera(camera):
    watched = camera(np.arange(0, 9, 0.07), fps=10)
    assert len(list(watched.frames(seconds=2))) == 20
    assert watched.capture.released


def test_colours_are_those_of_the_camera(tmp_path):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:] = (250, 20, 20)  # blue, for OpenCV
    path = str(tmp_path / 'blue.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (64, 48))
    writer.write(picture)
    writer.release()
    image = next(Camera(path).frames()).image()
    assert image.mean(axis=(0, 1)) == pytest.approx([20, 20, 250], abs=6)


def test_a_camera_that_is_not_there_is_named():
    with pytest.raises(ValueError, match='camera 97 cannot be opened'):
        Camera('97')
