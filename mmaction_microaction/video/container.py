"""Opens video files with PyAV, and reads their packets without decoding them."""

from collections.abc import Iterator
from pathlib import Path

import av

from mmaction_microaction.utils.parallel import count_cpus

from .frames import MAX_PIXELS, check_resolution
from .mp4_tables import check_tables

FORMATS = 'asf,avi,flv,h264,hevc,m4v,matroska,mov,mpeg,mpegts,mpegvideo,mxf,ogg'
"""FFmpeg's names of the formats that are opened. Playlists and file lists are left out: they would open other files."""
SIZED_FORMATS = ('avi', 'matroska,webm', 'mov,mp4,m4a,3gp,3g2,mj2')
"""FFmpeg's names of the formats whose header contains the size of the frames."""
MAX_THREADS = 16
"""Maximum number of threads that decode a video, as in FFmpeg. Each thread keeps frames in memory."""


def open_container(path: str | Path) -> av.container.InputContainer:
    """Open a file for reading with PyAV.

    Args:
        path (str | Path): Path of the file.

    Returns:
        av.container.InputContainer: The opened file. The caller closes it.

    Raises:
        av.error.FFmpegError: If the file cannot be read.
        ValueError: If its format is not one of :data:`FORMATS`, or its header claims more frames than fit into it.
    """
    check_tables(path)
    options = {'format_whitelist': FORMATS, 'max_pixels': str(MAX_PIXELS)}
    try:
        # FFmpeg would read a colon in a relative path as the end of a protocol name. Titles in old files are in any
        # encoding, hence metadata_errors.
        return av.open(str(Path(path).absolute()), options=options, metadata_errors='replace')
    except av.error.ArgumentError:
        raise ValueError(
            f'{path} is not in a supported video format; if it is a video, encode it again, as MP4'
        ) from None


def find_video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream | None:
    """Find the stream that players show, which is not a thumbnail or an album cover before it.

    Args:
        container (av.container.InputContainer): The opened file.

    Returns:
        av.video.stream.VideoStream | None: The stream, or None if the file contains only sound or text.

    Raises:
        ValueError: If FFmpeg has no decoder for the stream.
    """
    stream = container.streams.best('video')
    if stream and not stream.codec_context:
        raise ValueError(f'{container.name} has a codec that FFmpeg cannot decode; encode it again, as MP4')
    return stream


def prepare_video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream | None:
    """Find the stream that players show, and limit the size of the frames that its decoder accepts.

    Args:
        container (av.container.InputContainer): The opened file.

    Returns:
        av.video.stream.VideoStream | None: The stream, or None if the file contains only sound or text.

    Raises:
        ValueError: If the frames have more than :data:`MAX_PIXELS` pixels, or FFmpeg has no decoder for the stream.
    """
    stream = find_video_stream(container)
    if stream:
        decoder = stream.codec_context
        # Formats without a header may reveal the size only with the first frames.
        if decoder.width or container.format.name in SIZED_FORMATS:
            check_resolution(container.name, decoder.width, decoder.height)
        # Later frames may be larger than the header states.
        decoder.options = {**decoder.options, 'max_pixels': str(MAX_PIXELS)}
    return stream


def use_threads(stream: av.video.stream.VideoStream) -> None:
    """Let a decoder use as many threads as there are CPUs for this process. FFmpeg would ignore quotas of containers.

    Args:
        stream (av.video.stream.VideoStream): The stream, of which no frame was decoded yet.
    """
    stream.thread_type = 'AUTO'
    stream.codec_context.thread_count = min(count_cpus(), MAX_THREADS)


def read_packets(container: av.container.InputContainer) -> Iterator[av.packet.Packet]:
    """Read the packets of the video stream without decoding them.

    Args:
        container (av.container.InputContainer): An opened file with a video stream.

    Yields:
        av.packet.Packet: Packets in decoding order. A packet that is ``is_discard`` is never shown: a stream-copied cut
        contains such packets because other frames refer to them.
    """
    return (packet for packet in container.demux(prepare_video_stream(container)) if packet.size)
