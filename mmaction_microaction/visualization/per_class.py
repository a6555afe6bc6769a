"""Precision, recall and F1 of the 52 actions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import PerClassMetrics
from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS

from .style import DARK, HEIGHT, LIGHT, WIDTH, draw_action_rows, format_num_clips, new_figure


def plot_per_class(scores: PerClassMetrics, title: str | None = None) -> Figure:
    """Draw a row for each action with precision, recall, F1 and the number of its clips.

    A metric that is not defined has no mark: the precision of an action that was never predicted, and the recall of an
    action without clips.

    Args:
        scores (PerClassMetrics): Metrics of the 52 actions, see :func:`.per_class_metrics`.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 x 9.6 inches.

    Raises:
        ValueError: If there are not 52 classes.
    """
    if scores.f1.shape != (NUM_ACTIONS,):
        raise ValueError(f'expected the scores of {NUM_ACTIONS} actions, got shape {scores.f1.shape}')
    known = scores.f1[~np.isnan(scores.f1)]
    figure = new_figure(
        WIDTH,
        HEIGHT,
        title or 'Precision, recall and F1 of the 52 micro-actions',
        f'{format_num_clips(scores.support.sum())} of {np.count_nonzero(scores.support)} actions; '
        f'mean F1 {known.mean():.1%}, {np.count_nonzero(known == 0)} with an F1 of 0, '
        f'{np.count_nonzero(scores.predicted == 0)} never predicted',
    )
    axes = figure.add_axes((0.285, 0.04, 0.59, 0.865))
    draw_action_rows(axes, parts=False)
    rows = np.arange(NUM_ACTIONS)
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
    _write_column(axes, 1.11, 'clips', [f'{count:,}' for count in scores.support])
    _write_column(axes, 1.2, 'F1', ['-' if np.isnan(f1) else f'{100 * f1:.0f}' for f1 in scores.f1])
    return figure


def _write_column(axes: Axes, x: float, head: str, texts: Sequence[str]) -> None:
    """Write a column of texts on the right of the axes; x is its right end, as a multiple of the width of the axes."""
    for row, text in enumerate([head, *texts], start=-1):
        axes.text(x, row, text, transform=axes.get_yaxis_transform(), ha='right', va='center', fontsize=7.5, label=head)
