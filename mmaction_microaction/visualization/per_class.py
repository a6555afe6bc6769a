"""Precision, recall and F1 of each action."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import PerClassMetrics
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import format_count

from .action_rows import add_row_axes, new_row_figure
from .style import DARK, LIGHT, describe_order, order_by_group


def plot_per_class(scores: PerClassMetrics, title: str | None = None, label_set: LabelSet = MA52) -> Figure:
    """Draw a row for each action with precision, recall, F1 and the number of its clips.

    A metric that is not defined has no mark: the precision of an action that was never predicted, and the recall of an
    action without clips. The rows are sorted by group.

    Args:
        scores (PerClassMetrics): Metrics of the actions, see :func:`.per_class_metrics`.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of actions, and is 9.6 inches for 52.

    Raises:
        ValueError: If there are metrics of another number of actions.

    Examples:
        >>> from mmaction_microaction.evaluation.functional import per_class_metrics
        >>> scores = per_class_metrics([9, 9, 10], [9, 10, 10], num_classes=52)
        >>> plot_per_class(scores).get_size_inches().tolist()
        [7.5, 9.6]
    """
    num_actions = len(label_set)
    if scores.f1.shape != (num_actions,):
        raise ValueError(f'expected the scores of {num_actions} actions, got shape {scores.f1.shape}')
    known = scores.f1[~np.isnan(scores.f1)]
    figure = new_row_figure(
        title or f'Precision, recall and F1 of the {format_count(num_actions, "micro-action")}',
        f'{format_count(scores.support.sum(), "clip")} of {np.count_nonzero(scores.support)} actions; '
        f'mean F1 {known.mean():.1%}, {np.count_nonzero(known == 0)} with an F1 of 0, '
        f'{np.count_nonzero(scores.num_predicted == 0)} never predicted'
        f'{describe_order(label_set)}',
        label_set,
    )
    axes = add_row_axes(figure, label_set, right=0.9375)
    order = order_by_group(label_set)
    scores = PerClassMetrics(*(values[order] for values in scores))
    rows = np.arange(num_actions)
    axes.hlines(rows, 100 * scores.precision, 100 * scores.recall, color='0.6', linewidth=1, zorder=2)
    for values, name, style in (
        (scores.precision, 'precision', dict(marker='<', facecolor='white', edgecolor=DARK, s=22)),
        (scores.recall, 'recall', dict(marker='>', facecolor=LIGHT, edgecolor=DARK, s=22)),
        (scores.f1, 'F1', dict(marker='o', facecolor=DARK, edgecolor=DARK, s=16)),
    ):
        # Without clipping, marks at 0 and 100 % are complete.
        axes.scatter(100 * values, rows, label=name, linewidth=0.8, zorder=3, clip_on=False, **style)
    axes.set_xlim(0, 100)
    axes.set_xticks(range(0, 101, 20), ['0', '20', '40', '60', '80', '100 %'])
    axes.legend(
        loc='lower left', bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=8.5, handletextpad=0.2, borderpad=0.2
    )
    _write_column(axes, 0.48675, 'clips', [f'{count:,}' for count in scores.support])
    _write_column(axes, 0.885, 'F1', ['-' if np.isnan(f1) else f'{100 * f1:.0f}' for f1 in scores.f1])
    return figure


def _write_column(axes: Axes, x: float, head: str, texts: Sequence[str]) -> None:
    """Write a column of texts whose right end is x inches behind the right end of the axes."""
    x = 1 + x / (axes.get_position().width * axes.figure.get_figwidth())
    for row, text in enumerate([head, *texts], start=-1):
        axes.text(x, row, text, transform=axes.get_yaxis_transform(), ha='right', va='center', fontsize=7.5, label=head)
