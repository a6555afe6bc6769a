"""Reads videos as labelled videos show them: at a constant rate, and in a size that encoders accept."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

import cv2
import numpy as np

from mmaction_microaction.video.reader import Frame, Video

MIN_WIDTH = 480
"""Minimum width in pixels. Narrower videos are enlarged, so that names are legible and fit."""
MAX_SIDE = 3840
"""Maximum width and height in pixels. Larger videos are scaled down, since encoders keep dozens of frames in memory."""


class PlayableFrames(NamedTuple):
    """The frames of a video at a constant rate."""

    rate: Fraction
    """Frames per second."""
    scale: float
    """Size of the images relative to the frames of the video."""
    size: tuple[int, int]
    """Width and height of the images in pixels, both even."""
    frames: Iterator[tuple[Frame, np.ndarray]]
    """The frames with their images, RGB, shape (height, width, 3), uint8. A frame that is repeated has the same
    image."""
    left_out: list[tuple[float, float]]
    """Start and end in seconds of the parts that are left out."""


def read_playable(video: Video, max_height: int | None = None) -> PlayableFrames:
    """Read a video at a constant rate, in a size that encoders accept and in which names are legible.

    Args:
        video (Video): The open video.
        max_height (int, optional): Maximum height of the images in pixels. Defaults to None.

    Returns:
        PlayableFrames: The frames.

    Raises:
        ValueError: If no frame can be decoded.
    """
    rate = Fraction(min(max(video.fps, 1), 240)).limit_denominator(1001)
    left_out = find_left_out(video, rate)
    frames = resample_frames(video.frames(), rate, left_out)
    first = next(frames, None)
    if first is None:
        raise ValueError(f'{video.path}: no frame can be decoded; use another file')
    height, width = first.to_rgb().shape[:2]
    scale = min(max(MIN_WIDTH / width, 1), MAX_SIDE / max(width, height), (max_height or MAX_SIDE) / height)
    # H.264 requires even sides.
    size = tuple(max(round(side * scale / 2) * 2, 2) for side in (width, height))
    return PlayableFrames(rate, scale, size, _scale_frames(chain([first], frames), size), left_out)


def _scale_frames(frames: Iterable[Frame], size: tuple[int, int]) -> Iterator[tuple[Frame, np.ndarray]]:
    shown = image = None
    for frame in frames:
        if frame is not shown:
            shown, image = frame, frame.to_rgb()
            if image.shape[1::-1] != size:
                is_smaller = size[0] * size[1] <= image.shape[0] * image.shape[1]
                interpolation = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
                image = cv2.resize(image, size, interpolation=interpolation)
        yield frame, image


def find_left_out(video: Video, rate: Fraction) -> list[tuple[float, float]]:
    """Return the gaps of a video that its version at a constant rate lacks.

    Args:
        video (Video): The open video.
        rate (Fraction): Constant rate in frames per second.

    Returns:
        list[tuple[float, float]]: Start and end of each gap of more than two minutes, in seconds. The frame before a
        gap is shown as long as any other.
    """
    return [(float(before + 1 / rate), float(after)) for before, after in video.gaps]


def resample_frames(
    frames: Iterable[Frame], rate: Fraction | float, left_out: Sequence[tuple[float, float]] = ()
) -> Iterator[Frame]:
    """Repeat and drop frames of a variable-rate video, so that each frame is shown at its time at a constant rate.

    Args:
        frames (Iterable[Frame]): Frames of the video from its start.
        rate (Fraction | float): Constant rate in frames per second.
        left_out (Sequence[tuple[float, float]]): Start and end of each part that is left out, in seconds. Defaults to
            none.

    Yields:
        Frame: Frames at the constant rate.
    """
    count, shown, missing = 0, None, 0.0
    remaining = list(reversed(left_out))
    for frame in frames:
        while remaining and remaining[-1][1] <= frame.time:
            start, end = remaining.pop()
            missing += end - start
        while shown and (count + 0.5) / rate <= frame.time - missing:
            yield shown
            count += 1
        shown = frame
    if shown:
        yield shown
