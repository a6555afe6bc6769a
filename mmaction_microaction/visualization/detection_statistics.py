"""Co-occurrence, durations and number at a time of the actions of MMA-52."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.detection_statistics import DetectionStatistics
from mmaction_microaction.utils.messages import format_count

from .style import DARK, LIGHT, describe_order, group_spans, new_figure, order_by_group

MAX_NAMED = 60
"""Largest number of actions whose codes fit beside the matrix."""


def plot_detection_statistics(
    statistics: DetectionStatistics, label_set: LabelSet = MA52, title: str | None = None
) -> Figure:
    """Draw how often actions overlap each other, how long they last, and how many happen at once.

    Args:
        statistics (DetectionStatistics): Statistics of a table, see ``summarize_detections``.
        label_set (LabelSet): Label set of the table. The matrix is sorted by its groups, and lines divide them.
            Defaults to that of MA-52.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 11 x 7.4 inches.

    Raises:
        ValueError: If the statistics are of another number of actions than the label set has.
    """
    if len(statistics.cooccurrences) != len(label_set):
        raise ValueError(
            f'the statistics are of {len(statistics.cooccurrences)} actions, but {label_set.title} has {len(label_set)}'
        )
    count = len(statistics.labels)
    figure = new_figure(
        11,
        7.4,
        title or 'Actions of the videos',
        f'{format_count(count, "action")} in {format_count(statistics.videos, "video")} of '
        f'{statistics.seconds / 3600:.2f} h; {statistics.overlapping.mean():.1%} of the actions overlap another one, '
        f'in {statistics.num_pairs:,} pairs',
    )
    _draw_cooccurrences(figure, statistics, label_set)
    _draw_durations(figure, statistics, label_set)
    _draw_simultaneous(figure, statistics)
    return figure


def _draw_cooccurrences(figure: Figure, statistics: DetectionStatistics, label_set: LabelSet) -> None:
    """Draw a matrix of the pairs of overlapping actions, with a bar for its colours."""
    axes = figure.add_axes((0.055, 0.07, 0.53, 0.79), label='co-occurrence')
    order = order_by_group(label_set)
    counts = np.ma.masked_equal(statistics.cooccurrences[np.ix_(order, order)], 0)
    axes.set_facecolor('0.96')
    # A single pair is darker than the ground.
    highest = max(int(statistics.cooccurrences.max()), 2)
    image = axes.imshow(counts, cmap='Blues', norm=LogNorm(0.3, highest))
    if len(label_set) <= MAX_NAMED:
        codes = [label_set.actions[label].code for label in order]
        axes.set_xticks(range(len(codes)), codes, fontsize=5.5, rotation=90)
        axes.set_yticks(range(len(codes)), codes, fontsize=5.5)
    axes.tick_params(length=0, pad=2)
    for _, _, last in group_spans(label_set)[:-1]:
        axes.axhline(last + 0.5, color='0.55', linewidth=0.6, label='border')
        axes.axvline(last + 0.5, color='0.55', linewidth=0.6)
    title = f'pairs of actions that overlap (logarithmic){describe_order(label_set)}'
    axes.set_title(title, fontsize=9, loc='left', parse_math=False)
    bar = figure.colorbar(image, cax=figure.add_axes((0.595, 0.07, 0.012, 0.79)))
    bar.ax.set_ylim(1, highest)
    ticks = [10**power for power in range(len(str(highest)))]
    bar.minorticks_off()
    bar.set_ticks(ticks, labels=[f'{tick:,}' for tick in ticks], fontsize=7.5)


def _draw_durations(figure: Figure, statistics: DetectionStatistics, label_set: LabelSet) -> None:
    """Draw the distribution of the durations of each group, or of all actions."""
    axes = figure.add_axes((0.745, 0.44, 0.235, 0.42), label='durations')
    names, groups = ['all'], [statistics.durations]
    if label_set.has_groups:
        parts = label_set.fine_to_coarse[statistics.labels]
        names += label_set.groups
        groups += [statistics.durations[parts == part] for part in range(len(label_set.groups))]
    axes.boxplot(
        groups,
        orientation='horizontal',
        whis=(5, 95),
        showfliers=False,
        widths=0.6,
        patch_artist=True,
        boxprops=dict(facecolor=LIGHT, linewidth=0.7),
        medianprops=dict(color=DARK, linewidth=1.6),
        whiskerprops=dict(linewidth=0.7),
        capprops=dict(linewidth=0.7),
    )
    axes.set_yticks(
        range(1, len(names) + 1),
        [f'{name} ({len(group):,})' for name, group in zip(names, groups)],
        fontsize=7.5,
        parse_math=False,
    )
    axes.invert_yaxis()
    axes.set_xscale('log')
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axes.xaxis.set_minor_formatter(NullFormatter())
    low, high = np.quantile(statistics.durations, [0.01, 0.99])
    axes.set_xticks([value for value in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low / 2 <= value <= high * 2])
    axes.set_xlabel('seconds: median, quarters, 5 % and 95 %', fontsize=8)
    axes.tick_params(axis='x', labelsize=8)
    axes.tick_params(axis='y', length=0)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_title('durations', fontsize=9, loc='left')


def _draw_simultaneous(figure: Figure, statistics: DetectionStatistics) -> None:
    """Draw the share of the frames with each number of actions at once."""
    axes = figure.add_axes((0.745, 0.07, 0.235, 0.24), label='simultaneous')
    shares = 100 * statistics.simultaneous
    bars = axes.bar(range(len(shares)), shares, color=DARK, width=0.7)
    axes.bar_label(
        bars, [f'{share:.1f}' if share >= 0.1 else f'{share:.2g}' for share in shares], fontsize=7.5, padding=2
    )
    axes.set_ylim(0, shares.max() * 1.15)
    axes.set_xticks(range(len(shares)))
    axes.set_xlabel('actions at once', fontsize=8)
    axes.set_ylabel('% of the frames', fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[['top', 'right']].set_visible(False)
    axes.set_title('how many at a time', fontsize=9, loc='left')
