"""F1 of frequent and rare actions."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import frequency_groups, mean_by_group
from mmaction_microaction.label_sets.ma52 import ACTIONS, NUM_ACTIONS

from .style import new_figure

GROUPS = ('head', 'medium', 'tail')
"""Names of the groups of actions, from the most to the least frequent."""

_COLORS = ('#08306B', '#4292C6', '#9ECAE1')


def plot_frequency_groups(f1: np.ndarray, train_clips: np.ndarray, title: str | None = None) -> Figure:
    """Draw the F1 of the actions from the most to the least frequent one, with the means of three groups.

    The groups are thirds of the actions, see :func:`.frequency_groups`.

    Args:
        f1 (np.ndarray): F1 of each action, 0 to 1, shape (52,); NaN where it is not defined.
        train_clips (np.ndarray): Number of training clips of each action, shape (52,).
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 x 4 inches.

    Raises:
        ValueError: If an array does not have 52 values.
    """
    f1, train_clips = np.asarray(f1, dtype=float), np.asarray(train_clips)
    if not f1.shape == train_clips.shape == (NUM_ACTIONS,):
        raise ValueError(f'expected {NUM_ACTIONS} values of each, got shapes {f1.shape} and {train_clips.shape}')
    groups = frequency_groups(train_clips)
    order = np.argsort(-train_clips, kind='stable')
    figure = new_figure(
        7.5,
        4,
        title or 'F1 of frequent and rare micro-actions',
        'actions, most frequent first (training clips below each code); lines: mean of each third',
    )
    axes = figure.add_axes((0.065, 0.19, 0.92, 0.62))
    axes.spines[['top', 'right']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='y', color='0.85', linewidth=0.6)
    axes.bar(range(NUM_ACTIONS), 100 * np.nan_to_num(f1[order]), width=0.75, color=[_COLORS[i] for i in groups[order]])
    for x in np.flatnonzero(np.isnan(f1[order])):
        axes.text(x, 1, '-', ha='center', va='bottom', fontsize=8)
    for group, mean in enumerate(mean_by_group(f1, groups)):
        first, last = np.flatnonzero(groups[order] == group)[[0, -1]]
        text = 'no clip' if np.isnan(mean) else f'mean F1 {mean:.1%}'
        text = f'{GROUPS[group]}: {text}'
        axes.text((first + last) / 2, 103, text, ha='center', va='bottom', fontsize=8.5, label='mean of a group')
        axes.hlines(100 * mean, first - 0.45, last + 0.45, color='black', linewidth=1.2)
        if group:
            axes.axvline(first - 0.5, color='0.4', linewidth=0.8)
    axes.set_xlim(-0.6, NUM_ACTIONS - 0.4)
    axes.set_ylim(0, 100)
    axes.set_yticks(range(0, 101, 20), ['0', '20', '40', '60', '80', '100 %'], fontsize=8)
    axes.set_xticks(
        range(NUM_ACTIONS), [f'{train_clips[i]:,}  {ACTIONS[i].code}' for i in order], rotation=90, fontsize=7
    )
    axes.tick_params(axis='x', length=0, pad=3)
    return figure
