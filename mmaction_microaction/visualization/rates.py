"""Rates of actions, with intervals of confidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from mmaction_microaction.evaluation.functional import poisson_interval

from .lettering import fit_text, text_width
from .matrix import show_plain_text
from .style import GROUP_COLORS, WIDTH, new_figure

MAX_SERIES = 6
"""Largest number of series. More points in a row could not be told apart."""

_MARKERS = 'osD^vP'
_ABOVE, _BELOW, _LEGEND = 0.62, 0.5, 0.25
_NAME_WIDTH, _FONT_SIZE = 2.3, 8


def plot_rates(
    counts: ArrayLike,
    minutes: ArrayLike,
    rows: Sequence[str],
    series: Sequence[str],
    title: str | None = None,
    subtitle: str = 'events per minute, with exact Poisson intervals of 95 %',
) -> Figure:
    """Draw rates of events with exact Poisson intervals of 95 %, such as those of several people for each action.

    Args:
        counts (ArrayLike): Numbers of events, shape (R, S).
        minutes (ArrayLike): Observed time in minutes, above 0, shape (R, S), or (S,) if it is the same in all rows.
        rows (Sequence[str]): Names of the R rows.
        series (Sequence[str]): Names of the S series, which differ in colour and marker. At most six.
        title (str, optional): Title of the figure.
        subtitle (str): Subtitle of the figure. Defaults to what the axis and the lines are.

    Returns:
        Figure: 7.5 inches wide; the height depends on the numbers of rows and series.

    Raises:
        ValueError: If the shapes do not fit, there is no row, there are more than six series, or a time is not above 0.

    Examples:
        >>> figure = plot_rates([[12, 3]], [10, 10], ['nodding'], ['P1', 'P2'])
        >>> figure.get_size_inches().round(2).tolist()
        [7.5, 1.75]
    """
    counts = np.asarray(counts)
    shape = (len(rows), len(series))
    if counts.shape != shape or not counts.size:
        raise ValueError(f'expected counts of shape {shape}, at least one, got shape {counts.shape}')
    if len(series) > MAX_SERIES:
        raise ValueError(f'expected at most {MAX_SERIES} series, got {len(series)}')
    minutes = np.broadcast_to(np.asarray(minutes, dtype=float), shape)
    if not (minutes > 0).all():
        raise ValueError('the observed time must be above 0 minutes')
    lower, upper = (end / minutes for end in poisson_interval(counts))
    rates = counts / minutes
    row_height = 0.12 + 0.13 * len(series)
    height = _ABOVE + _LEGEND + row_height * len(rows) + _BELOW
    figure = new_figure(WIDTH, height, title or 'Rates of actions', subtitle)
    names = [fit_text(name, _NAME_WIDTH, _FONT_SIZE) for name in rows]
    left = max(text_width(name, _FONT_SIZE) for name in names) + 0.25
    box = (left / WIDTH, _BELOW / height, 1 - (left + 0.25) / WIDTH, row_height * len(rows) / height)
    axes = figure.add_axes(box, label='rates')
    step = 0.13 / row_height
    places = np.arange(len(rows))
    points = []
    for index in range(len(series)):
        color = GROUP_COLORS[index]
        y = places + (index - (len(series) - 1) / 2) * step
        axes.hlines(y, lower[:, index], upper[:, index], color=color, linewidth=1.3, zorder=2)
        marker = dict(marker=_MARKERS[index], s=18, color=color, linewidth=0, zorder=3, clip_on=False)
        points.append(axes.scatter(rates[:, index], y, **marker))
    for place in places[::2]:
        axes.axhspan(place - 0.5, place + 0.5, color='0.955', linewidth=0, zorder=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(places, names, fontsize=_FONT_SIZE)
    axes.set_xlim(0, 1.03 * upper.max())
    axes.set_xlabel('events per minute', fontsize=9)
    axes.tick_params(axis='y', length=0)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    show_plain_text(axes)
    position = (0.12 / WIDTH, 1 - _ABOVE / height)
    common = dict(frameon=False, fontsize=_FONT_SIZE, borderpad=0, borderaxespad=0, handletextpad=0.2, columnspacing=1)
    names = [fit_text(name, (WIDTH - 0.3) / len(series) - 0.45, _FONT_SIZE) for name in series]
    legend = figure.legend(points, names, loc='upper left', bbox_to_anchor=position, ncols=len(series), **common)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure
