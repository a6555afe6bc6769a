"""The most frequent confusions of two actions."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mmaction_microaction.evaluation.functional import ConfusedPair
from mmaction_microaction.label_sets import MA52, LabelSet

from .lettering import fit_text, text_width
from .style import ACCENT, DARK, WIDTH, name_of, new_figure, row_name

_INSIDE = dict(facecolor=DARK, edgecolor=DARK)
_OUTSIDE = dict(facecolor='white', edgecolor=ACCENT, hatch='////')
_NAME_WIDTH, _FONT_SIZE = 1.9, 7.5


def plot_confused_pairs(pairs: Sequence[ConfusedPair], title: str | None = None, label_set: LabelSet = MA52) -> Figure:
    """Draw a bar for each pair of actions: the number of clips of one action that were predicted as the other.

    Args:
        pairs (Sequence[ConfusedPair]): Pairs from top to bottom, see :func:`.most_confused_pairs`. About 20 pairs are
            legible on a page.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of pairs.
    """
    height = 1.5 + 0.21 * max(len(pairs), 3)
    figure = new_figure(
        WIDTH,
        height,
        title or 'The most confused pairs of micro-actions',
        'clips of the true action with the wrong prediction, and their share of all clips of the true action',
    )
    # The margin depends on the label set, so that figures of several runs can be compared.
    longest = max(text_width(name_of(label, label_set), _FONT_SIZE) for label in range(len(label_set)))
    left = min(2 * min(longest, _NAME_WIDTH) + 0.55, 4.3125)
    axes = figure.add_axes(
        (left / WIDTH, 0.35 / height, (WIDTH - 0.825 - left) / WIDTH, 1 - 1.2 / height), label='pairs'
    )
    if not pairs:
        axes.set_axis_off()
        axes.text(0, 0.5, 'no clip was misclassified', transform=axes.transAxes, fontsize=9)
        return figure
    axes.spines[['top', 'right', 'left']].set_visible(False)
    for row, pair in enumerate(pairs):
        true_group, predicted_group = label_set.fine_to_coarse[[pair.true, pair.predicted]]
        style = _INSIDE if true_group == predicted_group else _OUTSIDE
        axes.barh(row, pair.clips, height=0.65, linewidth=0.8, **style)
        text = f' {pair.clips:,} ({pair.share:.0%})'
        axes.text(pair.clips, row, text, ha='left', va='center', fontsize=7.5)
    names = [
        [row_name(label, label_set, _NAME_WIDTH, _FONT_SIZE) for label in (pair.true, pair.predicted)] for pair in pairs
    ]
    axes.set_yticks(range(len(pairs)), ['  →  '.join(pair) for pair in names], fontsize=_FONT_SIZE)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.set_ylim(len(pairs) - 0.5, -0.5)
    axes.set_xlim(0, max(pair.clips for pair in pairs) * 1.02)
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.tick_params(axis='y', length=0)
    axes.tick_params(axis='x', labelsize=8)
    if not label_set.has_groups:
        return figure
    term = fit_text(label_set.group_term, 1.2, 8.5)
    legend = axes.legend(
        handles=[Patch(label=f'within a {term}', **_INSIDE), Patch(label=f'to another {term}', **_OUTSIDE)],
        loc='lower right',
        bbox_to_anchor=(1 + 0.70875 / (WIDTH - 0.825 - left), 1),
        ncols=2,
        frameon=False,
        fontsize=8.5,
        borderpad=0.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
