"""Timeline of a long video, with a row for each body part."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval

from .style import action_colors, new_figure

_LETTER_WIDTH = 0.085
"""Width in inches of a letter of a code, with the space around it."""


def plot_timeline(
    intervals: Sequence[Interval], duration: float, title: str | None = None, label_set: LabelSet = MA52
) -> Figure:
    """Draw the micro-actions of a video as bars over time, with a row for each body part.

    A bar that is wide enough contains the code of the action.

    Args:
        intervals (Sequence[Interval]): Micro-actions of the video.
        duration (float): Duration of the video in seconds.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the intervals. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 x 2.9 inches.
    """
    noun = 'micro-action' if len(intervals) == 1 else 'micro-actions'
    figure = new_figure(
        7.5,
        2.9,
        title or 'Timeline',
        f'{len(intervals):,} {noun} in {duration:,.1f} s; codes as in the table; paler means less probable',
    )
    left, width = 0.13, 0.835
    axes = figure.add_axes((left, 0.17, width, 0.58))
    # Times are in seconds up to two minutes, and in minutes and seconds beyond.
    unit = 60 if duration > 120 else 1
    inches = 7.5 * width / duration
    colors, rows = action_colors(label_set), label_set.groups or label_set.names
    for interval in intervals:
        code = interval.action.code
        part = label_set.fine_to_coarse[interval.label] if label_set.has_groups else interval.label
        seconds = interval.end - interval.start
        # Even an improbable bar is dark enough to be seen.
        color = 1 - (0.3 + 0.7 * interval.score) * (1 - np.array(to_rgb(colors[interval.label])))
        axes.barh(part, seconds / unit, 0.8, interval.start / unit, color=color)
        if seconds * inches >= _LETTER_WIDTH * (len(code) + 1):
            black = color @ (0.2126, 0.7152, 0.0722) > 0.45
            axes.text(
                (interval.start + seconds / 2) / unit,
                part,
                code,
                color='black' if black else 'white',
                ha='center',
                va='center',
                fontsize=7,
            )
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), rows, fontsize=8.5)
    axes.tick_params(axis='y', length=0)
    axes.set_xlim(0, duration / unit)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    if unit > 1:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{round(x * 60) // 60}:{round(x * 60) % 60:02d}'))
    axes.set_xlabel('minutes' if unit > 1 else 'seconds', fontsize=9)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    return figure
