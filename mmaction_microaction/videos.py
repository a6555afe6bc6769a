"""Reads and writes video files, frame by frame, so that their length costs no memory."""

import os
from typing import Callable, NamedTuple

import av
import numpy as np


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
        num_frames (int): As the header says, or as counted where it does not; a damaged file may hold fewer.
        fps (float): Frames per second, on average.

    Args:
        path (str | Path): The file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no video, or has no frames.
    """

    def __init__(self, path):
        self.path = str(path)
        try:
            with av.open(self.path) as container:
                stream = container.streams.video[0]
                rate, self.num_frames = stream.average_rate, stream.frames
                # Containers such as Matroska do not say how many frames, and browsers record them as they come, with
                # no rate; to look at packets, nothing has to be decoded.
                if not (rate and self.num_frames):
                    times = [packet.pts or 0 for packet in container.demux(stream) if packet.size]
                    self.num_frames = len(times)
                    rate = rate or _rate(times, stream)
        except FileNotFoundError:
            raise FileNotFoundError(f'{path}: no such video') from None
        except IndexError:
            raise ValueError(f'{path} has no pictures, only sound or text; give a video') from None
        except (av.FFmpegError, OSError) as error:
            raise ValueError(f'{path} cannot be read as a video ({error.strerror}); give another file') from None
        if not self.num_frames or not rate:
            raise ValueError(f'{path} has no frames; give another file')
        self.fps = float(rate)

    @property
    def duration(self):
        """float: Seconds."""
        return self.num_frames / self.fps

    def frames(self):
        """Decode the video from start to end.

        Yields:
            Frame: One after the other; fewer than ``num_frames`` if the file is damaged.
        """
        with av.open(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = 'AUTO'
            first = None
            try:
                for index, frame in enumerate(container.decode(stream)):
                    time = frame.time if frame.time is not None else index / self.fps
                    first = time if first is None else first
                    yield Frame(index, time - first, lambda frame=frame: _upright(frame))
            except av.FFmpegError:
                # What follows cannot be decoded; the caller compares what came with num_frames.
                return


def _rate(times, stream):
    """Frames per second, of frames shown at these times in the stream's units."""
    units = max(times, default=0) - min(times, default=0)
    return (len(times) - 1) / (units * stream.time_base) if units else stream.guessed_rate


def _upright(frame):
    """Turn a frame into an RGB picture, the way up that its file says."""
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format='rgb24'), round(frame.rotation / 90)))


def write_video(path, frames, size, fps, crf):
    """Write H.264 in MP4, readable by decord, OpenCV and PyAV alike, so that it is either complete or absent.

    Args:
        path (str): Name of the file, ``*.mp4``.
        frames (Iterable[np.ndarray]): RGB frames, shape (height, width, 3), uint8.
        size (tuple[int, int]): Width and height in pixels, even numbers.
        fps (int | Fraction): Frames per second.
        crf (int): x264's rate factor; higher is smaller and worse.
    """
    unfinished = f'{path}.part'
    with av.open(unfinished, 'w', format='mp4') as container:
        # One thread: the clips themselves are spread over the processes.
        options = {'preset': 'veryfast', 'crf': str(crf), 'threads': '1'}
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
