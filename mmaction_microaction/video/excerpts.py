"""Decodes short parts of long videos, without decoding what is before and after them."""

from collections.abc import Callable

import av
import numpy as np

from mmaction_microaction.utils.messages import format_count

from .container import open_container, prepare_video_stream, use_threads
from .frames import FrameConverter
from .reader import Video

LEAD_SECONDS = 1.0
"""Seconds before the first frame to which the file is searched. Some files list key frames a little too early."""


def read_excerpt(
    video: Video, first: int, last: int, convert: Callable[[int, np.ndarray], np.ndarray] = lambda index, image: image
) -> list[np.ndarray]:
    """Decode consecutive frames of a video.

    Args:
        video (Video): The open video.
        first (int): Index of the first frame.
        last (int): Index of the last frame, inclusive.
        convert (Callable[[int, np.ndarray], np.ndarray]): Function of the index of a frame and its RGB image, shape
            (height, width, 3), uint8, that returns the image that is kept, for example a smaller one. Defaults to a
            function that returns the image.

    Returns:
        list[np.ndarray]: The images, one per frame.

    Raises:
        ValueError: If a frame cannot be decoded, or the video has no such frame.
    """
    if not 0 <= first <= last < video.num_frames:
        raise ValueError(
            f'{video.path} has {format_count(video.num_frames, "frame")}, not the frames {first:,} to {last:,}'
        )
    images: dict[int, np.ndarray] = _seek(video, first, last, convert)
    if len(images) <= last - first:
        # A file without times or an index, or with damaged frames: everything before the frames is decoded, too.
        images = {}
        for frame in video.frames():
            if frame.index >= first:
                images[frame.index] = convert(frame.index, frame.to_rgb())
            if frame.index >= last:
                break
    missing = [index for index in range(first, last + 1) if index not in images]
    if missing:
        raise ValueError(f'{video.path}: frame {missing[0]:,} ({video.times[missing[0]]:.2f} s) cannot be decoded')
    return [images[index] for index in range(first, last + 1)]


def _seek(
    video: Video, first: int, last: int, convert: Callable[[int, np.ndarray], np.ndarray]
) -> dict[int, np.ndarray]:
    """Return the images by index; some are missing if the file cannot be searched."""
    times = video._frame_times
    images = {}
    if times.pts is None or times.num_repeated:
        return images
    try:
        with open_container(video.path) as container:
            stream = prepare_video_stream(container)
            if stream.codec_context.has_b_frames and not times.reordered:
                return images
            use_threads(stream)
            to_rgb = FrameConverter(video.path, stream)
            start = int(times.pts[first]) - int(LEAD_SECONDS / stream.time_base)
            container.seek(max(start, int(times.pts[0])), stream=stream)
            for frame in container.decode(stream):
                index = times.index_of(frame.pts)
                if index is not None and first <= index <= last:
                    images[index] = convert(index, to_rgb(frame))
                if index is not None and index >= last:
                    break
    except av.FFmpegError:
        pass
    return images
