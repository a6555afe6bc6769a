"""Frames of a clip above the probabilities of one or two networks, as in Fig. 4 of Guo et al."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS, NUM_BODY_PARTS

from .frames import FRAMES_WIDTH, new_figure_with_frames, pick_frames
from .style import ACCENT, BODY_PART_COLORS, DARK, name_of

_PANEL, _HEAD, _FOOT = 0.95, 0.42, 0.36


def plot_prediction_strip(
    frames: Sequence[np.ndarray],
    label: int,
    runs: Sequence[tuple[str, np.ndarray]],
    title: str | None = None,
) -> Figure:
    """Draw frames of a clip, and below them the probabilities of the 52 actions and of the 7 body parts.

    The probability of a body part is the sum of the probabilities of its actions. The predicted body part is
    the body part of the best action, which need not have the largest sum.

    Args:
        frames (Sequence[np.ndarray]): RGB frames in order, uint8, each of shape (H, W, 3). If there are more than
            eight, eight evenly spaced ones are drawn.
        label (int): True fine label.
        runs (Sequence[tuple[str, np.ndarray]]): Name and probabilities, shape (52,), of one network or two.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 inches wide; the height depends on the frames and the number of networks.

    Raises:
        ValueError: If there is no network or more than two, or if the shapes of frames or probabilities do not fit.
    """
    if len(runs) not in (1, 2):
        raise ValueError(f'expected one network or two, got {len(runs)}')
    runs = [(name, np.asarray(scores, dtype=float)) for name, scores in runs]
    for name, scores in runs:
        if scores.shape != (NUM_ACTIONS,):
            raise ValueError(f'{name}: expected {NUM_ACTIONS} probabilities, got shape {scores.shape}')
    frames, _ = pick_frames(frames)
    figure, (row,) = new_figure_with_frames(
        frames,
        title or 'A clip and its prediction',
        f'true: {name_of(label)}, {BODY_PARTS[FINE_TO_COARSE[label]]}, marked ▼ ▶. Right: sums over body parts',
        below=len(runs) * (_PANEL + _HEAD) + _FOOT - 0.05,
    )
    for axes, frame in zip(row, frames):
        axes.imshow(frame)
    height = figure.get_figheight()
    top = 1.08 * max(scores.max() for _, scores in runs)
    for index, (name, scores) in enumerate(runs):
        is_last = index == len(runs) - 1
        bottom = _FOOT + (len(runs) - 1 - index) * (_PANEL + _HEAD)
        vertical = bottom / height, _PANEL / height
        actions = figure.add_axes(
            (0.45 / FRAMES_WIDTH, vertical[0], 5.15 / FRAMES_WIDTH, vertical[1]), label=f'actions {index}'
        )
        parts = figure.add_axes(
            (6.43 / FRAMES_WIDTH, vertical[0], 0.67 / FRAMES_WIDTH, vertical[1]), label=f'body parts {index}'
        )
        _draw_actions(actions, scores, label, top, codes=is_last)
        _draw_parts(parts, scores, FINE_TO_COARSE[label])
        predicted = int(scores.argmax())
        correct = predicted == label
        outcome = 'correct' if correct else f'true action {scores[label]:.1%}'
        figure.text(
            0.12 / FRAMES_WIDTH,
            (bottom + _PANEL + 0.17) / height,
            f'{name}: {name_of(predicted)}, {scores[predicted]:.1%}; {outcome}',
            fontsize=8.5,
            color=DARK if correct else ACCENT,
            parse_math=False,
            label=f'outcome {index}',
        )
    return figure


def _draw_actions(axes: Axes, scores: np.ndarray, label: int, top: int, codes: bool) -> None:
    """Draw a bar for each action, coloured by body part, and mark the true action."""
    for part in range(0, NUM_BODY_PARTS, 2):
        first, last = np.flatnonzero(part == FINE_TO_COARSE)[[0, -1]]
        axes.axvspan(first - 0.5, last + 0.5, color='0.955', zorder=0, linewidth=0)
    axes.bar(range(NUM_ACTIONS), 100 * scores, width=0.8, color=[BODY_PART_COLORS[i] for i in FINE_TO_COARSE])
    # The mark is above the bars, so that it covers none.
    axes.plot(
        label,
        1.06,
        marker='v',
        color='black',
        markersize=4,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        label='true action',
    )
    axes.axvline(label, color='0.5', linewidth=0.6, linestyle=(0, (2, 2)), zorder=0.5)
    axes.set_xlim(-0.7, NUM_ACTIONS - 0.3)
    axes.set_ylim(0, 100 * top)
    axes.yaxis.get_major_locator().set_params(nbins=4)
    axes.yaxis.set_major_formatter('{x:g} %')
    axes.set_xticks(range(NUM_ACTIONS), [action.code for action in ACTIONS] if codes else [], rotation=90, fontsize=5.8)
    axes.tick_params(axis='x', length=0, pad=2)
    axes.tick_params(axis='y', labelsize=7)
    axes.spines[['top', 'right']].set_visible(False)


def _draw_parts(axes: Axes, scores: np.ndarray, true: int) -> None:
    """Draw a bar for each body part with its sum, and mark the true body part."""
    sums = np.bincount(FINE_TO_COARSE, weights=scores)
    axes.barh(range(NUM_BODY_PARTS), 100 * sums, height=0.75, color=BODY_PART_COLORS)
    for part, value in enumerate(sums):
        axes.text(100 * value + 4, part, f'{100 * value:.0f} %', va='center', fontsize=6.5)
    names = [f'▶ {name}' if part == true else name for part, name in enumerate(BODY_PARTS)]
    axes.set_yticks(range(NUM_BODY_PARTS), names, fontsize=7)
    axes.set_ylim(NUM_BODY_PARTS - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xticks([])
    axes.tick_params(length=0, pad=2)
    axes.spines[['top', 'right', 'bottom']].set_visible(False)
