"""Timeline of a video, with a row for each group or, without groups, for each action."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval

from .interval_rows import IntervalRows, assign_lanes
from .lettering import fit_text, text_width
from .matrix import show_plain_text
from .style import WIDTH, action_colors, new_figure, short_name

MAX_ROWS = 24
"""Maximum number of rows."""

_LETTER_WIDTH = 0.085
"""Width in inches of a letter of a code, with the space around it."""
_ROW_HEIGHT, _ABOVE, _BELOW = 0.58 * 2.9 / 7, 0.25 * 2.9, 0.17 * 2.9
_NAME_WIDTH, _FONT_SIZE = 1.9, 8.5
_LANE_HEIGHT = 0.7
"""Height of every further lane of a row, in rows."""
_MAX_HEIGHT = 60
"""Height of all rows together, in rows, beyond which further lanes are lower."""


def plot_timeline(
    intervals: Sequence[Interval],
    duration: float,
    title: str | None = None,
    label_set: LabelSet = MA52,
    truth: Sequence[Interval] | None = None,
) -> Figure:
    """Draw the micro-actions of a video as bars over time, with a row for each group, such as a body part.

    Without groups, each action that occurs has a row. Of more than 24 groups, too, only those that occur have a row,
    and the rarest share the last row if there are still more than 24. A bar that is wide enough contains the code of
    the action, if its row does not name it. A row with overlapping bars has lanes, so that no bar hides another.

    Args:
        intervals (Sequence[Interval]): Micro-actions that were found in the video.
        duration (float): Duration of the video in seconds.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the intervals. Defaults to that of MA-52.
        truth (Sequence[Interval], optional): True micro-actions, which are drawn above those that were found, with a
            black outline. Defaults to None.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of rows and lanes, and is 2.9 inches for seven rows
        without overlap.

    Examples:
        >>> nodding, waving = Interval(1.0, 2.5, label=9), Interval(2.0, 4.0, label=19)
        >>> plot_timeline([nodding, waving], duration=10.0).get_size_inches().round(2).tolist()
        [7.5, 2.9]
    """
    parts = [intervals] if truth is None else [truth, intervals]
    rows = IntervalRows([interval for part in parts for interval in part], label_set, MAX_ROWS)
    # Blocks from top to bottom: those of the truth and of what was found take turns.
    split = [rows.split(part) for part in parts]
    blocks = [block for row in zip(*split) for block in row]
    lanes = [assign_lanes(block) for block in blocks]
    counts = [max(block, default=0) + 1 for block in lanes]
    extra = sum(counts) - len(counts)
    lane_height = min(_LANE_HEIGHT, max(_MAX_HEIGHT - len(counts), 0) / max(extra, 1))
    heights = [1 + lane_height * (count - 1) for count in counts]
    # A row without overlap is centred on its index.
    tops = [sum(heights[:index]) - 0.5 for index in range(len(heights))]

    noun = 'micro-action' if len(intervals) == 1 else 'micro-actions'
    has_codes = any(action.code != str(action.index) for action in label_set.actions)
    codes = 'codes as in the table; ' if label_set.has_groups and has_codes and truth is None else ''
    found = f'{len(intervals):,} {noun} in {duration:,.1f} s; {codes}paler means less probable'
    if truth is not None:
        found = f'{len(truth):,} true (outlined), {len(intervals):,} found in {duration:,.1f} s; paler: less probable'
    height = _ABOVE + _ROW_HEIGHT * max(sum(heights), 1) + _BELOW
    figure = new_figure(WIDTH, height, title or 'Timeline', found)
    suffix = '' if truth is None else ', true'
    room = _NAME_WIDTH - text_width(suffix, _FONT_SIZE)
    names = [f'{fit_text(name, room, _FONT_SIZE)}{suffix}' for name in rows.names]
    if truth is not None:
        names = [text for name in names for text in (name, 'found')]
    longest = max((text_width(name, _FONT_SIZE) for name in names), default=0)
    # Short names, such as those of the body parts, have the same margin.
    left = max(0.975, longest + 0.2)
    width = WIDTH - 0.2625 - left
    axes = figure.add_axes((left / WIDTH, _BELOW / height, width / WIDTH, 1 - (_ABOVE + _BELOW) / height))
    # Times are in seconds up to two minutes, and in minutes and seconds beyond.
    unit = 60 if duration > 120 else 1
    inches = width / duration
    colors = action_colors(label_set)
    for index, (top, count) in enumerate(zip(tops, counts)):
        is_true = truth is not None and index % 2 == 0
        center, bar = top + heights[index] / 2, (heights[index] - 0.2) / count
        for interval, lane in zip(blocks[index], lanes[index]):
            # Even an improbable bar is dark enough to be seen.
            color = 1 - (0.3 + 0.7 * interval.score) * (1 - np.array(to_rgb(colors[interval.label])))
            middle = center + (lane - (count - 1) / 2) * bar
            thickness = bar if count == 1 else 0.9 * bar
            seconds = interval.end - interval.start
            outline = dict(edgecolor='black', linewidth=0.8) if is_true else {}
            axes.barh(middle, seconds / unit, thickness, interval.start / unit, color=color, **outline)
            room = seconds * inches
            code = short_name(interval.label, label_set, max(room, 0.6), 7)
            fits = room >= _LETTER_WIDTH * (len(code) + 1) and thickness * _ROW_HEIGHT >= 0.1
            if fits and not rows.names_action(interval):
                black = color @ (0.2126, 0.7152, 0.0722) > 0.45
                axes.text(
                    (interval.start + seconds / 2) / unit,
                    middle,
                    code,
                    color='black' if black else 'white',
                    ha='center',
                    va='center',
                    fontsize=7,
                    parse_math=False,
                )
    axes.set_ylim(max(sum(heights), 1) - 0.5, -0.5)
    axes.set_yticks([top + size / 2 for top, size in zip(tops, heights)], names, fontsize=_FONT_SIZE)
    for top in tops[:: len(parts)][1:]:
        if truth is not None or extra:
            axes.axhline(top, color='0.8', linewidth=0.6, zorder=0)
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
