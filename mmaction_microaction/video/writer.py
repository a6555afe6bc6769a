"""Writes video files."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from mmaction_microaction.utils.files import atomic_write
from mmaction_microaction.utils.parallel import count_cpus

from .sound import Sound

_SSE4_2 = 7
"""Value of OpenCV's CPU_SSE4_2, for which its Python bindings have no name."""
MAX_THREADS = 4
"""Maximum number of threads that encode a video for viewers. Each thread keeps several frames in memory."""


def write_video(
    path: str | Path, frames: Iterable[np.ndarray], size: tuple[int, int], *, fps: int | Fraction, crf: int = 23
) -> None:
    """Write an MP4 file with H.264, which decord, OpenCV and PyAV can read.

    The file is either complete or absent. The same frames always result in the same bytes.

    Args:
        path (str | Path): Path of the file, ``*.mp4``.
        frames (Iterable[np.ndarray]): RGB frames, shape (height, width, 3), uint8.
        size (tuple[int, int]): Width and height in pixels, both even.
        fps (int | Fraction): Frames per second.
        crf (int): Constant rate factor of x264. A higher value results in a smaller file of lower quality.
            Defaults to 23, the default of x264.
    """
    with atomic_write(path) as unfinished, av.open(str(unfinished.absolute()), 'w', format='mp4') as container:
        # One thread per file: callers that write many clips use several processes.
        options = {'preset': 'veryfast', 'crf': str(crf), 'threads': '1'}
        if cv2.checkHardwareSupport(_SSE4_2):
            # The AVX-512 code of x264 for macroblock trees depends on the memory addresses of its buffers: 1 % of small
            # videos differ from run to run. AVX and AVX2 save no measurable time.
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


def write_playable_video(
    path: str | Path,
    frames: Iterable[np.ndarray],
    size: tuple[int, int],
    *,
    fps: int | Fraction,
    crf: int = 21,
    sound: Sound | None = None,
) -> None:
    """Write an MP4 file with H.264 that people watch: with sound, and encoded faster than by :func:`write_video`.

    The file is either complete or absent.

    Args:
        path (str | Path): Path of the file, ``*.mp4``.
        frames (Iterable[np.ndarray]): RGB frames, shape (height, width, 3), uint8. A frame may be overwritten when the
            next one is requested.
        size (tuple[int, int]): Width and height in pixels, both even.
        fps (int | Fraction): Frames per second.
        crf (int): Constant rate factor of x264. Defaults to 21.
        sound (Sound, optional): Sound, which ends with the last frame. Defaults to None.
    """
    threads = min(count_cpus(), MAX_THREADS)
    options = {'preset': 'superfast', 'crf': str(crf), 'threads': str(threads)}
    with atomic_write(path) as unfinished:
        # The index at the start of the file lets browsers play it before it is loaded.
        container = av.open(str(unfinished.absolute()), 'w', format='mp4', container_options={'movflags': '+faststart'})
        with container:
            stream = container.add_stream('libx264', rate=fps, options=options)
            stream.width, stream.height = size
            stream.pix_fmt = 'yuv420p'
            # Players jump to key frames.
            stream.codec_context.gop_size = max(round(2 * fps), 1)
            stream.codec_context.max_b_frames = 0
            # Players take videos without these tags for BT.709 from a height of 720 on.
            stream.codec_context.colorspace = Colorspace.ITU601
            stream.codec_context.color_range = ColorRange.MPEG
            if sound:
                sound.add_to(container)
            for count, frame in enumerate(frames, start=1):
                # OpenCV converts colours faster than FFmpeg, by the same equations (BT.601).
                converted = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(converted, format='yuv420p')))
                if sound:
                    sound.write(container, float(count / fps))
            container.mux(stream.encode(None))
