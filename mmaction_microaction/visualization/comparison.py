"""Comparison of two runs, action by action."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS

from .style import ACCENT, DARK, HEIGHT, WIDTH, draw_action_rows, new_figure


def plot_comparison(
    first: np.ndarray,
    second: np.ndarray,
    names: tuple[str, str] = ('first run', 'second run'),
    title: str | None = None,
) -> Figure:
    """Draw the F1 of each action in two runs, connected by a line, with the difference on the right.

    Args:
        first, second (np.ndarray): F1 of each action, 0 to 1, shape (52,); NaN where it is not defined.
        names (tuple[str, str]): Names of the runs.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 x 9.6 inches.

    Raises:
        ValueError: If an array does not have 52 values.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not first.shape == second.shape == (NUM_ACTIONS,):
        raise ValueError(f'expected {NUM_ACTIONS} values of each, got shapes {first.shape} and {second.shape}')
    change = second - first
    figure = new_figure(
        WIDTH,
        HEIGHT,
        title or 'F1 of the 52 micro-actions in two runs',
        f'the second is better in {np.count_nonzero(change > 0)} actions, worse in {np.count_nonzero(change < 0)}, '
        f'equal in {np.count_nonzero(change == 0)}; mean F1 {np.nanmean(first):.1%} and {np.nanmean(second):.1%}',
    )
    axes = figure.add_axes((0.285, 0.04, 0.63, 0.865))
    draw_action_rows(axes, parts=False)
    rows = np.arange(NUM_ACTIONS)
    for mask, color, style in ((change > 0, DARK, '-'), (change < 0, ACCENT, (0, (2, 1)))):
        ends = rows[mask], 100 * first[mask], 100 * second[mask]
        axes.hlines(*ends, color=color, linestyle=style, linewidth=1.4, zorder=2)
    axes.scatter(
        100 * first, rows, s=26, facecolor='white', edgecolor=DARK, linewidth=1, label=names[0], zorder=3, clip_on=False
    )
    axes.scatter(100 * second, rows, s=13, color=DARK, linewidth=0, label=names[1], zorder=4, clip_on=False)
    axes.set_xlim(0, 100)
    axes.set_xticks(range(0, 101, 20), ['0', '20', '40', '60', '80', '100 %'])
    legend = axes.legend(
        loc='lower left', bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8.5, handletextpad=0.2, borderpad=0.2
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    for row, value in enumerate(change):
        text = '-' if np.isnan(value) else f'{100 * value:+.0f}'
        axes.text(
            1.09,
            row,
            '0' if text in ('+0', '-0') else text,
            transform=axes.get_yaxis_transform(),
            ha='right',
            va='center',
            fontsize=7.5,
            color=ACCENT if value < 0 else DARK,
            label='difference',
        )
    return figure
