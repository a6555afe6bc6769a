"""Reads and writes video files, frame by frame, so that their length costs no memory."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av
import cv2

from mmaction_microaction.files import atomic_write

from .mp4_tables import check_tables
from .pictures import MAX_PIXELS, Pictures, check_size
from .video_times import frame_times


class Frame(NamedTuple):
    """A frame of a video."""

    index: int
    """From 0."""
    time: float
    """Seconds since the first frame."""
    image: Callable
    """Gives the RGB picture, shape (height, width, 3), uint8; frames that nobody looks at are not converted."""


FORMATS = 'asf,avi,flv,h264,hevc,m4v,matroska,mov,mpeg,mpegts,mpegvideo,mxf,ogg'
"""FFmpeg's names of what is opened. Playlists and lists of files are not: they would have other files read."""

_SSE4_2 = 7
"""OpenCV's CPU_SSE4_2, which its Python has no name for."""
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


def picture_stream(container):
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
    return (packet for packet in container.demux(picture_stream(container)) if packet.size)


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
                stream = picture_stream(container)
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
            stream = picture_stream(container)
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


def write_video(path, frames, size, fps, crf):
    """Write H.264 in MP4, readable by decord, OpenCV and PyAV alike, so that it is either complete or absent.

    The same frames give the same bytes.

    Args:
        path (str): Name of the file, ``*.mp4``.
        frames (Iterable[np.ndarray]): RGB frames, shape (height, width, 3), uint8.
        size (tuple[int, int]): Width and height in pixels, even numbers.
        fps (int | Fraction): Frames per second.
        crf (int): x264's rate factor; higher is smaller and worse.
    """
    with atomic_write(path) as unfinished, av.open(str(unfinished.absolute()), 'w', format='mp4') as container:
        # One thread: the clips themselves are spread over the processes.
        options = {'preset': 'veryfast', 'crf': str(crf), 'threads': '1'}
        if cv2.checkHardwareSupport(_SSE4_2):
            # With x264's AVX-512 code for macroblock trees, 1 % of small videos differ from run to run, by where its
            # buffers lie in memory. AVX and AVX2 save no time that could be measured.
            options['x264-params'] = 'asm=MMX2,SSE2Fast,SSSE3,SSE4.2'
        stream = container.add_stream('libx264', rate=fps, options=options)
        stream.width, stream.height = size
        stream.pix_fmt = 'yuv420p'
        # A key frame every 0.4 s makes it cheap to read single frames, as TSN and TSM do.
        stream.codec_context.gop_size = 12
        stream.codec_context.max_b_frames = 0
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))
