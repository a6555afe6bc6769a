"""Frames of a clip with heat maps of the evidence for an action."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet

from .frames import new_figure_with_frames, pick_frames
from .style import row_name

# From dark to light: ordered with any colour vision, and in grey.
_COLORS = mpl.colormaps['inferno']
_FOOT = 0.36
_NAME_WIDTH = 2.4


def plot_gradcam(
    frames: Sequence[np.ndarray],
    maps: np.ndarray,
    scores: np.ndarray,
    label: int | None = None,
    title: str | None = None,
    label_set: LabelSet = MA52,
) -> Figure:
    """Draw frames in a row, and below them the same frames with heat maps.

    Args:
        frames (Sequence[np.ndarray]): RGB frames in order, uint8, each of shape (H, W, 3). If there are more than
            eight, eight evenly spaced ones are drawn.
        maps (np.ndarray): Heat map of each frame, 0 to 1, shape (T, H, W), see ``gradcam``.
        scores (np.ndarray): Probabilities of the actions, shape (C,).
        label (int, optional): Fine label that the maps explain. Defaults to None: the predicted label.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the probabilities. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the frames.

    Raises:
        ValueError: If the shapes of frames, maps or probabilities do not fit.
    """
    scores, maps = np.asarray(scores), np.asarray(maps)
    shown, indices = pick_frames(frames)
    num_actions = len(label_set)
    if scores.shape != (num_actions,) or maps.shape != (len(frames), *shown.shape[1:3]):
        raise ValueError(
            f'expected {num_actions} probabilities and a map of shape {shown.shape[1:3]} for each of {len(frames)} '
            f'frames, got shapes {scores.shape} and {maps.shape}'
        )
    predicted = int(scores.argmax())
    label = predicted if label is None else label
    subtitle = f'predicted: {row_name(predicted, label_set, _NAME_WIDTH, 8.5)}, {scores[predicted]:.1%}'
    if label != predicted:
        subtitle = f'maps of: {row_name(label, label_set, _NAME_WIDTH, 8.5)}, {scores[label]:.1%}; {subtitle}'
    figure, (above, below) = new_figure_with_frames(
        shown, title or 'What the network saw', subtitle, below=_FOOT, rows=('frames', 'maps')
    )
    for plain, overlaid, frame, index in zip(above, below, shown, indices):
        plain.imshow(frame)
        overlaid.imshow(_overlay(frame, maps[index]))
    height = figure.get_figheight()
    bar = figure.add_axes((0.2, 0.2 / height, 0.6, 0.08 / height), label='colour bar')
    bar.imshow(_overlay(np.full((1, 256, 3), 170), np.linspace(0, 1, 256)[None]), aspect='auto')
    bar.set_axis_off()
    for x, side, text in ((0.19, 'right', 'nothing'), (0.81, 'left', 'most')):
        figure.text(x, 0.24 / height, text, ha=side, va='center', fontsize=8)
    return figure


def _overlay(frame: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Lay a heat map over a grey frame, so that only the map has colour; shape (H, W, 3), 0 to 1."""
    gray = (frame @ np.array([0.299, 0.587, 0.114]) / 255)[..., None]
    weight = 0.7 * heat[..., None]
    return np.clip((1 - weight) * gray + weight * _COLORS(heat)[..., :3], 0, 1)
