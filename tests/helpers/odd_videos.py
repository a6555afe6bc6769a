"""Writers of videos with unusual codecs, pixel formats, times and cuts."""

from fractions import Fraction

import av
import numpy as np


def write_frames(path, images, codec='libx264', pixels='yuv420p', rate=25, options=None, stamps=None, change=None):
    """Write a video.

    Args:
        path (Path): Path of the file.
        images (list[np.ndarray | av.VideoFrame]): RGB images, uint8, or frames.
        codec (str): Name of the encoder in FFmpeg.
        pixels (str): Name of the pixel format in FFmpeg.
        rate (int): Frames per second.
        options (dict, optional): Options of the encoder.
        stamps (list[int], optional): Times of the frames in milliseconds. Defaults to None: times follow the rate.
        change (Callable, optional): Function that is called with the stream before the first frame.
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
        for index, image in enumerate(images):
            frame = image if hasattr(image, 'pts') else av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = (stamps[index], Fraction(1, 1000)) if stamps else (index, Fraction(1, rate))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def grey(levels, size=(64, 48)):
    """Return uniformly grey images.

    Args:
        levels (Iterable[int]): Brightness of each image, 0 to 255.
        size (tuple[int, int]): Width and height of the images.

    Returns:
        list[np.ndarray]: RGB images.
    """
    return [np.full((size[1], size[0], 3), level, np.uint8) for level in levels]


def cut_without_encoding(source, target, first):
    """Remove the packets before a key frame, and hide the remaining frames before index ``first`` by an edit list."""
    with av.open(str(source)) as video, av.open(str(target), 'w') as container:
        stream = container.add_stream_from_template(video.streams.video[0])
        packets = [packet for packet in video.demux(video.streams.video[0]) if packet.size]
        start = sorted(packet.pts for packet in packets)[first]
        key = max(index for index, packet in enumerate(packets) if packet.is_keyframe and packet.pts <= start)
        for packet in packets[key:]:
            packet.pts, packet.dts = packet.pts - start, packet.dts - start
            packet.stream = stream
            container.mux(packet)


def numbered(count, size=(64, 48)):
    """Return frames whose grey level encodes their index."""
    return [np.full((size[1], size[0], 3), 20 + 4 * i, np.uint8) for i in range(count)]


def write_plain(path, frames, rotation=0, codec='libx264', **options):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options={'crf': '5', 'bf': '0', **options})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = 'yuv420p'
        if rotation:
            stream.set_display_rotation(rotation)
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))
