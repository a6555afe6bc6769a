"""Reads cameras and network streams: the newest frames, also after an interruption."""

import re
import threading
import time
import warnings
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from .reader import Frame

BUFFER = 1.0
"""Seconds after which a frame that nobody has read is dropped."""
MAX_HOLD = 1.0
"""Longest gap in seconds that the next frame fills."""
READ_TIMEOUT = 10
"""Seconds without a frame after which a network stream counts as lost. OpenCV waits for 30 by default."""
PAUSES = 1, 30
"""Seconds before the first attempt to reconnect, which double after each attempt, and their maximum."""


class CameraStream:
    """A camera, read at a constant frame rate, such as the rate of the videos that the network was trained on.

    A thread reads the camera, so each frame has the time of its arrival. Frames that nobody has read within ``BUFFER``
    seconds are dropped, so a network that is slower than the camera does not fall behind.

    A camera or stream that breaks off is opened again and again, after pauses of 1, 2, 4, … and at most 30 seconds.
    Warnings say when it was lost, and for how long it was away. A file is not opened again at its end.

    Attributes:
        fps (float): Frames per second.
        num_dropped (int): Number of frames of the camera that were dropped since the caller is slow.

    Args:
        source (str): Index of a camera, ``'0'`` for the first, or a URL that OpenCV opens, such as ``rtsp://…``.
        fps (float): Frames per second that :meth:`frames` yields. Defaults to 30, the rate of MA-52.
        max_absence (float): Seconds without a frame after which the camera is given up. Defaults to 300.

    Raises:
        ValueError: If the camera cannot be opened.
    """

    fps: float
    num_dropped: int

    def __init__(self, source: str, fps: float = 30.0, max_absence: float = 300.0) -> None:
        self.source, self.fps, self.max_absence = source, fps, max_absence
        self.capture = self._open()
        if not self.capture.isOpened():
            raise ValueError(f'camera {source} cannot be opened; is it connected, and not used by another program?')
        self.num_dropped = 0
        self._is_file = Path(source).is_file() or (_is_url(source) and self.capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0)
        self._arrival = threading.Condition()
        self._waiting = deque()
        self._has_gap = self._ended = False
        self._first = self._last = self._before = None  # arrival times of the first frame and of the last two
        # A plain attribute instead of an Event: signal handlers set it, and must not wait for a lock.
        self._stopped = False

    def _open(self) -> cv2.VideoCapture:
        if _is_url(self.source):
            return cv2.VideoCapture(self.source, cv2.CAP_ANY, [cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT * 1000])
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
            Frame: The frames in order, until the duration is over, a file ends, or :meth:`stop` is called.

        Raises:
            ConnectionError: If the camera has sent no frame for ``max_absence`` seconds.
        """
        reader = threading.Thread(target=self._read, daemon=True)
        self._last = self._before = time.monotonic()
        reader.start()
        index = 0
        try:
            while True:
                taken = self._take(seconds)
                if taken is None:
                    return
                arrived, image, has_gap = taken
                latest = int((arrived - self._first) * self.fps)
                if has_gap or latest - index > MAX_HOLD * self.fps:
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

    def _take(self, seconds: float) -> tuple[float, np.ndarray, bool] | None:
        """Wait for the next frame; return its arrival time, its image, and whether frames were dropped before it."""
        with self._arrival:
            while not self._waiting:
                now = time.monotonic()
                if self._ended or self._stopped or (self._first is not None and now >= self._first + seconds):
                    return None
                if now >= self._last + self.max_absence:
                    raise ConnectionError(
                        f'camera {self.source} has sent no frame for {self.max_absence:g} s; check its connection, or '
                        'wait longer with --reconnect, or max_absence= in Python'
                    )
                self._arrival.wait(0.1)
            if self._stopped:
                return None
            taken = (*self._waiting.popleft(), self._has_gap)
            self._has_gap = False
            return taken

    def _read(self) -> None:
        """Read the camera until the end; runs in a thread."""
        try:
            while not self._stopped:
                image = self._grab()
                if image is None:
                    if self._is_file or self._stopped:
                        return
                    image = self._reconnect()
                if image is not None:
                    self._keep(image)
        finally:
            with self._arrival:
                self._ended = True
                self._arrival.notify()
            self.capture.release()

    def _grab(self) -> np.ndarray | None:
        """Return the next image of the camera, or None if there is none."""
        try:
            return self.capture.read()[1]
        except cv2.error:
            return None

    def _keep(self, image: np.ndarray) -> None:
        """Keep an image until it is taken, and drop those that have waited too long."""
        with self._arrival:
            self._before, self._last = self._last, time.monotonic()
            self._first = self._last if self._first is None else self._first
            self._waiting.append((self._last, image))
            while self._waiting[0][0] < self._last - BUFFER:
                self._waiting.popleft()
                self.num_dropped += 1
                self._has_gap = True
            self._arrival.notify()

    def _reconnect(self) -> np.ndarray | None:
        """Open the camera until it sends an image, and return the image; None if the reading is stopped."""
        # A decoder may return its last frame only when the connection times out.
        lost = self._last if self._last < self._before + MAX_HOLD else self._before
        pause, longest = PAUSES
        moment = 'at the start' if self._first is None else f'at {lost - self._first:,.1f} s'
        warnings.warn(f'camera {self.source} was lost {moment}; reconnecting', stacklevel=2)
        while True:
            end = time.monotonic() + pause
            while time.monotonic() < end:
                if self._stopped:
                    return None
                time.sleep(0.1)
            self.capture.release()
            self.capture = self._open()
            image = self._grab()
            if image is not None:
                self._last = time.monotonic()
                away = self._last - lost
                warnings.warn(f'camera {self.source} is back; it was away for {away:,.1f} s', stacklevel=2)
                return image
            pause = min(2 * pause, longest)


def _is_url(source: str) -> bool:
    return re.match(r'\w+://', source) is not None
