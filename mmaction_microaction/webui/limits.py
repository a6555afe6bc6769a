"""Limits of the videos that the page accepts, checked before a frame is decoded, and of the time to decode one."""

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av

from mmaction_microaction.video.container import find_video_stream, open_container, read_packets
from mmaction_microaction.video.reader import Frame, Video

MAX_PIXELS = 4096 * 4096
"""Maximum number of pixels of a frame."""
MAX_RATE = 120
"""Frames per second at which a video of the maximum duration has the maximum number of frames."""
MAX_PIXEL_RATE = 3840 * 2160 * 120
"""Maximum number of pixels per second: 4K at 120 frames per second."""


class LimitedVideo(Video):
    """A video that can be decoded for a limited time. Its string is its path.

    Args:
        path (str | Path): Path of the video.
        minutes (float): Maximum time in minutes from now until the last frame is read.
    """

    def __init__(self, path: str | Path, minutes: float):
        super().__init__(path)
        self._minutes, self._end = minutes, time.monotonic() + 60 * minutes

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


class RefusedError(ValueError):
    """Raised for a refused video; the message is for the visitor."""


def check_video(path: Path, max_seconds: float) -> None:
    """Refuse a video that takes too much memory or time, before a frame is decoded.

    Args:
        path (Path): Path of the file.
        max_seconds (float): Maximum duration in seconds.

    Raises:
        RefusedError: If the file cannot be read as a video, or exceeds a limit.
    """
    name = path.name
    try:
        pixels, num_frames = _size(path, int(max_seconds * MAX_RATE))
        duration = Video(path).duration
    except RefusedError:
        raise
    except (av.FFmpegError, OSError, ValueError):
        raise RefusedError(f'{name} cannot be read as a video; upload another file, such as an MP4.') from None
    if duration > max_seconds:
        raise RefusedError(
            f'{name} is {duration:.1f} seconds long, but at most {max_seconds:g} are allowed; cut it into pieces.'
        )
    if pixels * num_frames > MAX_PIXEL_RATE * max(duration, 1):
        raise RefusedError(
            f'{name} has more pixels per second than 4K at {MAX_RATE} frames per second; make its frames smaller, or '
            'reduce its frame rate.'
        )


def _size(path, max_frames):
    """Return the number of pixels of a frame and the number of frames; a RefusedError if either is too large."""
    with open_container(path) as container:
        stream = find_video_stream(container)
        if not stream:
            raise ValueError('no video stream')
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS:
            raise RefusedError(
                f'{path.name} has frames of {width} x {height} pixels, but at most {MAX_PIXELS / 1e6:.1f} million '
                'are allowed, as in 4096 x 4096; make them smaller.'
            )
        num_frames = sum(1 for _ in islice(read_packets(container), max_frames + 1))
        if num_frames > max_frames:
            raise RefusedError(
                f'{path.name} has more than {max_frames:,} frames, the maximum; cut it into pieces, or reduce its '
                'frame rate.'
            )
        return width * height, num_frames
