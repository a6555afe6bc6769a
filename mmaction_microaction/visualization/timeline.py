"""Timeline of a long video, with a row for each group or, without groups, for each action."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval

from .lettering import fit_text, text_width
from .matrix import show_plain_text
from .style import WIDTH, action_colors, new_figure, short_name

MAX_ROWS = 24
"""Maximum number of rows."""

_LETTER_WIDTH = 0.085
"""Width in inches of a letter of a code, with the space around it."""
_ROW_HEIGHT, _ABOVE, _BELOW = 0.58 * 2.9 / 7, 0.25 * 2.9, 0.17 * 2.9
_NAME_WIDTH, _FONT_SIZE = 1.9, 8.5
_OTHERS = -1


def plot_timeline(
    intervals: Sequence[Interval], duration: float, title: str | None = None, label_set: LabelSet = MA52
) -> Figure:
    """Draw the micro-actions of a video as bars over time, with a row for each group, such as a body part.

    Without groups, each action that occurs has a row. Of more than 24 groups, too, only those that occur have a row,
    and the rarest share the last row if there are still more than 24. A bar that is wide enough contains the code of
    the action, if its row does not name it.

    Args:
        intervals (Sequence[Interval]): Micro-actions of the video.
        duration (float): Duration of the video in seconds.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the intervals. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of rows, and is 2.9 inches for seven.

    Examples:
        >>> nodding, waving = Interval(1.0, 2.5, label=9), Interval(2.0, 4.0, label=19)
        >>> plot_timeline([nodding, waving], duration=10.0).get_size_inches().round(2).tolist()
        [7.5, 2.9]
    """
    noun = 'micro-action' if len(intervals) == 1 else 'micro-actions'
    rows, names = _choose_rows(intervals, label_set)
    has_codes = any(action.code != str(action.index) for action in label_set.actions)
    codes = 'codes as in the table; ' if label_set.has_groups and has_codes else ''
    height = _ABOVE + _ROW_HEIGHT * max(len(names), 1) + _BELOW
    figure = new_figure(
        WIDTH,
        height,
        title or 'Timeline',
        f'{len(intervals):,} {noun} in {duration:,.1f} s; {codes}paler means less probable',
    )
    names = [fit_text(name, _NAME_WIDTH, _FONT_SIZE) for name in names]
    longest = max((text_width(name, _FONT_SIZE) for name in names), default=0)
    # Short names, such as those of the body parts, have the same margin.
    left = max(0.975, longest + 0.2)
    width = WIDTH - 0.2625 - left
    axes = figure.add_axes((left / WIDTH, _BELOW / height, width / WIDTH, 1 - (_ABOVE + _BELOW) / height))
    # Times are in seconds up to two minutes, and in minutes and seconds beyond.
    unit = 60 if duration > 120 else 1
    inches = width / duration
    colors = action_colors(label_set)
    for interval in intervals:
        key = _row_key(interval, label_set)
        row = rows.get(key, rows.get(_OTHERS))
        seconds = interval.end - interval.start
        # Even an improbable bar is dark enough to be seen.
        color = 1 - (0.3 + 0.7 * interval.score) * (1 - np.array(to_rgb(colors[interval.label])))
        axes.barh(row, seconds / unit, 0.8, interval.start / unit, color=color)
        room = seconds * inches
        code = short_name(interval.label, label_set, max(room, 0.6), 7)
        is_named = not label_set.has_groups and key in rows
        if not is_named and room >= _LETTER_WIDTH * (len(code) + 1):
            black = color @ (0.2126, 0.7152, 0.0722) > 0.45
            axes.text(
                (interval.start + seconds / 2) / unit,
                row,
                code,
                color='black' if black else 'white',
                ha='center',
                va='center',
                fontsize=7,
                parse_math=False,
            )
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names, fontsize=_FONT_SIZE)
    axes.tick_params(axis='y', length=0)
    axes.set_xlim(0, duration / unit)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    if unit > 1:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{round(x * 60) // 60}:{round(x * 60) % 60:02d}'))
    axes.set_xlabel('minutes' if unit > 1 else 'seconds', fontsize=9)
    axes.tick_params(axis='x', labelsize=8)
    show_plain_text(axes)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    return figure


def _row_key(interval: Interval, label_set: LabelSet) -> int:
    """Return the coarse label of an interval, or its fine label if there are no groups."""
    return int(label_set.fine_to_coarse[interval.label]) if label_set.has_groups else interval.label


def _choose_rows(intervals: Sequence[Interval], label_set: LabelSet) -> tuple[dict[int, int], list[str]]:
    """Return the row of each coarse label or, without groups, of each fine label, and the names of the rows."""
    names = label_set.groups or label_set.names
    keys = range(len(names))
    if not label_set.has_groups or len(names) > MAX_ROWS:
        seconds = Counter()
        for interval in intervals:
            seconds[_row_key(interval, label_set)] += interval.end - interval.start
        keys = sorted(seconds)
        if len(keys) > MAX_ROWS:
            keys = [*sorted(key for key, _ in seconds.most_common(MAX_ROWS - 1)), _OTHERS]
    rows = {key: row for row, key in enumerate(keys)}
    return rows, ['others' if key == _OTHERS else names[key] for key in keys]
