"""Reads and writes video files, frame by frame, so that their length costs no memory."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import av
import cv2
import numpy as np


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


def open_container(path):
    """Open a file for reading with PyAV.

    Args:
        path (str | Path): The file.

    Returns:
        av.container.InputContainer: To be closed by the caller.

    Raises:
        av.error.FFmpegError: If it cannot be read.
        ValueError: If it is of none of :data:`FORMATS`.
    """
    try:
        # Titles in old files are in whatever alphabet the camera had.
        return av.open(str(path), options={'format_whitelist': FORMATS}, metadata_errors='replace')
    except av.error.ArgumentError:
        raise ValueError(f'{path} is in no format of videos that is opened here; encode it anew, as MP4') from None


def picture_stream(container):
    """Choose what players show of a file: not a thumbnail or the cover of an album, which may come first.

    Args:
        container (av.container.InputContainer): Of the file.

    Returns:
        av.video.stream.VideoStream | None: None in a file of sound or text.
    """
    return container.streams.best('video')


def read_packets(container):
    """Read the packets of the pictures, without decoding any.

    Args:
        container (av.container.InputContainer): Of a file with pictures.

    Yields:
        av.packet.Packet: As they are decoded. Those that are ``is_discard`` are never shown: videos that were cut
        without encoding them anew carry some, because others refer to them.
    """
    return (packet for packet in container.demux(picture_stream(container)) if packet.size)


def frame_times(packets, stream):
    """List when the frames of a stream are shown.

    Camcorders (AVCHD) may write the two fields of an interlaced frame as a packet each, the second without a time.

    Args:
        packets (Iterable[av.packet.Packet]): All of the stream.
        stream (av.video.stream.VideoStream): The stream.

    Returns:
        list[int | None]: As they are decoded, in the stream's units; None where the file does not say.
    """
    times = [packet.pts for packet in packets if not packet.is_discard]
    known = sorted(time for time in times if time is not None)
    if 1 < len(known) < len(times) and stream.average_rate:
        # Where frames have no time, as in program streams, those that have one are further apart.
        distance = np.median(np.diff(known)) * stream.time_base * stream.average_rate
        if abs(distance - 1) < 0.1:
            return [time for time in times if time is not None]
    return times


def frame_rate(times, stream):
    """Work out the average rate of frames, since files may name another: recorders of calls and screens vary it.

    Args:
        times (list[int | None]): Of :func:`frame_times`.
        stream (av.video.stream.VideoStream): What says the rate where the times do not contradict.

    Returns:
        float | None: Frames per second, None if nothing says.
    """
    said = stream.average_rate or stream.guessed_rate
    span = 0 if None in times else max(times, default=0) - min(times, default=0)
    measured = (len(times) - 1) / (span * stream.time_base) if span else said
    if not measured:
        return None
    return float(said if said and abs(measured / said - 1) < 0.02 else measured)


class _Packet(NamedTuple):
    pts: int
    is_discard: bool


class Video:
    """A video file, upright, whatever way the camera was held.

    Attributes:
        num_frames (int): A damaged file may hold fewer.
        fps (float): Frames per second, on average.
        times (np.ndarray): When each frame is shown, seconds since the first, shape (num_frames,).

    Args:
        path (str | Path): The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no video, or has no frames.
    """

    def __init__(self, path):
        self.path = str(path)
        try:
            with open_container(path) as container:
                stream = picture_stream(container)
                if not stream:
                    raise ValueError(f'{path} has no pictures, only sound or text; give a video')
                # Not the packets themselves, which are as large as the file.
                packets = [_Packet(packet.pts, packet.is_discard) for packet in read_packets(container)]
                times = frame_times(packets, stream)
                fps, unit = frame_rate(times, stream), stream.time_base
                missing = max(stream.frames - len(packets), 0)
                lasts = float((stream.duration or 0) * unit * (fps or 0))
                decoding_times = container.format.name == 'avi' and stream.codec_context.has_b_frames
        except FileNotFoundError:
            raise FileNotFoundError(f'{path}: no such video') from None
        except (av.FFmpegError, OSError) as error:
            raise ValueError(f'{path} cannot be read as a video ({error.strerror}); give another file') from None
        if not times or not fps:
            raise ValueError(f'{path} has no frames; give another file')
        # What was cut without encoding may have fewer frames than its header says, but lasts as long as it says; what
        # breaks off does neither.
        if abs(lasts - len(times)) < 1.5:
            missing = 0
        self.fps, self.num_frames = fps, len(times) + missing
        seconds = np.arange(self.num_frames) / fps
        self._places = {}
        if None not in times:
            ordered = sorted(times)
            if len(set(times)) < 0.9 * len(times):
                raise ValueError(
                    f'{path} has several frames for the same moments, as files have that were joined byte by byte; '
                    'join them by encoding them anew'
                )
            known = (np.array(ordered) - ordered[0]) * float(unit)
            seconds = np.append(known, known[-1] + seconds[1 : missing + 1])
            # In AVI, frames that wait for later ones say when they are decoded, not when they are shown.
            if not decoding_times:
                self._places = {pts: place for place, pts in reversed(list(enumerate(ordered)))}
        self.times = seconds

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
            number = 0
            for frame in _decode(container, stream):
                place = max(self._places.get(frame.pts, number), number)
                if place >= self.num_frames:
                    return
                image = partial(upright, frame)
                for missing in range(number, place if place - number <= self.fps / 2 else number):
                    yield Frame(missing, float(self.times[missing]), image)
                yield Frame(place, float(self.times[place]), image)
                number = place + 1


def _decode(container, stream):
    """Decode a stream, passing over what is damaged."""
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def upright(frame):
    """Convert a frame to RGB, and turn it as the file says that it is to be shown.

    Args:
        frame (av.VideoFrame): The frame.

    Returns:
        np.ndarray: Shape (height, width, 3), uint8.
    """
    image = frame.to_ndarray(format='rgb24')
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90))) if frame.rotation else image


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
    unfinished = f'{path}.part'
    try:
        with av.open(unfinished, 'w', format='mp4') as container:
            # One thread: the clips themselves are spread over the processes.
            options = {'preset': 'veryfast', 'crf': str(crf), 'threads': '1'}
            if cv2.checkHardwareSupport(_SSE4_2):
                # With x264's AVX-512 code for macroblock trees, 1 % of small videos differ from run to run, by where
                # its buffers lie in memory. AVX and AVX2 save no time that could be measured.
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
        os.replace(unfinished, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise
