"""Limits of the videos that the page accepts, checked before a frame is decoded, and of the time to decode one."""

import time
from collections.abc import Iterator
from pathlib import Path

from mmaction_microaction.video.reader import Frame, Video

MAX_PIXELS = 4096 * 4096
"""Maximum number of pixels of a frame."""
MAX_RATE = 120
"""Frames per second at which a video of the maximum duration has the maximum number of frames."""
MAX_PIXEL_RATE = 3840 * 2160 * 120
"""Maximum number of pixels per second: 4K at 120 frames per second."""


class LimitedVideo(Video):
    """A video that takes neither too much memory nor too much time. Its string is its path.

    Opening it reads the file once, and decodes no frame.

    Args:
        path (str | Path): Path of the video.
        max_seconds (float): Maximum duration in seconds.
        minutes (float): Maximum time in minutes from now until the last frame is read.

    Raises:
        ValueError: If the file cannot be read as a video, or exceeds a limit.
    """

    def __init__(self, path: str | Path, max_seconds: float, minutes: float):
        super().__init__(path, max_frames=int(max_seconds * MAX_RATE))
        self._minutes, self._end = minutes, time.monotonic() + 60 * minutes
        if self.width * self.height > MAX_PIXELS:
            raise ValueError(
                f'{path} has frames of {self.width} x {self.height} pixels, but at most {MAX_PIXELS / 1e6:.1f} million '
                'are allowed, as in 4096 x 4096; make them smaller.'
            )
        if self.duration > max_seconds:
            raise ValueError(
                f'{path} is {self.duration:.1f} seconds long, but at most {max_seconds:g} are allowed; cut it into '
                'pieces.'
            )
        if self.width * self.height * self.num_frames > MAX_PIXEL_RATE * max(self.duration, 1):
            raise ValueError(
                f'{path} has more pixels per second than 4K at {MAX_RATE} frames per second; make its frames smaller, '
                'or reduce its frame rate.'
            )

    def __str__(self):
        return self.path

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Decode the video, see :meth:`Video.frames`.

        Args:
            step (int): Interval between the frames that are needed. Defaults to 1.

        Yields:
            Frame: Frames from start to end.

        Raises:
            ValueError: If the time limit is exceeded.
        """
        for frame in super().frames(step):
            if time.monotonic() > self._end:
                raise ValueError(
                    f'{Path(self.path).name} takes longer than the {self._minutes:g} minutes that are allowed for a '
                    'clip; cut it into pieces, or make its frames smaller.'
                )
            yield frame
