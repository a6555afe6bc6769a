"""Draws a result below the frames of its video."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.video.times import LONGEST_STILL
from mmaction_microaction.video.writer import write_video
from mmaction_microaction.visualization.skeleton import draw_poses
from mmaction_microaction.visualization.style import group_color

from .bands import legible_on, make_band
from .results import ClipResult, DetectionResult, TimelineResult

MIN_WIDTH = 480
"""Minimum width in pixels. Narrower videos are enlarged, so that names are legible and fit."""
MAX_SIDE = 3840
"""Maximum width and height in pixels. Larger videos are scaled down, since encoders keep dozens of frames in memory."""


def write_labeled_video(
    result: ClipResult | TimelineResult | DetectionResult | Sequence[ClipResult | TimelineResult | DetectionResult],
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    poses: Poses | None = None,
) -> None:
    """Write the video of a result with a band below it that shows the actions. The new video has no sound.

    If the network saw a part of the frames, a box shows this part. With several people, each has a band, and their
    names are written in the boxes and above the bands.

    Args:
        result (ClipResult | TimelineResult | DetectionResult | Sequence[ClipResult | TimelineResult |
            DetectionResult]): The result, whose ``video`` is the path of the video, or the results of the people in one
            video.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.
        poses (Poses, optional): Poses of the video, which are drawn over its frames. Defaults to None.

    Raises:
        FileNotFoundError: If the video of the result is missing.
        ValueError: If the video of the result cannot be read.
    """
    results = list(result) if isinstance(result, Sequence) else [result]
    video = Video(results[0].video)
    rate, scale, (width, height), frames = read_playable(video)
    band_width = max(width, MIN_WIDTH)
    left = (band_width - width) // 2
    bands = [make_band(result, band_width) for result in results]
    titles = [band.draw_title(result.person) for result, band in zip(results, bands)]

    def images():
        for frame, image in frames:
            if poses is not None:
                image = draw_poses(image, poses, frame.index)
            image = draw_boxes(image, results, frame.index, scale)
            # Narrow and tall frames have black borders at the sides.
            image = np.pad(image, ((0, 0), (left, band_width - width - left), (0, 0)))
            shown = [part for title, band in zip(titles, bands) for part in (title, band.at(frame.time))]
            yield np.vstack([image, *shown])
            if progress:
                progress(frame.index + 1, video.num_frames)

    height_of_bands = sum(len(title) + band.height for title, band in zip(titles, bands))
    write_video(path, images(), (band_width, height + height_of_bands), fps=rate, crf=20)


def draw_boxes(
    image: np.ndarray,
    results: Sequence[ClipResult | TimelineResult | DetectionResult],
    index: int = 0,
    scale: float = 1.0,
) -> np.ndarray:
    """Draw the parts of a frame that a network saw, with the names of the people if there are several.

    Args:
        image (np.ndarray): RGB frame, shape (height, width, 3), uint8.
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): Results of the people in the video.
        index (int): Index of the frame. Defaults to 0.
        scale (float): Size of the image relative to the frame of the video. Defaults to 1.

    Returns:
        np.ndarray: The frame with a box for each result that is not based on whole frames.
    """
    if all(result.boxes is None for result in results):
        return image
    drawn = Image.fromarray(image)
    draw, (width, height) = ImageDraw.Draw(drawn), drawn.size
    line, font = max(round(width / 250), 2), ImageFont.load_default(max(width / 30, 12))
    for number, result in enumerate(results):
        if result.boxes is None:
            continue
        x, y, box_width, box_height = (result.boxes[index] * scale).tolist()
        # Edges outside the frame are drawn at its border.
        corners = [(x, y), (x + box_width, y + box_height)]
        corners = [(min(max(x, 0), width - 1), min(max(y, 0), height - 1)) for x, y in corners]
        color = group_color(number)
        draw.rectangle(corners, outline=color, width=line)
        if result.person:
            position = tuple(side + 2 * line for side in corners[0])
            draw.rectangle(draw.textbbox(position, result.person, font), color)
            draw.text(position, result.person, legible_on(color), font)
    return np.asarray(drawn)


def write_pose_video(
    poses: Poses,
    video: str | Path | Video,
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a video with the skeletons of its people. The new video has no sound.

    Args:
        poses (Poses): Poses of the video.
        video (str | Path | Video): Path of the video, or the open video.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.

    Raises:
        FileNotFoundError: If the video is missing.
        ValueError: If the video cannot be read.
    """
    video = video if isinstance(video, Video) else Video(video)
    rate, _, size, frames = read_playable(video)

    def images():
        for frame, image in frames:
            yield draw_poses(image, poses, frame.index)
            if progress:
                progress(frame.index + 1, video.num_frames)

    write_video(path, images(), size, fps=rate, crf=20)


def read_playable(video: Video) -> tuple[Fraction, float, tuple[int, int], Iterator[tuple[Frame, np.ndarray]]]:
    """Read a video at a constant rate, in a size that encoders accept and in which names are legible.

    Args:
        video (Video): The open video.

    Returns:
        tuple[Fraction, float, tuple[int, int], Iterator[tuple[Frame, np.ndarray]]]: Frames per second, scale, width and
        height, and the frames with their images, RGB, shape (height, width, 3), uint8.
    """
    rate = Fraction(min(max(video.fps, 1), 240)).limit_denominator(1001)
    frames = resample_frames(video.frames(), rate)
    first = next(frames)
    height, width = first.to_rgb().shape[:2]
    scale = min(max(MIN_WIDTH / width, 1), MAX_SIDE / max(width, height))
    interpolation = cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC
    # H.264 requires even sides.
    size = tuple(max(round(side * scale / 2) * 2, 2) for side in (width, height))
    frames = chain([first], frames)
    return (
        rate,
        scale,
        size,
        ((frame, cv2.resize(frame.to_rgb(), size, interpolation=interpolation)) for frame in frames),
    )


def resample_frames(frames: Iterable[Frame], rate: Fraction | float) -> Iterator[Frame]:
    """Repeat and drop frames of a variable-rate video, so that each frame is shown at its time at a constant rate.

    A gap of more than two minutes without a frame is left out.

    Args:
        frames (Iterable[Frame]): Frames of the video from its start.
        rate (Fraction | float): Constant rate in frames per second.

    Yields:
        Frame: Frames at the constant rate.
    """
    count, shown, left_out = 0, None, 0
    for frame in frames:
        if shown and frame.time - shown.time > LONGEST_STILL:
            left_out += frame.time - shown.time - 1 / rate
        while shown and (count + 0.5) / rate <= frame.time - left_out:
            yield shown
            count += 1
        shown = frame
    if shown:
        yield shown
