"""Reads and writes video files, frame by frame, so that their length costs no memory."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import av

from mmaction_microaction.video.container import open_container, read_packets, video_stream

from .frames import Pictures
from .times import frame_times


class Frame(NamedTuple):
    """A frame of a video."""

    index: int
    """From 0."""
    time: float
    """Seconds since the first frame."""
    image: Callable
    """Gives the RGB picture, shape (height, width, 3), uint8; frames that nobody looks at are not converted."""


class Video:
    """A video file, upright, whatever way the camera was held.

    Attributes:
        num_frames (int): Frames in the file; some of them may be damaged.
        num_lost (int): Frames that its header counts and that it lacks, because it breaks off.
        fps (float): Frames per second, on average.
        times (np.ndarray): When each frame is shown, seconds since the first, shape (num_frames,).
        gaps (np.ndarray): Start and end, in seconds, of each time of more than two minutes without a frame, shape
            (G, 2).
        width, height (int): Pixels as they are stored, before the picture is turned.

    Args:
        path (str | Path): The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no video, has no frames, or such large ones that they would not fit into the memory.
    """

    def __init__(self, path):
        self.path = str(path)
        try:
            with open_container(path) as container:
                stream = video_stream(container)
                if not stream:
                    raise ValueError(f'{path} has no pictures, only sound or text; give a video')
                self.width, self.height = stream.codec_context.width, stream.codec_context.height
                self._times = frame_times(read_packets(container), stream)
        except FileNotFoundError:
            raise FileNotFoundError(f'{path}: no such video') from None
        except (av.FFmpegError, OSError) as error:
            raise ValueError(f'{path} cannot be read as a video ({error.strerror}); give another file') from None
        self.times, self.fps, self.gaps = self._times.seconds, self._times.fps, self._times.gaps
        self.num_frames, self.num_lost = len(self.times), self._times.num_lost
        if self._times.num_repeated > 0.1 * self.num_frames:
            raise ValueError(
                f'{path} has several frames for the same moments, as files have that were joined byte by byte; '
                'join them by encoding them anew'
            )

    @property
    def duration(self):
        """float: Seconds."""
        return round(float(self.times[-1]) + 1 / self.fps, 6)

    def frames(self):
        """Decode the video from start to end.

        Yields:
            Frame: One after the other. Where up to half a second cannot be decoded, the next frame stands in; what lies
            in a longer gap, or at a damaged end, does not come.
        """
        with open_container(self.path) as container:
            stream = video_stream(container)
            stream.thread_type = 'AUTO'
            pictures = Pictures(self.path, stream)
            count = 0
            for frame in _decode(container, stream):
                index = max(self._times.index_of(frame.pts) or 0, count)
                if index >= self.num_frames:
                    return
                image = partial(pictures, frame)
                for missing in range(count, index if index - count <= self.fps / 2 else count):
                    yield Frame(missing, float(self.times[missing]), image)
                yield Frame(index, float(self.times[index]), image)
                count = index + 1


def _decode(container, stream):
    """Decode a stream, passing over what is damaged."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue
