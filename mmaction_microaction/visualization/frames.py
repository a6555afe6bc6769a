"""Frames of a clip, read as the networks see them, and drawn in a row."""

import mmcv
import numpy as np

from mmaction_microaction.video.reader import Video

from .style import new_figure

NUM_FRAMES = 8
"""How many stand in a row."""

FRAMES_WIDTH = 7.5
"""Inches, of a figure with a row of frames."""

_MARGIN, _GAP = 0.12, 0.04
_WIDTH = (FRAMES_WIDTH - 2 * _MARGIN - (NUM_FRAMES - 1) * _GAP) / NUM_FRAMES
_MAX_HEIGHT = 1.8


def read_frames(path, num_frames=NUM_FRAMES, short_side=160):
    """Read the frames in the middle of equal parts of a video: those that TSN, TSM and MANet are tested on.

    Args:
        path (str | Path): The video.
        num_frames (int): How many, T. Defaults to 8.
        short_side (int): Pixels, to which frames are scaled. Defaults to 160.

    Returns:
        np.ndarray: RGB, uint8, shape (T, H, W, 3).

    Raises:
        ValueError: If the video cannot be read.
    """
    video = Video(path)
    wanted = ((np.arange(num_frames) + 0.5) * video.num_frames / num_frames).astype(int)
    frames = {frame.index: frame.to_rgb() for frame in video.frames() if frame.index in wanted}
    if len(frames) < len(set(wanted)):
        raise ValueError(f'{path} breaks off before its last frame; replace it.')
    return np.stack([mmcv.imrescale(frames[index], (np.inf, short_side)) for index in wanted])


def pick_frames(frames):
    """Pick frames for a row: all of a few, or eight evenly spaced ones.

    Args:
        frames (Sequence[np.ndarray]): RGB, uint8, each of the same shape (H, W, 3); one or more.

    Returns:
        tuple[np.ndarray, np.ndarray]: The frames, shape (T, H, W, 3), T at most 8, and their numbers, shape (T,).

    Raises:
        ValueError: If there is none, or they are something else.
    """
    shapes = {(np.shape(frame), np.asarray(frame).dtype.name) for frame in frames}
    if len(shapes) != 1 or not all(len(shape) == 3 and shape[2] == 3 and dtype == 'uint8' for shape, dtype in shapes):
        raise ValueError(f'expected frames of one shape (H, W, 3), uint8, got {sorted(shapes) or "none"}')
    shown = min(len(frames), NUM_FRAMES)
    numbers = ((np.arange(shown) + 0.5) * len(frames) / shown).astype(int)
    return np.stack([frames[number] for number in numbers]), numbers


def new_figure_with_frames(frames, title, subtitle, below, rows=1):
    """Make a figure with rows of frames below its title.

    Args:
        frames (np.ndarray): Those of a row, shape (T, H, W, 3).
        title, subtitle (str): See :func:`new_figure`.
        below (float): Inches that are left below the rows.
        rows (int): How many rows of that size. Defaults to 1.

    Returns:
        tuple[matplotlib.figure.Figure, list[list[matplotlib.axes.Axes]]]: The figure, 7.5 inches wide, and the axes of
        the rows, without pictures.
    """
    row_height = min(_WIDTH * frames.shape[1] / frames.shape[2], _MAX_HEIGHT)
    height = 0.65 + rows * (row_height + _GAP) + below
    figure = new_figure(FRAMES_WIDTH, height, title, subtitle)
    axes = []
    for row in range(rows):
        bottom = height - 0.6 - (row + 1) * row_height - row * _GAP
        axes.append(
            [
                figure.add_axes(
                    (
                        (_MARGIN + column * (_WIDTH + _GAP)) / FRAMES_WIDTH,
                        bottom / height,
                        _WIDTH / FRAMES_WIDTH,
                        row_height / height,
                    )
                )
                for column in range(len(frames))
            ]
        )
        for one in axes[-1]:
            one.set_axis_off()
    return figure, axes
