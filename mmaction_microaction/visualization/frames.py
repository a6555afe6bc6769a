"""Frames of a clip: reading them as the networks do, and drawing them in rows."""

from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.video.reader import Video

from .style import new_figure

NUM_FRAMES = 8
"""Maximum number of frames in a row."""

FRAMES_WIDTH = 7.5
"""Width in inches of a figure with rows of frames."""

_MARGIN, _GAP = 0.12, 0.04
_WIDTH = (FRAMES_WIDTH - 2 * _MARGIN - (NUM_FRAMES - 1) * _GAP) / NUM_FRAMES
_MAX_HEIGHT = 1.8


def read_frames(path: str | Path, num_frames: int = NUM_FRAMES, short_side: int = 160) -> np.ndarray:
    """Read the frames in the middle of equal parts of a video, on which TSN, TSM and MANet are tested.

    Args:
        path (str | Path): Path of the video.
        num_frames (int): Number of frames T. Defaults to 8.
        short_side (int): Length in pixels to which the short side of the frames is scaled. Defaults to 160.

    Returns:
        np.ndarray: RGB frames, uint8, shape (T, H, W, 3).

    Raises:
        ValueError: If the video cannot be read.
    """
    video = Video(path)
    wanted = ((np.arange(num_frames) + 0.5) * video.num_frames / num_frames).astype(int)
    frames = {frame.index: frame.to_rgb() for frame in video.frames() if frame.index in wanted}
    if len(frames) < len(set(wanted)):
        raise ValueError(f'{path} ends before its last frame; replace it.')
    return np.stack([mmcv.imrescale(frames[index], (np.inf, short_side)) for index in wanted])


def pick_frames(frames: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Pick the frames of a row: all frames, or eight evenly spaced ones if there are more.

    Args:
        frames (Sequence[np.ndarray]): One or more RGB frames, uint8, each of the same shape (H, W, 3).

    Returns:
        tuple[np.ndarray, np.ndarray]: Frames, shape (T, H, W, 3) with T of at most 8, and their indices, shape (T,).

    Raises:
        ValueError: If there is no frame, or if shapes or types do not fit.
    """
    shapes = {(np.shape(frame), np.asarray(frame).dtype.name) for frame in frames}
    if len(shapes) != 1 or not all(len(shape) == 3 and shape[2] == 3 and dtype == 'uint8' for shape, dtype in shapes):
        raise ValueError(f'expected frames of one shape (H, W, 3), uint8, got {sorted(shapes) or "none"}')
    num_frames = min(len(frames), NUM_FRAMES)
    indices = ((np.arange(num_frames) + 0.5) * len(frames) / num_frames).astype(int)
    return np.stack([frames[index] for index in indices]), indices


def new_figure_with_frames(
    frames: np.ndarray, title: str, subtitle: str, below: float, rows: Sequence[str] = ('frames',)
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with empty axes for rows of frames below its title.

    Args:
        frames (np.ndarray): Frames of one row, shape (T, H, W, 3).
        title, subtitle (str): See :func:`.new_figure`.
        below (float): Height in inches that is left free below the rows.
        rows (Sequence[str]): Labels of the rows, which the axes have. Defaults to one row, ``'frames'``.

    Returns:
        tuple[Figure, list[list[Axes]]]: The figure, 7.5 inches wide, and the axes of
        each row.
    """
    row_height = min(_WIDTH * frames.shape[1] / frames.shape[2], _MAX_HEIGHT)
    height = 0.65 + len(rows) * (row_height + _GAP) + below
    figure = new_figure(FRAMES_WIDTH, height, title, subtitle)
    all_axes = []
    for row, label in enumerate(rows):
        bottom = height - 0.6 - (row + 1) * row_height - row * _GAP
        row_axes = []
        for column in range(len(frames)):
            left = _MARGIN + column * (_WIDTH + _GAP)
            box = (left / FRAMES_WIDTH, bottom / height, _WIDTH / FRAMES_WIDTH, row_height / height)
            row_axes.append(figure.add_axes(box, label=label))
            row_axes[-1].set_axis_off()
        all_axes.append(row_axes)
    return figure, all_axes
