"""Opens video files with PyAV, and reads packets without decoding them."""

from pathlib import Path

import av

from mmaction_microaction.video.frames import MAX_PIXELS, check_size
from mmaction_microaction.video.mp4_tables import check_tables

FORMATS = 'asf,avi,flv,h264,hevc,m4v,matroska,mov,mpeg,mpegts,mpegvideo,mxf,ogg'
"""FFmpeg's names of what is opened. Playlists and lists of files are not: they would have other files read."""


SIZED_FORMATS = ('avi', 'matroska,webm', 'mov,mp4,m4a,3gp,3g2,mj2')
"""FFmpeg's names of formats whose header says how large the pictures are."""


def open_container(path):
    """Open a file for reading with PyAV.

    Args:
        path (str | Path): The file.

    Returns:
        av.container.InputContainer: To be closed by the caller.

    Raises:
        av.error.FFmpegError: If it cannot be read.
        ValueError: If it is of none of :data:`FORMATS`, or claims more frames than it can hold.
    """
    check_tables(path)
    options = {'format_whitelist': FORMATS, 'max_pixels': str(MAX_PIXELS)}
    try:
        # An absolute path, or FFmpeg would take what comes before a colon for a protocol. Titles in old files are in
        # whatever alphabet the camera had.
        return av.open(str(Path(path).absolute()), options=options, metadata_errors='replace')
    except av.error.ArgumentError:
        raise ValueError(f'{path} is in no format of videos that is opened here; encode it anew, as MP4') from None


def video_stream(container):
    """Choose what players show of a file: not a thumbnail or the cover of an album, which may come first.

    Args:
        container (av.container.InputContainer): Of the file.

    Returns:
        av.video.stream.VideoStream | None: None in a file of sound or text.

    Raises:
        ValueError: If its pictures are too large, or nothing decodes them.
    """
    stream = container.streams.best('video')
    if stream:
        decoder = stream.codec_context
        if not decoder:
            raise ValueError(f'{container.name} is of a codec that FFmpeg cannot decode; encode it anew, as MP4')
        # Streams without a header may tell the size later.
        if decoder.width or container.format.name in SIZED_FORMATS:
            check_size(container.name, decoder.width, decoder.height)
        # Pictures may be larger than the file says at first.
        decoder.options = {**decoder.options, 'max_pixels': str(MAX_PIXELS)}
    return stream


def read_packets(container):
    """Read the packets of the pictures, without decoding any.

    Args:
        container (av.container.InputContainer): Of a file with pictures.

    Yields:
        av.packet.Packet: As they are decoded. Those that are ``is_discard`` are never shown: videos that were cut
        without encoding them anew carry some, because others refer to them.
    """
    return (packet for packet in container.demux(video_stream(container)) if packet.size)
