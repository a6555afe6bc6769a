"""F1 of frequent and rare actions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import frequency_groups, mean_by_group
from mmaction_microaction.label_sets import MA52, LabelSet

from .lettering import text_width
from .matrix import show_plain_text
from .style import WIDTH, new_figure, short_name

GROUPS = ('head', 'medium', 'tail')
"""Names of the groups of actions, from the most to the least frequent."""

_COLORS = ('#08306B', '#4292C6', '#9ECAE1')
_PER_PANEL = 60
_NAME_WIDTH, _FONT_SIZE = 1.4, 7


def plot_frequency_groups(
    f1: np.ndarray, train_clips: np.ndarray, title: str | None = None, label_set: LabelSet = MA52
) -> Figure:
    """Draw the F1 of the actions from the most to the least frequent one, with the means of three groups.

    The groups are thirds of the actions, see :func:`.frequency_groups`. More than 60 actions are divided among several
    panels, from top to bottom.

    Args:
        f1 (np.ndarray): F1 of each action, 0 to 1, shape (C,); NaN where it is not defined.
        train_clips (np.ndarray): Number of training clips of each action, shape (C,).
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide. The height depends on the number of actions and the length of their codes; it is 4
        inches for MA-52.

    Raises:
        ValueError: If an array does not have a value for each action.
    """
    f1, train_clips = np.asarray(f1, dtype=float), np.asarray(train_clips)
    num_actions = len(label_set)
    if not f1.shape == train_clips.shape == (num_actions,):
        raise ValueError(f'expected {num_actions} values of each, got shapes {f1.shape} and {train_clips.shape}')
    groups = frequency_groups(train_clips)
    order = np.argsort(-train_clips, kind='stable')
    names = [f'{train_clips[i]:,}  {short_name(i, label_set, _NAME_WIDTH, _FONT_SIZE)}' for i in order]
    panels = np.array_split(np.arange(num_actions), -(-num_actions // _PER_PANEL))

    above, panel_height = 0.76, 2.48 if len(panels) == 1 else 1.3
    longest = max(text_width(name, _FONT_SIZE) for name in names)
    rotation = 0 if longest + 0.1 <= 0.92 * WIDTH / num_actions else 90
    # 0.76 inches are enough for short codes.
    below = max(1.03 * longest + 0.14, 0.76 if len(panels) == 1 else 0) if rotation else 0.3
    height = above + len(panels) * (panel_height + below) + (len(panels) - 1) * 0.3
    kind = 'code' if any(action.code != str(action.index) for action in label_set.actions) else 'bar'
    figure = new_figure(
        WIDTH,
        height,
        title or 'F1 of frequent and rare micro-actions',
        f'actions, most frequent first (training clips below each {kind}); lines: mean of each third',
    )
    means = mean_by_group(f1, groups)
    for index, positions in enumerate(panels):
        bottom = height - above - (index + 1) * panel_height - index * (below + 0.3)
        axes = figure.add_axes((0.065, bottom / height, 0.92, panel_height / height), label=f'panel {index}')
        labels = order[positions]
        _draw_panel(axes, f1[labels], groups[labels], means, [names[position] for position in positions], rotation)
        axes.set_xlim(-0.6, len(panels[0]) - 0.4)
    return figure


def _draw_panel(
    axes: Axes, f1: np.ndarray, groups: np.ndarray, means: np.ndarray, names: list[str], rotation: int
) -> None:
    """Draw the bars of some actions, which are sorted by frequency, and the means of their groups."""
    axes.spines[['top', 'right']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='y', color='0.85', linewidth=0.6)
    # Few actions have bars that are narrower than the room for them.
    width = 0.75 * min(len(f1) / 8, 1)
    axes.bar(range(len(f1)), 100 * np.nan_to_num(f1), width=width, color=[_COLORS[group] for group in groups])
    for x in np.flatnonzero(np.isnan(f1)):
        axes.text(x, 1, '-', ha='center', va='bottom', fontsize=8)
    for group in np.unique(groups):
        first, last = np.flatnonzero(groups == group)[[0, -1]]
        text = 'no clip' if np.isnan(means[group]) else f'mean F1 {means[group]:.1%}'
        text = f'{GROUPS[group]}: {text}'
        axes.text((first + last) / 2, 103, text, ha='center', va='bottom', fontsize=8.5, label='mean of a group')
        axes.hlines(100 * means[group], first - 0.45, last + 0.45, color='black', linewidth=1.2)
        if first:
            axes.axvline(first - 0.5, color='0.4', linewidth=0.8)
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20), ['0', '20', '40', '60', '80', '100 %'], fontsize=8)
    axes.set_xticks(range(len(f1)), names, rotation=rotation, fontsize=_FONT_SIZE)
    show_plain_text(axes)
    axes.tick_params(axis='x', length=0, pad=3)
