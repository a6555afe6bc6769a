"""Writes videos of all kinds."""

from fractions import Fraction

import av
import numpy as np


def write_frames(path, images, codec='libx264', pixels='yuv420p', rate=25, options=None, stamps=None, change=None):
    """Write a video.

    Args:
        path (Path): The file.
        images (list[np.ndarray | av.VideoFrame]): RGB pictures, uint8, or frames.
        codec (str): FFmpeg's name of the encoder.
        pixels (str): FFmpeg's name of the format of pixels.
        rate (int): Frames per second.
        options (dict, optional): Of the encoder.
        stamps (list[int], optional): Times of the frames, milliseconds. Defaults to None: by the rate.
        change (Callable, optional): Called with the stream before the first frame.
    """
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        first = images[0]
        stream.height, stream.width = (first.height, first.width) if hasattr(first, 'pts') else first.shape[:2]
        stream.pix_fmt = pixels
        if stamps:
            stream.codec_context.time_base = Fraction(1, 1000)
        if change:
            change(stream)
        for number, image in enumerate(images):
            frame = image if hasattr(image, 'pts') else av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = (stamps[number], Fraction(1, 1000)) if stamps else (number, Fraction(1, rate))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def grey(levels, size=(64, 48)):
    """Make pictures that are grey all over.

    Args:
        levels (Iterable[int]): From 0 to 255, one a picture.
        size (tuple[int, int]): Width and height.

    Returns:
        list[np.ndarray]: The pictures.
    """
    return [np.full((size[1], size[0], 3), level, np.uint8) for level in levels]


def cut_without_encoding(source, target, first):
    """Leave out the packets before a key frame, and by an edit list the pictures before the first that is wanted."""
    with av.open(str(source)) as video, av.open(str(target), 'w') as container:
        stream = container.add_stream_from_template(video.streams.video[0])
        packets = [packet for packet in video.demux(video.streams.video[0]) if packet.size]
        start = sorted(packet.pts for packet in packets)[first]
        key = max(number for number, packet in enumerate(packets) if packet.is_keyframe and packet.pts <= start)
        for packet in packets[key:]:
            packet.pts, packet.dts = packet.pts - start, packet.dts - start
            packet.stream = stream
            container.mux(packet)
