"""Writes video files."""

import av
import cv2

from mmaction_microaction.utils.files import atomic_write

_SSE4_2 = 7
"""OpenCV's CPU_SSE4_2, which its Python has no name for."""


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
