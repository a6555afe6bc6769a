"""Frames of a clip above the probabilities of one or two networks, as in Fig. 4 of Guo et al."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import pluralize

from .frames import FRAMES_WIDTH, new_figure_with_frames, pick_frames
from .lettering import fit_text, text_width
from .matrix import show_plain_text
from .style import ACCENT, DARK, action_colors, group_color, order_by_group, row_name, short_name

MAX_ACTIONS, MAX_GROUPS = 52, 7
"""Maximum numbers of actions and of groups that a strip shows."""

_PANEL, _HEAD, _FOOT = 0.95, 0.42, 0.36
_LEFT, _GROUPS_LEFT, _GROUPS_WIDTH = 0.45, 6.43, 0.67
_NAME_WIDTH, _TICK_NAME_WIDTH, _GROUP_NAME_WIDTH = 2.4, 1.3, 0.74


def plot_prediction_strip(
    frames: Sequence[np.ndarray],
    label: int,
    runs: Sequence[tuple[str, np.ndarray]],
    title: str | None = None,
    label_set: LabelSet = MA52,
) -> Figure:
    """Draw frames of a clip, and below them the probabilities of the actions and of their groups, such as body parts.

    The probability of a group is the sum of the probabilities of its actions. The predicted group is the group of the
    best action, which need not have the largest sum. Of more than 52 actions, the true and the most probable ones are
    drawn, sorted by group; of more than seven groups, the true one and those with the largest sums.

    Args:
        frames (Sequence[np.ndarray]): RGB frames in order, uint8, each of shape (H, W, 3). If there are more than
            eight, eight evenly spaced ones are drawn.
        label (int): True fine label.
        runs (Sequence[tuple[str, np.ndarray]]): Name and probabilities, shape (C,), of one network or two.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the probabilities. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the frames and the number of networks.

    Raises:
        ValueError: If there is no network or more than two, or if the shapes of frames or probabilities do not fit.
    """
    if len(runs) not in (1, 2):
        raise ValueError(f'expected one network or two, got {len(runs)}')
    runs = [(name, np.asarray(scores, dtype=float)) for name, scores in runs]
    for name, scores in runs:
        if scores.shape != (len(label_set),):
            raise ValueError(f'{name}: expected {len(label_set)} probabilities, got shape {scores.shape}')
    frames, _ = pick_frames(frames)
    shown = _choose_actions(label, runs, label_set)
    ticks = _Ticks(shown, label_set, _GROUPS_LEFT - 0.83 - _LEFT if label_set.has_groups else FRAMES_WIDTH - 0.57)
    figure, (row,) = new_figure_with_frames(
        frames,
        title or 'A clip and its prediction',
        _describe(label, len(shown), label_set),
        below=len(runs) * (_PANEL + _HEAD) + ticks.height - 0.05,
    )
    for axes, frame in zip(row, frames):
        axes.imshow(frame)
    height = figure.get_figheight()
    top = 1.08 * max(scores.max() for _, scores in runs)
    groups = _choose_groups(label, runs, label_set)
    for index, (name, scores) in enumerate(runs):
        bottom = ticks.height + (len(runs) - 1 - index) * (_PANEL + _HEAD)
        vertical = bottom / height, _PANEL / height
        actions = figure.add_axes(
            (_LEFT / FRAMES_WIDTH, vertical[0], ticks.width / FRAMES_WIDTH, vertical[1]), label=f'actions {index}'
        )
        _draw_actions(actions, scores, label, top, shown, label_set)
        if index == len(runs) - 1:
            ticks.write(actions)
        if label_set.has_groups:
            box = (_GROUPS_LEFT / FRAMES_WIDTH, vertical[0], _GROUPS_WIDTH / FRAMES_WIDTH, vertical[1])
            _draw_groups(figure.add_axes(box, label=f'groups {index}'), scores, label, groups, label_set)
        predicted = int(scores.argmax())
        correct = predicted == label
        outcome = 'correct' if correct else f'true action {scores[label]:.1%}'
        text = f'{name}: {row_name(predicted, label_set, _NAME_WIDTH, 8.5)}, {scores[predicted]:.1%}; {outcome}'
        figure.text(
            0.12 / FRAMES_WIDTH,
            (bottom + _PANEL + 0.17) / height,
            fit_text(text, FRAMES_WIDTH - 0.2, 8.5),
            fontsize=8.5,
            color=DARK if correct else ACCENT,
            parse_math=False,
            label=f'outcome {index}',
        )
    return figure


def _describe(label: int, num_shown: int, label_set: LabelSet) -> str:
    """Describe what is true, and what is drawn."""
    text = f'true: {row_name(label, label_set, _NAME_WIDTH, 8.5)}'
    if label_set.has_groups:
        group = fit_text(label_set.actions[label].group, 1.2, 8.5)
        most = 'largest sums' if len(label_set.groups) > MAX_GROUPS else 'sums'
        text += f', {group}, marked ▼ ▶. Right: {most} over {fit_text(pluralize(label_set.group_term), 1, 8.5)}'
    else:
        text += ', marked ▼'
    return text if num_shown == len(label_set) else f'{text}; {num_shown} of {len(label_set)} actions'


def _choose_actions(label: int, runs: Sequence[tuple[str, np.ndarray]], label_set: LabelSet) -> np.ndarray:
    """Return the fine labels of the true action and of the most probable ones, sorted by group."""
    best = np.max([scores for _, scores in runs], axis=0)
    best[label] = np.inf
    chosen = np.argsort(-best, kind='stable')[:MAX_ACTIONS]
    order = order_by_group(label_set)
    return order[np.isin(order, chosen)]


def _choose_groups(label: int, runs: Sequence[tuple[str, np.ndarray]], label_set: LabelSet) -> np.ndarray:
    """Return the coarse labels of the true group and of those with the largest sums, in ascending order."""
    if not label_set.has_groups:
        return np.array([], dtype=int)
    best = np.max([np.bincount(label_set.fine_to_coarse, weights=scores) for _, scores in runs], axis=0)
    best[label_set.fine_to_coarse[label]] = np.inf
    return np.sort(np.argsort(-best, kind='stable')[:MAX_GROUPS])


class _Ticks:
    """Codes or names of actions below the bars, and the room for them in inches."""

    def __init__(self, shown: np.ndarray, label_set: LabelSet, width: float) -> None:
        self.width = width
        pitch = width / len(shown)
        self.fontsize = 5.8 if len(shown) > 40 else 7
        self.texts = [short_name(label, label_set, _TICK_NAME_WIDTH, self.fontsize) for label in shown]
        longest = max(text_width(text, self.fontsize) for text in self.texts)
        self.rotation = 0 if longest + 0.06 <= pitch else 90
        self.height = max(longest + 0.14, _FOOT) if self.rotation else _FOOT

    def write(self, axes: Axes) -> None:
        axes.set_xticks(range(len(self.texts)), self.texts, rotation=self.rotation, fontsize=self.fontsize)
        show_plain_text(axes)


def _draw_actions(
    axes: Axes, scores: np.ndarray, label: int, top: float, shown: np.ndarray, label_set: LabelSet
) -> None:
    """Draw a bar for each shown action, coloured by group, and mark the true action."""
    shown_groups = label_set.fine_to_coarse[shown]
    for group in range(0, len(label_set.groups), 2):
        positions = np.flatnonzero(shown_groups == group)
        if len(positions):
            axes.axvspan(positions[0] - 0.5, positions[-1] + 0.5, color='0.955', zorder=0, linewidth=0)
    colors = action_colors(label_set)
    # Few actions have bars that are narrower than the room for them.
    width = 0.8 * min(len(shown) / 8, 1)
    axes.bar(range(len(shown)), 100 * scores[shown], width=width, color=[colors[action] for action in shown])
    # The mark is above the bars, so that it covers none.
    (true,) = np.flatnonzero(shown == label)
    axes.plot(
        true,
        1.06,
        marker='v',
        color='black',
        markersize=4,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        label='true action',
    )
    axes.axvline(true, color='0.5', linewidth=0.6, linestyle=(0, (2, 2)), zorder=0.5)
    axes.set_xlim(-0.7, len(shown) - 0.3)
    axes.set_ylim(0, 100 * top)
    axes.yaxis.get_major_locator().set_params(nbins=4)
    axes.yaxis.set_major_formatter('{x:g} %')
    axes.set_xticks([])
    axes.tick_params(axis='x', length=0, pad=2)
    axes.tick_params(axis='y', labelsize=7)
    axes.spines[['top', 'right']].set_visible(False)


def _draw_groups(axes: Axes, scores: np.ndarray, label: int, groups: np.ndarray, label_set: LabelSet) -> None:
    """Draw a bar for each shown group with its sum, and mark the true group."""
    sums = np.bincount(label_set.fine_to_coarse, weights=scores)[groups]
    axes.barh(range(len(groups)), 100 * sums, height=0.75, color=[group_color(group) for group in groups])
    for row, value in enumerate(sums):
        axes.text(100 * value + 4, row, f'{100 * value:.0f} %', va='center', fontsize=6.5)
    names = [
        ('▶ ' if group == label_set.fine_to_coarse[label] else '')
        + fit_text(label_set.groups[group], _GROUP_NAME_WIDTH - 0.11, 7)
        for group in groups
    ]
    axes.set_yticks(range(len(groups)), names, fontsize=7)
    # Few groups have bars that are as high as those of seven.
    axes.set_ylim(max(len(groups), 4) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xticks([])
    show_plain_text(axes)
    axes.tick_params(length=0, pad=2)
    axes.spines[['top', 'right', 'bottom']].set_visible(False)
