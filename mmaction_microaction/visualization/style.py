"""Style that the figures share: titles, names of actions, colours and sizes."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet

from .fonts import complete_fonts
from .lettering import fit_text, text_width
from .names import shorten

GROUP_COLORS = ('#0072B2', '#E69F00', '#009E73', '#56B4E9', '#D55E00', '#CC79A7', '#4D4D4D')
"""Colours of the first seven groups, from Okabe and Ito's palette for all kinds of colour vision. Neighbours also
differ in grey."""

DARK, LIGHT, ACCENT = '#08306B', '#9ECAE1', '#D55E00'
"""Two shades of one hue, and a colour that contrasts with both, also in grey."""

WIDTH = 7.5
"""Width in inches of most figures, for a page of A4 or letter paper."""

MAX_PIXELS = 30_000
"""Maximum width and height in pixels of a figure. Matplotlib and viewers of images fail at about twice as many."""


def group_color(group: int) -> str:
    """Return the colour of a group: one of seven, or a paler or darker shade of it.

    Groups 7 to 13 have the paler shades, and groups 14 to 20 the darker ones. Group 21 has the colour of group 0 again.

    Args:
        group (int): Coarse label.

    Returns:
        str: Colour, such as ``'#0072b2'``.

    Examples:
        >>> [group_color(group) for group in (0, 7, 14, 21)]
        ['#0072b2', '#80b8d8', '#004a74', '#0072b2']
    """
    shade, index = divmod(group, len(GROUP_COLORS))
    color = np.array(to_rgb(GROUP_COLORS[index]))
    return to_hex((color, 0.5 + 0.5 * color, 0.65 * color)[shade % 3])


def action_colors(label_set: LabelSet = MA52) -> list[str]:
    """Return the colour of each action: that of its group, or one for all actions if there are no groups.

    Args:
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        list[str]: Colours, by fine label.

    Examples:
        >>> action_colors()[9] == group_color(1)  # nodding, head
        True
    """
    return [group_color(max(group, 0)) for group in label_set.fine_to_coarse]


def order_by_group(label_set: LabelSet = MA52) -> np.ndarray:
    """Return the order in which figures show the actions: by group, and by label within a group.

    Args:
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52, whose labels are in this order.

    Returns:
        np.ndarray: Fine labels, shape (C,).
    """
    return np.argsort(label_set.fine_to_coarse, kind='stable')


def group_spans(label_set: LabelSet = MA52) -> list[tuple[int, int, int]]:
    """Return the place of each group among actions in the order of :func:`order_by_group`.

    Args:
        label_set (LabelSet): Label set with or without groups. Defaults to that of MA-52.

    Returns:
        list[tuple[int, int, int]]: Coarse label, and positions of the first and the last action. Empty if there are no
        groups.

    Examples:
        >>> group_spans()[:2]
        [(0, 0, 4), (1, 5, 10)]
    """
    sizes = np.bincount(label_set.fine_to_coarse + 1)[1:]
    ends = np.cumsum(sizes)
    return [(group, int(end - size), int(end) - 1) for group, (size, end) in enumerate(zip(sizes, ends))]


def describe_order(label_set: LabelSet) -> str:
    """Return a remark that the actions are sorted by group, or an empty text if that is the order of the labels."""
    is_sorted = np.array_equal(order_by_group(label_set), np.arange(len(label_set)))
    return '' if is_sorted else f', sorted by {label_set.group_term}'


def name_of(label: int, label_set: LabelSet = MA52) -> str:
    """Return the name and the code of an action as all figures show them, such as ``nodding  B1``.

    Args:
        label (int): Fine label.
        label_set (LabelSet): Label set of the label. Defaults to that of MA-52.

    Returns:
        str: Name and code, or the name alone if the action has no code but its index.
    """
    action = label_set.actions[label]
    return action.name if action.code == str(label) else f'{action.name}  {action.code}'


def row_name(label: int, label_set: LabelSet, width: float, fontsize: float) -> str:
    """Return :func:`name_of`, cut to a width.

    Args:
        label (int): Fine label.
        label_set (LabelSet): Label set of the label.
        width (float): Width in inches.
        fontsize (float): Font size in points.

    Returns:
        str: Name and code. A name that is too long is cut and has the label behind it if there is no code, so that no
        two texts are the same.
    """
    text = name_of(label, label_set)
    if text_width(text, fontsize) <= width:
        return text
    action = label_set.actions[label]
    code = f'  {fit_text(action.code, width / 3, fontsize)}'
    return fit_text(action.name, width - text_width(code, fontsize), fontsize) + code


def short_name(label: int, label_set: LabelSet, width: float, fontsize: float) -> str:
    """Return the code of an action, or :func:`row_name` if it has no code but its index, cut to a width in inches."""
    code = label_set.actions[label].code
    return row_name(label, label_set, width, fontsize) if code == str(label) else fit_text(code, width, fontsize)


def empty_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, which shows names in all alphabets for which a font is installed.

    Examples:
        >>> empty_figure(7.5, 3).get_size_inches().tolist()
        [7.5, 3.0]
    """
    # Not through pyplot, which would keep every figure in memory.
    return complete_fonts(Figure(figsize=(width, height), dpi=min(150, MAX_PIXELS / max(width, height))))


def write_titles(
    figure: Figure,
    title: str,
    subtitle: str,
    x: float,
    y: tuple[float, float],
    max_length: int,
    fontsize: float = 12,
    width: float | None = None,
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
        width (float, optional): Width in inches to which both lines are cut. Defaults to None: up to the right end of
            the figure.
    """
    width = width or figure.get_figwidth() * (1 - x) - 0.05
    title = fit_text(shorten(title, max_length), width, fontsize, 'bold')
    # File names may contain dollar signs, which Matplotlib would take for formulas.
    common = dict(parse_math=False)
    figure.text(x, y[0], title, fontsize=fontsize, weight='bold', label='title', **common)
    figure.text(x, y[1], fit_text(subtitle, width, 8.5), fontsize=8.5, label='subtitle', **common)


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
