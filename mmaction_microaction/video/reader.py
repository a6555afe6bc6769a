"""Reads a video file frame by frame, so that memory does not grow with its length."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from .container import open_container, prepare_video_stream, read_packets, use_threads
from .frames import FrameConverter
from .times import read_frame_times


class Frame(NamedTuple):
    """A frame of a video, converted to RGB only on demand."""

    index: int
    """Index of the frame, from 0."""
    time: float
    """Seconds since the first frame."""
    to_rgb: Callable[[], np.ndarray]
    """Function that returns the frame as an RGB image, shape (height, width, 3), uint8."""


class Video:
    """A video file, read from start to end, with upright frames for any orientation of the camera.

    Attributes:
        path (str): Path of the file.
        num_frames (int): Number of frames in the file, damaged ones included.
        num_lost (int): Number of frames that the header counts and a truncated file lacks.
        fps (float): Average number of frames per second.
        times (np.ndarray): Time of each frame in seconds since the first, shape (num_frames,).
        gaps (np.ndarray): Start and end, in seconds, of each gap of more than two minutes without a frame, shape
            (G, 2).
        start (float | None): Time of the first frame in seconds on the clock that picture and sound of the file share.
            None if the clock was set back.
        width, height (int): Size of the stored frames in pixels, before they are rotated.

    Args:
        path (str | Path): Path of the file.
        max_frames (int, optional): Maximum number of frames. Reading ends there. Defaults to None: no maximum.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not a video, has no frames or more than ``max_frames``, or has frames that are too
            large for the memory.
        TypeError: If ``path`` is neither a text nor a path.

    See Also:
        ``video.sparse_decoding.open_video``, which decodes only a few frames of a video, as training does.
    """

    def __init__(self, path: str | Path, max_frames: int | None = None) -> None:
        if not isinstance(path, (str, Path)):  # an integer would be an open file
            raise TypeError(f'expected the path of a video, got {type(path).__name__}')
        self.path = str(path)
        try:
            with open_container(path) as container:
                stream = prepare_video_stream(container)
                if not stream:
                    raise ValueError(f'{path} has no video stream, only sound or text; use a video')
                self.width, self.height = stream.codec_context.width, stream.codec_context.height
                self._frame_times = read_frame_times(_limit(read_packets(container), max_frames, path), stream)
        except FileNotFoundError:
            raise FileNotFoundError(f'{path}: no such video') from None
        except (av.FFmpegError, OSError) as error:
            raise ValueError(f'{path} cannot be read as a video ({error.strerror}); use another file') from None
        self.times, self.fps, self.gaps = self._frame_times.seconds, self._frame_times.fps, self._frame_times.gaps
        self.num_frames, self.num_lost = len(self.times), self._frame_times.num_lost
        self.start = self._frame_times.start
        if self._frame_times.num_repeated > 0.1 * self.num_frames:
            raise ValueError(
                f'{path} has repeated timestamps, as in videos that were concatenated byte by byte; '
                'join them by encoding them again'
            )

    @property
    def duration(self) -> float:
        """float: Duration in seconds."""
        return round(float(self.times[-1]) + 1 / self.fps, 6)

    def frames(self, step: int = 1) -> Iterator[Frame]:
        """Decode the video from start to end.

        Args:
            step (int): Interval between the frames that are needed. Frames between them that no other frame refers to
                are not decoded. Defaults to 1.

        Yields:
            Frame: The frames whose index is a multiple of ``step``, in order. The next frame replaces frames that
            cannot be decoded, up to half a second of them. Frames in a longer damaged section, or at a damaged end, are
            skipped.
        """
        times = self._frame_times
        with open_container(self.path) as container:
            stream = prepare_video_stream(container)
            use_threads(stream)
            convert = FrameConverter(self.path, stream)
            # Frames without times of their own are counted, so all of them are decoded.
            is_dated = times.pts is not None and not times.num_repeated
            is_dated = is_dated and (times.reordered or not stream.codec_context.has_b_frames)

            def is_needed(packet: av.packet.Packet) -> bool:
                index = times.index_of(packet.pts) if is_dated else None
                return index is None or index % step == 0

            count = 0
            for frame in _decode(container, stream, is_needed):
                index = max(times.index_of(frame.pts) or 0, count)
                if index >= self.num_frames:
                    return
                to_rgb = partial(convert, frame)
                first = count if index - count <= self.fps / 2 else index
                for shown in range(first, index + 1):
                    if shown % step == 0:
                        yield Frame(shown, float(self.times[shown]), to_rgb)
                count = index + 1


def _limit(packets: Iterator[av.packet.Packet], max_frames: int | None, path: str | Path) -> Iterator[av.packet.Packet]:
    """Yield packets, and raise a ValueError if there are more than a maximum."""
    for count, packet in enumerate(packets):
        if count == max_frames:
            raise ValueError(
                f'{path} has more than {max_frames:,} frames, the maximum; cut it into pieces, or reduce its frame rate'
            )
        yield packet


def _decode(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    is_needed: Callable[[av.packet.Packet], bool],
) -> Iterator[av.VideoFrame]:
    """Decode a stream, and skip damaged packets, and those that neither are needed nor referred to."""
    for packet in container.demux(stream):
        # The packet of a second field has no time: it is decoded as its first field was.
        if packet.pts is not None:
            stream.codec_context.skip_frame = 'DEFAULT' if is_needed(packet) else 'NONREF'
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue
