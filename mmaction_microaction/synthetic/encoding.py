"""Writes videos: H.264 in MP4, readable by decord, OpenCV and PyAV alike."""

import os

import av


def write_video(path, frames, size, fps, crf):
    """Write a video so that it is either complete or absent.

    Args:
        path (str): Name of the file, ``*.mp4``.
        frames (Iterable[np.ndarray]): RGB frames, shape (height, width, 3), uint8.
        size (tuple[int, int]): Width and height in pixels, even numbers.
        fps (int): Frames per second.
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
