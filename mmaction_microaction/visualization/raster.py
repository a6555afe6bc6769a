"""Raster of actions over time, for all people of all recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.messages import format_count

from .lettering import fit_text, text_width
from .matrix import show_plain_text
from .style import GROUP_COLORS, MAX_PIXELS, WIDTH, group_color, new_figure

MAX_GROUPS = len(GROUP_COLORS)
"""Largest number of groups, or of actions without groups, with a colour. The rarest others share grey."""

_OTHERS, _OTHERS_COLOR = 'others', '0.7'
_ABOVE, _BELOW, _LEGEND_ROW = 0.62, 0.5, 0.2
_ROW_HEIGHT, _LANE_HEIGHT, _NAME_WIDTH, _FONT_SIZE, _LEGEND_SIZE = 0.22, 0.045, 2.2, 7.5, 8
_MIN_WIDTH = 0.012
"""Width in inches of the shortest bar, so that point events are seen."""


def plot_raster(
    codings: Sequence[Coding], durations: Sequence[float] | None = None, label_set: LabelSet | None = None
) -> Figure:
    """Draw what each person does over time, with a row for each person of each recording.

    Bars are coloured by group, and each group has a lane in every row, so that actions of different groups do not hide
    each other. Without groups, actions have the colours. The time after a recording is grey.

    Args:
        codings (Sequence[Coding]): Coded recordings, at least one.
        durations (Sequence[float], optional): Durations in seconds. Defaults to None: those of the recordings or, if
            they are not known, the ends of the last events.
        label_set (LabelSet, optional): Label set that determines the order and the colours of the groups. Defaults to
            None, for that of the first recording that has one.

    Returns:
        Figure: 7.5 inches wide. The height depends on the number of rows, and is 1.5 inches for one row.

    Raises:
        ValueError: If there is no recording.

    Examples:
        >>> from mmaction_microaction.structures.coding import CodedEvent
        >>> coding = Coding('talk', [CodedEvent(1.0, 2.5, 'nodding', group='head')], duration=60.0)
        >>> plot_raster([coding]).get_size_inches().round(2).tolist()
        [7.5, 1.54]
    """
    if not codings:
        raise ValueError('expected one recording or more')
    if durations is None:
        durations = [coding.duration or 0 for coding in codings]
    ends = [max([end, *(event.end for event in coding.events)]) for end, coding in zip(durations, codings)]
    label_set = label_set or next((coding.label_set for coding in codings if coding.label_set), None)
    colors = _choose_colors(codings, label_set)
    rows = [(coding, person, end) for coding, end in zip(codings, ends) for person in coding.people or ('',)]
    columns = _count_columns(colors)
    legend = -(-len(colors) // columns) * _LEGEND_ROW
    # Matplotlib draws at most MAX_PIXELS; 0.05 inches are still a line.
    row_height = max(_ROW_HEIGHT, _LANE_HEIGHT * len(colors))
    row_height = max(min(row_height, (MAX_PIXELS / 150 - 3) / len(rows)), 0.05)
    height = _ABOVE + legend + row_height * len(rows) + _BELOW
    num_events = sum(len(coding.events) for coding in codings)
    counts = f'{format_count(num_events, "event")} in {format_count(len(codings), "recording")}'
    subtitle = f'{counts}, together {sum(ends) / 60:,.1f} minutes'
    figure = new_figure(WIDTH, height, 'Actions over time', subtitle)
    names = [_name_row(coding, person, codings) for coding, person, _ in rows]
    left = max(text_width(name, _FONT_SIZE) for name in names) + 0.2
    box = (left / WIDTH, _BELOW / height, 1 - (left + 0.25) / WIDTH, row_height * len(rows) / height)
    axes = figure.add_axes(box, label='raster', facecolor='0.93')
    longest = max(*ends, 1e-3) / 60
    for index, (coding, person, end) in enumerate(rows):
        axes.barh(index, end / 60, 1, color='white', zorder=0.5)
        _draw_row(axes, index, coding.of(person), colors, longest * _MIN_WIDTH / (WIDTH - left - 0.25))
        if index:
            is_new = rows[index - 1][0] is not coding
            axes.axhline(index - 0.5, color='0.5' if is_new else '0.85', linewidth=0.6, zorder=3 if is_new else 1)
    _finish_axes(axes, names, longest)
    handles = [Patch(color=color, label=fit_text(name, 2, _LEGEND_SIZE)) for name, color in colors.items()]
    if handles:
        position = (0.12 / WIDTH, 1 - _ABOVE / height)
        common = dict(frameon=False, fontsize=_LEGEND_SIZE, borderpad=0, borderaxespad=0, handlelength=1)
        common.update(columnspacing=1.2, handletextpad=0.5)
        box = figure.legend(handles=handles, loc='upper left', bbox_to_anchor=position, ncols=columns, **common)
        for text in box.get_texts():
            text.set_parse_math(False)
    return figure


def _draw_row(axes: Axes, index: int, events: Sequence[CodedEvent], colors: dict[str, str], shortest: float) -> None:
    """Draw the events of a person. All times are in minutes."""
    has_groups = any(event.group for event in events)
    lane = 0.88 / max(len(colors), 1)
    for place, (name, color) in enumerate(colors.items()):
        spans = [
            (event.start / 60, max(event.duration / 60, shortest))
            for event in events
            if _key_of(event, colors, has_groups) == name
        ]
        if spans:
            axes.broken_barh(spans, (index - 0.44 + place * lane, lane), facecolors=color, linewidth=0, zorder=2)


def _finish_axes(axes: Axes, names: list[str], longest: float) -> None:
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names, fontsize=_FONT_SIZE)
    axes.set_xlim(0, longest)
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel('minutes', fontsize=9)
    axes.tick_params(axis='y', length=0)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.grid(axis='x', color='0.85', linewidth=0.6, zorder=1)
    axes.set_axisbelow(False)
    show_plain_text(axes)


def _name_row(coding: Coding, person: str, codings: Sequence[Coding]) -> str:
    """Return the name of a row. The person is left out where nobody has a name."""
    has_people = any(any(each.people) for each in codings)
    room = _NAME_WIDTH * 0.7 if has_people else _NAME_WIDTH
    name = fit_text(coding.recording, room, _FONT_SIZE)
    return f'{name}  {fit_text(person or "-", _NAME_WIDTH * 0.3, _FONT_SIZE)}' if has_people else name


def _choose_colors(codings: Sequence[Coding], label_set: LabelSet | None) -> dict[str, str]:
    """Return the colours of the groups that occur or, without groups, of the actions, in the order of the lanes."""
    events = [event for coding in codings for event in coding.events]
    has_groups = any(event.group for event in events)
    counts = Counter(event.group or _OTHERS if has_groups else event.action for event in events)
    order = list((label_set.groups if has_groups else label_set.names) if label_set else ())
    known = [name for name in order if name in counts]
    names = [*known, *sorted(counts.keys() - set(known) - {_OTHERS})]
    frequent = {name for name, _ in Counter({name: counts[name] for name in names}).most_common(MAX_GROUPS)}
    keep = [name for name in names if name in frequent]
    # The groups of a label set have the same colours in all figures.
    index = {name: order.index(name) if has_groups and name in order else place for place, name in enumerate(keep)}
    colors = {name: group_color(index[name]) for name in keep}
    if len(keep) < len(names) or _OTHERS in counts:
        colors[_OTHERS] = _OTHERS_COLOR
    return colors


def _key_of(event: CodedEvent, colors: dict[str, str], has_groups: bool) -> str:
    name = event.group if has_groups else event.action
    return name if name in colors else _OTHERS


def _count_columns(colors: dict[str, str]) -> int:
    """Return the number of columns of the legend, which fills one column after the other."""
    widths = [min(text_width(name, _LEGEND_SIZE), 2) + 0.34 for name in colors]
    for columns in range(len(widths), 1, -1):
        # As Matplotlib distributes the entries.
        if sum(max(column) for column in np.array_split(widths, columns)) < WIDTH - 0.2:
            return columns
    return 1
