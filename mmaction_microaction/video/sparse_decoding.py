"""Decodes the sampled frames of a video, and only those other frames that the sampled frames depend on."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from .container import open_container, prepare_video_stream, read_packets
from .frames import FrameConverter
from .times import FrameTimes, read_frame_times

READ_ERRORS = (OSError, ValueError, RuntimeError, av.error.FFmpegError)
"""Exceptions that opening or decoding a video may raise."""


class OpenVideo(NamedTuple):
    """An open video whose packets have been read, but not decoded."""

    path: str
    """Path of the file."""
    container: av.container.InputContainer
    """The open file."""
    packets: list[av.packet.Packet]
    """Packets in decoding order, which may differ from display order. Some may never be shown."""
    frame_times: FrameTimes
    """Times of the frames that are shown."""

    @property
    def num_frames(self) -> int:
        """int: Number of frames that are shown."""
        return len(self.frame_times.seconds)

    @property
    def fps(self) -> float:
        """float: Average number of frames per second."""
        return self.frame_times.fps


def open_video(path: str | Path) -> OpenVideo:
    """Open a video and read its packets.

    Args:
        path (str | Path): Path of the video.

    Returns:
        OpenVideo: The open video. :func:`decode` closes it.

    Raises:
        ValueError: If the file has no video stream, no frames, or frames that are too large for the memory.
        av.error.FFmpegError: If the file cannot be read.

    See Also:
        :class:`.reader.Video`, which decodes all frames from start to end.
    """
    container = open_container(path)
    stream = prepare_video_stream(container)
    if not stream:
        raise ValueError(f'{path} has no video stream; use a video')
    # Data loaders run several processes instead of threads.
    stream.thread_type, stream.codec_context.thread_count = 'NONE', 1
    packets = list(read_packets(container))
    return OpenVideo(str(path), container, packets, read_frame_times(packets, stream))


def decode(video: OpenVideo, indices: Collection[int]) -> Iterator[tuple[int, np.ndarray]]:
    """Decode some frames of a video, and then close it.

    Other frames are decoded only where one of the wanted frames may refer to them.

    Args:
        video (OpenVideo): The open video.
        indices (Collection[int]): Indices of the wanted frames in display order, from 0.

    Yields:
        tuple[int, np.ndarray]: Index and RGB image of each wanted frame, in display order, shape (H, W, 3), uint8.

    Raises:
        ValueError: If a wanted frame cannot be decoded.
    """
    stream, times = prepare_video_stream(video.container), video.frame_times
    decoder, convert = stream.codec_context, FrameConverter(video.path, stream)
    # Raw streams have no times, and other files only decoding times. All of their frames are decoded and counted.
    undated = times.pts is None or times.num_repeated or (decoder.has_b_frames and not times.reordered)
    count, wanted = 0, set(indices)
    with video.container:
        try:
            for packet in [*video.packets, None]:  # None flushes the frames that the decoder holds back
                if not wanted:
                    return
                # The packet of a second field has no time: it is decoded as its first field was.
                if packet and not undated and packet.pts is not None:
                    decoder.skip_frame = 'DEFAULT' if times.index_of(packet.pts) in wanted else 'NONREF'
                for frame in decoder.decode(packet):
                    index = count if undated else times.index_of(frame.pts)
                    count += 1
                    if index in wanted:
                        wanted.remove(index)
                        yield index, convert(frame)
        except av.error.FFmpegError as error:
            raise ValueError(f'{video.path} cannot be decoded ({error}); replace it.') from None
    if wanted:
        raise ValueError(f'{video.path}: frame {min(wanted)} cannot be decoded; replace it.')
