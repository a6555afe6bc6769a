"""Style that the figures share: titles, rows of actions, colours and sizes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.label_sets.ma52 import BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS

from .names import shorten

BODY_PART_COLORS = ('#0072B2', '#E69F00', '#009E73', '#56B4E9', '#D55E00', '#CC79A7', '#4D4D4D')
"""Colours of the body parts, from Okabe and Ito's palette for all kinds of colour vision. Neighbours also differ in
grey."""

DARK, LIGHT, ACCENT = '#08306B', '#9ECAE1', '#D55E00'
"""Two shades of one hue, and a colour that contrasts with both, also in grey."""

WIDTH, HEIGHT = 7.5, 9.6
"""Size in inches of a figure with 52 rows of legible text, for a page of A4 or letter paper."""


def name_of(label: int, label_set: LabelSet = MA52) -> str:
    """Return the name and the code of an action as all figures show them, such as ``nodding  B1``."""
    action = label_set.actions[label]
    return action.name if action.code == str(label) else f'{action.name}  {action.code}'


def group_color(group: int) -> str:
    """Return the colour of a group."""
    return BODY_PART_COLORS[group % len(BODY_PART_COLORS)]


def action_colors(label_set: LabelSet = MA52) -> list[str]:
    """Return the colour of each action: that of its group, or one for all actions if there are no groups."""
    return [group_color(max(group, 0)) for group in label_set.fine_to_coarse]


def format_num_clips(num_clips: int) -> str:
    """Return a number of clips with its unit, such as ``1 clip`` or ``5,586 clips``."""
    return f'{num_clips:,} clip' if num_clips == 1 else f'{num_clips:,} clips'


def empty_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    # Not through pyplot, which would keep every figure in memory.
    return Figure(figsize=(width, height), dpi=150)


def write_titles(
    figure: Figure,
    title: str,
    subtitle: str,
    x: float,
    y: tuple[float, float],
    max_length: int,
    fontsize: float = 12,
) -> None:
    """Write the title and, in smaller letters, the subtitle of a figure.

    Args:
        figure (Figure): Figure to write to.
        title (str): Title, which may contain names of files.
        subtitle (str): Subtitle.
        x (float): Left end of both lines, as a share of the width.
        y (tuple[float, float]): Baselines of title and subtitle, as shares of the height.
        max_length (int): Number of characters to which a title is shortened.
        fontsize (float): Font size of the title. Defaults to 12.
    """
    # File names may contain dollar signs, which Matplotlib would take for formulas.
    common = dict(parse_math=False)
    figure.text(x, y[0], shorten(title, max_length), fontsize=fontsize, weight='bold', label='title', **common)
    figure.text(x, y[1], subtitle, fontsize=8.5, label='subtitle', **common)


def new_figure(width: float, height: float, title: str, subtitle: str) -> Figure:
    """Return a figure with a title and a subtitle.

    Args:
        width, height (float): Size in inches.
        title (str): Title, shortened to the width of the figure.
        subtitle (str): Subtitle, in smaller letters.

    Returns:
        Figure: Figure whose upper 0.65 inches contain the titles.
    """
    figure = empty_figure(width, height)
    write_titles(
        figure, title, subtitle, x=0.12 / width, y=(1 - 0.28 / height, 1 - 0.48 / height), max_length=int(8 * width)
    )
    return figure


def draw_action_rows(axes: Axes, names: bool = True, parts: bool = True) -> None:
    """Divide the vertical axis into a row for each action.

    The rows are in the order of the labels, which keeps the actions of a body part together.

    Args:
        axes (Axes): Axes to draw in.
        names (bool): Whether to write the names of the actions on the left. Defaults to True.
        parts (bool): Whether to write the names of the body parts on the right. Defaults to True.
    """
    axes.set_ylim(NUM_ACTIONS - 0.5, -0.5)
    axes.set_yticks(range(NUM_ACTIONS), [name_of(label) if names else '' for label in range(NUM_ACTIONS)], fontsize=7.5)
    axes.tick_params(axis='y', length=0, pad=7)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    for part, name in enumerate(BODY_PARTS):
        first, last = np.flatnonzero(part == FINE_TO_COARSE)[[0, -1]]
        if part % 2 == 0:
            axes.axhspan(first - 0.5, last + 0.5, color='0.955', zorder=0, linewidth=0)
        if parts:
            axes.text(
                1.015,
                (first + last) / 2,
                name,
                transform=axes.get_yaxis_transform(),
                rotation=270,
                ha='left',
                va='center',
                fontsize=8.5,
                label='body part',
            )
