"""Which videos the page takes, judged by their headers, and how long it works on one."""

import time
from itertools import islice
from pathlib import Path

import av

from mmaction_microaction.video.container import find_video_stream, open_container, read_packets
from mmaction_microaction.video.reader import Video

MAX_PIXELS = 4096 * 4096
"""Largest picture."""
MAX_RATE = 120
"""Frames per second: of a video as long as allowed, no more frames are taken than these make."""
MAX_PIXEL_RATE = 3840 * 2160 * 120
"""Pixels per second: 4K at 120 frames per second."""


class LimitedVideo(Video):
    """A video whose frames come until a time is over. As text it is its path.

    Args:
        path (str | Path): The file.
        minutes (float): Longest time from now on until the last frame was read.
    """

    def __init__(self, path, minutes):
        super().__init__(path)
        self._minutes, self._end = minutes, time.monotonic() + 60 * minutes

    def __str__(self):
        return self.path

    def frames(self):
        """Decode the video as :meth:`Video.frames` does.

        Yields:
            Frame: One after the other.

        Raises:
            ValueError: If the time is over.
        """
        for frame in super().frames():
            if time.monotonic() > self._end:
                raise ValueError(
                    f'{Path(self.path).name} takes longer than the {self._minutes:g} minutes that there are for a '
                    'clip; cut it into pieces, or make its picture smaller.'
                )
            yield frame


class RefusedError(ValueError):
    """A video that is not taken; the message is for its visitor."""


def check_video(path, max_seconds):
    """Refuse what takes too much memory or time, before any picture is decoded.

    Args:
        path (Path): The file.
        max_seconds (float): How long it may be.

    Raises:
        RefusedError: If it cannot be read as a video, or is too long or large.
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
            f'{name} is {duration:.1f} seconds long, but at most {max_seconds:g} are taken; cut it into pieces.'
        )
    if pixels * num_frames > MAX_PIXEL_RATE * max(duration, 1):
        raise RefusedError(
            f'{name} has more pixels per second than 4K at {MAX_RATE} frames per second; make its pictures smaller, or '
            'give it fewer frames.'
        )


def _size(path, max_frames):
    """Count the pixels of a picture and the frames, unless there are too many of either."""
    with open_container(path) as container:
        stream = find_video_stream(container)
        if not stream:
            raise ValueError('no pictures')
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS:
            raise RefusedError(
                f'{path.name} has pictures of {width} x {height} pixels, but at most {MAX_PIXELS / 1e6:.1f} million '
                'are taken, as 4096 x 4096 has; make them smaller.'
            )
        num_frames = sum(1 for _ in islice(read_packets(container), max_frames + 1))
        if num_frames > max_frames:
            raise RefusedError(
                f'{path.name} has more than {max_frames:,} frames, which the longest video has at {MAX_RATE} frames '
                'per second; cut it into pieces, or give it fewer frames per second.'
            )
        return width * height, num_frames
