"""Comparison of two runs, action by action."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import format_count

from .action_rows import add_row_axes, new_row_figure
from .style import ACCENT, DARK, describe_order, order_by_group


def plot_comparison(
    first: np.ndarray,
    second: np.ndarray,
    names: tuple[str, str] = ('first run', 'second run'),
    title: str | None = None,
    label_set: LabelSet = MA52,
) -> Figure:
    """Draw the F1 of each action in two runs, connected by a line, with the difference on the right.

    The rows are sorted by group.

    Args:
        first, second (np.ndarray): F1 of each action, 0 to 1, shape (C,); NaN where it is not defined.
        names (tuple[str, str]): Names of the runs.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of actions, and is 9.6 inches for 52.

    Raises:
        ValueError: If an array does not have a value for each action.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    num_actions = len(label_set)
    if not first.shape == second.shape == (num_actions,):
        raise ValueError(f'expected {num_actions} values of each, got shapes {first.shape} and {second.shape}')
    change = second - first
    figure = new_row_figure(
        title or f'F1 of the {format_count(num_actions, "micro-action")} in two runs',
        f'the second is better in {np.count_nonzero(change > 0)} actions, worse in {np.count_nonzero(change < 0)}, '
        f'equal in {np.count_nonzero(change == 0)}; mean F1 {np.nanmean(first):.1%} and {np.nanmean(second):.1%}'
        f'{describe_order(label_set)}',
        label_set,
    )
    axes = add_row_axes(figure, label_set, right=0.6375)
    rows, order = np.arange(num_actions), order_by_group(label_set)
    first, second, change = first[order], second[order], change[order]
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
    # 0.43 inches behind the right end of the axes.
    x = 1 + 0.42525 / (axes.get_position().width * figure.get_figwidth())
    for row, value in enumerate(change):
        text = '-' if np.isnan(value) else f'{100 * value:+.0f}'
        axes.text(
            x,
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
