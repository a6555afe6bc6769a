"""Decodes some frames of a video, and as few of the others as these depend on."""

from typing import NamedTuple

import av

from mmaction_microaction.video.container import open_container, read_packets, video_stream
from mmaction_microaction.video.frames import Pictures
from mmaction_microaction.video.times import FrameTimes, frame_times


class OpenVideo(NamedTuple):
    """A video whose packets have been read, but not decoded."""

    filename: str
    container: av.container.InputContainer
    packets: list
    """As they are decoded, which is not always as they are shown, and some are never."""
    times: FrameTimes
    """When frames are shown."""

    @property
    def num_frames(self):
        """int: How many are shown."""
        return len(self.times.seconds)

    @property
    def fps(self):
        """float: Frames per second, on average."""
        return self.times.fps


def open_video(filename):
    """Open a video and read its packets.

    Args:
        filename (str): Path.

    Returns:
        OpenVideo: The video.

    Raises:
        ValueError: If the file holds no video, no frames, or too large ones.
        av.error.FFmpegError: If it cannot be read.
    """
    container = open_container(filename)
    stream = video_stream(container)
    if not stream:
        raise ValueError(f'{filename} holds no video.')
    if not stream.codec_context:
        raise ValueError(f'{filename} has a codec that FFmpeg lacks.')
    stream.thread_type, stream.codec_context.thread_count = 'NONE', 1  # data loaders have processes instead
    packets = list(read_packets(container))
    return OpenVideo(filename, container, packets, frame_times(packets, stream))


def decode(video, numbers):
    """Decode some frames of a video, and of the others as few as these refer to; then close it.

    Args:
        video (OpenVideo): The video.
        numbers (Collection[int]): Of the frames as they are shown, counted from 0.

    Yields:
        tuple[int, np.ndarray]: The frames in order, each with its number: RGB, shape (H, W, 3).

    Raises:
        ValueError: If a frame cannot be decoded.
    """
    stream, times = video_stream(video.container), video.times
    decoder, pictures = stream.codec_context, Pictures(video.filename, stream)
    # Raw streams do not say when a frame is shown, others when it is decoded: then all are decoded and counted.
    undated = times.stamps is None or times.num_repeated or (decoder.has_b_frames and not times.reordered)
    count, waiting = 0, set(numbers)
    with video.container:
        try:
            for packet in [*video.packets, None]:  # None: nothing follows, so what is held back comes out
                if not waiting:
                    return
                if packet and not undated and packet.pts is not None:  # a second field goes with its first
                    decoder.skip_frame = 'DEFAULT' if times.index_of(packet.pts) in waiting else 'NONREF'
                for frame in decoder.decode(packet):
                    number = count if undated else times.index_of(frame.pts)
                    count += 1
                    if number in waiting:
                        waiting.remove(number)
                        yield number, pictures(frame)
        except av.error.FFmpegError as error:
            raise ValueError(f'{video.filename} cannot be decoded ({error}); replace it.') from None
    if waiting:
        raise ValueError(f'{video.filename}: frame {min(waiting)} cannot be decoded; replace it.')
