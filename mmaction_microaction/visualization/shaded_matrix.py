"""Confusion matrices of many classes, in shades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .lettering import fit_text, text_width
from .matrix import Blocks, mark_block, percentages_of_rows, show_plain_text
from .style import empty_figure, write_titles

NAME_WIDTH, FONT_SIZE = 1.9, 7.5
"""Maximum width of a name in inches, and the font size in points of names."""

_SIDE, _CELL = 7.3, 0.14
_MAX_NAMED = 100
_CODE_WIDTH = 0.21
_GROUP_FONT_SIZE = 8.5
_MAX_GROUP_WIDTH = 1.3


def plot_shaded_matrix(
    counts: np.ndarray,
    row_names: Sequence[str],
    column_names: Sequence[str],
    kind: str,
    title: str,
    subtitle: str,
    blocks: Blocks = (),
    order: str = '',
) -> Figure:
    """Draw a confusion matrix in shades.

    Each row adds up to 100 %. The row of a class without clips is grey. Up to 100 classes are all named; of more, every
    second, third and so on has its name.

    Args:
        counts (np.ndarray): Numbers of clips, shape (K, K). Rows are true classes.
        row_names, column_names (Sequence[str]): Names of the classes on the left and below.
        kind (str): Word for a class, such as ``'action'``.
        title, subtitle (str): Titles of the figure.
        blocks (Blocks): Name, first and last index of each block of classes, such as the actions of a body part.
            Defaults to no blocks.
        order (str): Remark on the order of the classes, behind the label of the vertical axis. Defaults to none.

    Returns:
        Figure: 10 x 9 inches for 52 classes.
    """
    num_classes = len(counts)
    side = max(_CELL * num_classes, _SIDE) if num_classes <= _MAX_NAMED else _SIDE
    step = 1 if num_classes <= _MAX_NAMED else int(np.ceil(num_classes * _CELL / side))
    rows, columns = (
        [fit_text(name, NAME_WIDTH, FONT_SIZE) for name in names[::step]] for names in (row_names, column_names)
    )
    turned = not _fit_along(blocks, side / num_classes)
    group_width = min(max((_block_width(name) for name, *_ in blocks), default=0), _MAX_GROUP_WIDTH)

    left = min(max(text_width(name, FONT_SIZE) for name in rows) + 0.36, 2.25)
    # Exact for short codes, so that the figures of similar label sets can be compared.
    bottom = 0.495 + max(max(text_width(name, FONT_SIZE) for name in columns) - _CODE_WIDTH, 0)
    right = (group_width + 0.2 if turned else 0.45) if blocks else 0.25
    top = (0.9 + group_width if turned else 1.205) if blocks else 0.75
    width, height = max(left + side + right, 7), bottom + side + top
    figure = empty_figure(width, height)
    axes = figure.add_axes((left / width, bottom / height, side / width, side / height), label='matrix')
    axes.set_facecolor('0.88')
    # One hue from light to dark is readable in grey and with any colour vision.
    image = axes.imshow(percentages_of_rows(counts), cmap='Blues', vmin=0, vmax=100)
    axes.set_xticks(range(0, num_classes, step), columns, rotation=90, fontsize=FONT_SIZE)
    axes.set_yticks(range(0, num_classes, step), rows, fontsize=FONT_SIZE)
    show_plain_text(axes)
    axes.tick_params(length=0, pad=3)
    axes.set_xlabel(
        f'predicted {kind}' + (f'; one of {step} is named' if step > 1 else ''), fontsize=10, parse_math=False
    )
    axes.set_ylabel(f'true {kind}{order}', fontsize=10, parse_math=False)
    axes.spines[:].set_color('0.4')
    _mark_blocks(axes, blocks, side / num_classes, turned)

    box = ((left + side - 2) / width, 1 - 0.315 / height, 2 / width, 0.117 / height)
    bar = figure.colorbar(image, cax=figure.add_axes(box, label='colour bar'), orientation='horizontal')
    bar.set_ticks([0, 25, 50, 75, 100], labels=['0', '25', '50', '75', '100 %'], fontsize=8)
    bar.set_label(f'of the clips of the true {kind}', fontsize=8, parse_math=False)
    write_titles(
        figure,
        title,
        subtitle,
        x=left / width,
        y=(1 - 0.36 / height, 1 - 0.567 / height),
        max_length=40,
        fontsize=13,
        width=side - 1.9,  # the colour bar is on the right
    )
    return figure


def _block_width(name: str) -> float:
    return text_width(name, _GROUP_FONT_SIZE)


def _fit_along(blocks: Blocks, cell: float) -> bool:
    """Return whether the names of all blocks fit above them, broken at hyphens, and beside them."""
    return all(
        max(map(_block_width, name.replace('-', '-\n').split('\n'))) <= 0.9 * (last - first + 1) * cell
        for name, first, last in blocks
    )


def _mark_blocks(axes: Axes, blocks: Blocks, cell: float, turned: bool) -> None:
    """Draw borders between the blocks, and write their names at the top and on the right.

    Names that do not fit into the length of their block are turned. Blocks that are too thin even for those have none.
    """
    style = dict(fontsize=_GROUP_FONT_SIZE, parse_math=False)
    end = axes.get_xlim()[1] + 0.4
    for name, first, last in blocks:
        if first:
            axes.axhline(first - 0.5, color='0.75', linewidth=0.6)
            axes.axvline(first - 0.5, color='0.75', linewidth=0.6)
        size = last - first + 1
        mark_block(axes, first, last)
        middle = (first + last) / 2
        if not turned:
            name = name.replace('-', '-\n')
            axes.text(middle, -0.9, name, ha='center', va='bottom', label='group above', **style)
            axes.text(end, middle, name, ha='left', va='center', rotation=270, label='group', **style)
        elif size * cell >= 0.13:
            name = fit_text(name, _MAX_GROUP_WIDTH, _GROUP_FONT_SIZE)
            gap = 0.06 / cell
            axes.text(middle, -0.5 - gap, name, ha='center', va='bottom', rotation=90, label='group above', **style)
            axes.text(end - 0.4 + gap, middle, name, ha='left', va='center', label='group', **style)
