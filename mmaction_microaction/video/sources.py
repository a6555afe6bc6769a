"""Finds video files in folders, and reads cameras."""

import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from .files import list_videos
from .reader import Frame

BUFFER = 1.0
"""Seconds after which a frame of a camera that nobody has read is dropped."""
MAX_HOLD = 1.0
"""Longest gap in seconds that the next frame of a camera fills."""
TIMEOUT = 60
"""Seconds without a frame after which a camera is closed. OpenCV itself closes a network stream after 30."""
MAX_RETRIES = 3
"""Largest number of times that a network stream is reopened, in all."""


def find_videos(paths: Sequence[str | Path]) -> dict[Path, Path]:
    """List the video files among files and folders.

    A warning counts the other files of a folder.

    Args:
        paths (Sequence[str | Path]): Paths of files, and of folders, which are searched with their subfolders.

    Returns:
        dict[Path, Path]: For each file, in order, its path relative to the given folder, or its name.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder contains no video.
    """
    found = {}
    for path in map(Path, paths):
        if path.is_dir():
            videos, others = list_videos(path, recursive=True)
            if others:
                warnings.warn(f'{path} has {others:,} files that are not videos; they are skipped', stacklevel=2)
            found.update((video, video.relative_to(path)) for video in videos)
        elif path.exists():
            found[path] = Path(path.name)
        else:
            raise FileNotFoundError(f'{path}: no such file or folder')
    return found


class CameraStream:
    """A camera, read at a constant frame rate, such as the rate of the videos that the network was trained on.

    A thread reads the camera, so each frame has the time of its arrival. Frames that nobody has read within ``BUFFER``
    seconds are dropped, so a network that is slower than the camera does not fall behind.

    Attributes:
        fps (float): Frames per second.

    Args:
        source (str): Index of a camera, ``'0'`` for the first, or a URL that OpenCV opens, such as ``rtsp://…``.
        fps (float): Frames per second that :meth:`frames` yields. Defaults to 30, the rate of MA-52.

    Raises:
        ValueError: If the camera cannot be opened.
    """

    def __init__(self, source: str, fps: float = 30.0) -> None:
        self.source, self.fps = source, fps
        self.capture = self._open()
        if not self.capture.isOpened():
            raise ValueError(f'camera {source} cannot be opened; is it connected, and not used by another program?')
        self._arrival = threading.Condition()
        self._waiting = deque()
        self._dropped = self._ended = False
        # A plain attribute instead of an Event: signal handlers set it, and must not wait for a lock.
        self._stopped = False

    def _open(self) -> cv2.VideoCapture:
        return cv2.VideoCapture(int(self.source) if self.source.isdigit() else self.source)

    def stop(self) -> None:
        """End :meth:`frames`. Signal handlers and other threads may call this."""
        self._stopped = True

    def frames(self, seconds: float = float('inf')) -> Iterator[Frame]:
        """Read the camera.

        A frame of the camera also fills up to ``MAX_HOLD`` seconds before it. Longer gaps, and frames that were dropped
        because the caller is slow, are skipped: the time of a frame is the time on the clock since the first one.

        Args:
            seconds (float): Duration of the recording in seconds. Defaults to infinity.

        Yields:
            Frame: The frames in order, until the duration is over, the camera ends, or :meth:`stop` is called.
        """
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        start, index = None, 0
        try:
            while True:
                taken = self._take(float('inf') if start is None else start + seconds)
                if taken is None:
                    return
                arrived, image, dropped = taken
                start = arrived if start is None else start
                latest = int((arrived - start) * self.fps)
                if dropped or latest - index > MAX_HOLD * self.fps:
                    index = max(index, latest)
                while index <= latest:
                    if index >= seconds * self.fps:
                        return
                    yield Frame(index, index / self.fps, partial(cv2.cvtColor, image, cv2.COLOR_BGR2RGB))
                    index += 1
        finally:
            self._stopped = True
            # A reader that hangs in a dead stream is left behind.
            reader.join(timeout=2)

    def _take(self, until: float) -> tuple[float, np.ndarray, bool] | None:
        """Wait for the next frame; return its arrival time, its image, and whether frames were dropped before it."""
        deadline = time.monotonic() + TIMEOUT
        with self._arrival:
            while not self._waiting:
                now = time.monotonic()
                if self._ended or self._stopped or now >= until:
                    return None
                if now >= deadline:
                    warnings.warn(f'camera {self.source} has sent no frame for {TIMEOUT} s', stacklevel=3)
                    return None
                self._arrival.wait(0.1)
            if self._stopped:
                return None
            taken = (*self._waiting.popleft(), self._dropped)
            self._dropped = False
            return taken

    def _read(self) -> None:
        """Read the camera until it ends; runs in a thread."""
        tries = 0
        try:
            while not self._stopped:
                received, image = self.capture.read()
                if not received:
                    tries += 1
                    if not self._reopen(tries):
                        return
                    continue
                now = time.monotonic()
                with self._arrival:
                    self._waiting.append((now, image))
                    while self._waiting[0][0] < now - BUFFER:
                        self._waiting.popleft()
                        self._dropped = True
                    self._arrival.notify()
        finally:
            with self._arrival:
                self._ended = True
                self._arrival.notify()
            self.capture.release()

    def _reopen(self, tries: int) -> bool:
        """Reopen a network stream; an unplugged camera, or a file at its end, cannot be reopened."""
        if '://' not in self.source:
            return False
        if tries > MAX_RETRIES:
            warnings.warn(f'camera {self.source} sends no more frames; the recording ends', stacklevel=2)
            return False
        warnings.warn(f'camera {self.source}: connection lost; reconnecting ({tries} of {MAX_RETRIES})', stacklevel=2)
        self.capture.release()
        end = time.monotonic() + tries
        while not self._stopped and time.monotonic() < end:
            time.sleep(0.1)
        if not self._stopped:
            self.capture = self._open()
        return True
