"""The most frequent confusions of two actions."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmaction_microaction.evaluation.functional import ConfusedPair
from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE

from .style import ACCENT, DARK, name_of, new_figure

_INSIDE = dict(facecolor=DARK, edgecolor=DARK)
_OUTSIDE = dict(facecolor='white', edgecolor=ACCENT, hatch='////')


def plot_confused_pairs(pairs: Sequence[ConfusedPair], title: str | None = None) -> Figure:
    """Draw a bar for each pair of actions: the number of clips of one action that were predicted as the other.

    Args:
        pairs (Sequence[ConfusedPair]): Pairs from top to bottom, see :func:`.most_confused_pairs`. About 20 pairs are
            legible on a page.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of pairs.
    """
    height = 1.5 + 0.21 * max(len(pairs), 3)
    figure = new_figure(
        7.5,
        height,
        title or 'The most confused pairs of micro-actions',
        'clips of the true action with the wrong prediction, and their share of all clips of the true action',
    )
    axes = figure.add_axes((0.575, 0.35 / height, 0.315, 1 - 1.2 / height))
    if not pairs:
        axes.set_axis_off()
        axes.text(0, 0.5, 'no clip was misclassified', transform=axes.transAxes, fontsize=9)
        return figure
    axes.spines[['top', 'right', 'left']].set_visible(False)
    for row, pair in enumerate(pairs):
        style = _INSIDE if FINE_TO_COARSE[pair.true] == FINE_TO_COARSE[pair.predicted] else _OUTSIDE
        axes.barh(row, pair.clips, height=0.65, linewidth=0.8, **style)
        text = f' {pair.clips:,} ({pair.share:.0%})'
        axes.text(pair.clips, row, text, ha='left', va='center', fontsize=7.5)
    axes.set_yticks(
        range(len(pairs)), [f'{name_of(pair.true)}  →  {name_of(pair.predicted)}' for pair in pairs], fontsize=7.5
    )
    axes.set_ylim(len(pairs) - 0.5, -0.5)
    axes.set_xlim(0, max(pair.clips for pair in pairs) * 1.02)
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.tick_params(axis='y', length=0)
    axes.tick_params(axis='x', labelsize=8)
    axes.legend(
        handles=[Patch(label='within a body part', **_INSIDE), Patch(label='to another body part', **_OUTSIDE)],
        loc='lower right',
        bbox_to_anchor=(1.3, 1),
        ncols=2,
        frameon=False,
        fontsize=8.5,
        borderpad=0.2,
    )
    return figure
