"""Where videos come from: files, folders, cameras."""

import threading
import time
import warnings
from collections import deque
from functools import partial
from pathlib import Path

import cv2

from .files import list_videos
from .reader import Frame

BUFFER = 1.0
"""Seconds for which pictures of a camera wait to be looked at."""
STANDS_IN = 1.0
"""Seconds before its arrival for which a picture of a camera stands in."""
PATIENCE = 60
"""Seconds without a picture after which a camera is given up; OpenCV itself gives up a stream after 30."""
RETRIES = 3
"""How often a stream of the network that breaks off is opened again, in all."""


def find_videos(paths):
    """List video files.

    Args:
        paths (Sequence[str | Path]): Files, and folders, which are searched with all below them.

    Returns:
        dict[Path, Path]: Of every file, in order, its path below the folder that was given, or its name. A warning
        counts the other files of a folder.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder holds no video.
    """
    found = {}
    for path in map(Path, paths):
        if path.is_dir():
            videos, others = list_videos(path, below=True)
            if others:
                warnings.warn(f'{path} holds {others:,} files that are no videos; they are passed over', stacklevel=2)
            found.update((video, video.relative_to(path)) for video in videos)
        elif path.exists():
            found[path] = Path(path.name)
        else:
            raise FileNotFoundError(f'{path}: no such file or folder')
    return found


class CameraStream:
    """Frames of a camera at an even rate, as the network was trained on, whatever the camera's.

    A thread reads the camera, so that every picture has the time at which it came, and a queue of old pictures never
    builds up behind a network that is slower than the camera: pictures that nobody has asked for after
    ``BUFFER`` seconds are dropped.

    Attributes:
        fps (float): Frames per second.

    Args:
        source (str): Number of a camera, ``'0'`` being the first, or a URL that OpenCV opens, such as ``rtsp://…``.
        fps (float): Frames per second that are given out. Defaults to 30, as in MA-52.

    Raises:
        ValueError: If it cannot be opened.
    """

    def __init__(self, source, fps=30.0):
        self.source, self.fps = source, fps
        self.capture = self._open()
        if not self.capture.isOpened():
            raise ValueError(f'camera {source} cannot be opened; is it connected, and not in use elsewhere?')
        self._arrival = threading.Condition()
        self._pictures = deque()
        self._dropped = self._ended = False
        # Plain, not an Event: signal handlers set it, and must wait for no lock.
        self._stopped = False

    def _open(self):
        return cv2.VideoCapture(int(self.source) if self.source.isdigit() else self.source)

    def stop(self):
        """Let :meth:`frames` end; for signal handlers and other threads."""
        self._stopped = True

    def frames(self, seconds=float('inf')):
        """Watch.

        A picture stands in for the places of the even rate before it, up to ``STANDS_IN`` seconds. What lies in a
        longer gap, or was dropped because the frames are not asked for as fast as they come, is left out: time in the
        stream is time on the clock since the first picture.

        Args:
            seconds (float): How long. Defaults to no end.

        Yields:
            Frame: In order, until the time is over, the camera gives no more, or :meth:`stop` was called.
        """
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        begin, index = None, 0
        try:
            while True:
                taken = self._take(float('inf') if begin is None else begin + seconds)
                if taken is None:
                    return
                arrived, picture, dropped = taken
                begin = arrived if begin is None else begin
                place = int((arrived - begin) * self.fps)
                if dropped or place - index > STANDS_IN * self.fps:
                    index = max(index, place)
                while index <= place:
                    if index >= seconds * self.fps:
                        return
                    yield Frame(index, index / self.fps, partial(cv2.cvtColor, picture, cv2.COLOR_BGR2RGB))
                    index += 1
        finally:
            self._stopped = True
            # One that hangs in a dead stream is left behind.
            reader.join(timeout=2)

    def _take(self, until):
        """Wait for the next picture: when it came, the picture, and whether others were dropped before it."""
        given_up = time.monotonic() + PATIENCE
        with self._arrival:
            while not self._pictures:
                now = time.monotonic()
                if self._ended or self._stopped or now >= until:
                    return None
                if now >= given_up:
                    warnings.warn(f'camera {self.source} has given no picture for {PATIENCE} s', stacklevel=3)
                    return None
                self._arrival.wait(0.1)
            if self._stopped:
                return None
            taken = (*self._pictures.popleft(), self._dropped)
            self._dropped = False
            return taken

    def _read(self):
        """Read the camera until it ends for good; runs in a thread."""
        tries = 0
        try:
            while not self._stopped:
                received, picture = self.capture.read()
                if not received:
                    tries += 1
                    if not self._open_again(tries):
                        return
                    continue
                now = time.monotonic()
                with self._arrival:
                    self._pictures.append((now, picture))
                    while self._pictures[0][0] < now - BUFFER:
                        self._pictures.popleft()
                        self._dropped = True
                    self._arrival.notify()
        finally:
            with self._arrival:
                self._ended = True
                self._arrival.notify()
            self.capture.release()

    def _open_again(self, tries):
        """Open a stream of the network once more; a camera that is unplugged, or a file at its end, stays so."""
        if '://' not in self.source:
            return False
        if tries > RETRIES:
            warnings.warn(f'camera {self.source} gives no more pictures; it is over', stacklevel=2)
            return False
        warnings.warn(f'camera {self.source} is lost; opening it again ({tries} of {RETRIES})', stacklevel=2)
        self.capture.release()
        end = time.monotonic() + tries
        while not self._stopped and time.monotonic() < end:
            time.sleep(0.1)
        if not self._stopped:
            self.capture = self._open()
        return True
