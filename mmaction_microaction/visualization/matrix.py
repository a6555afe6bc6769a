"""Confusion matrices, in numbers if there is room for them, and in shades."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .lettering import fit_text, text_width
from .style import new_figure

MAX_NUMBERED = 14
"""Largest number of classes whose matrix has numbers in its cells."""

Blocks = Sequence[tuple[str, int, int]]
"""Name, first and last index of each block of neighbouring classes."""

_FONT_SIZE = 8.5
_MAX_LINES = 3


def check_counts(counts: np.ndarray, num_classes: int) -> np.ndarray:
    """Check a confusion matrix.

    Args:
        counts (np.ndarray): Numbers of clips, shape (K, K). Rows are true classes.
        num_classes (int): Number of classes K.

    Returns:
        np.ndarray: The matrix.

    Raises:
        ValueError: If the counts have another shape, are negative, or are all zero.
    """
    counts = np.asarray(counts)
    if counts.shape != (num_classes, num_classes) or counts.min() < 0 or not counts.any():
        raise ValueError(f'expected counts of shape ({num_classes}, {num_classes}), some above 0, got {counts.shape}')
    return counts


def percentages_of_rows(counts: np.ndarray) -> np.ma.MaskedArray:
    """Return counts as percentages of the sums of their rows. Rows without clips are masked."""
    sums = counts.sum(axis=1, keepdims=True)
    return np.ma.masked_array(100 * counts / np.maximum(sums, 1), np.broadcast_to(sums == 0, counts.shape))


def plot_numbered_matrix(
    counts: np.ndarray,
    names: Sequence[str],
    kind: str,
    title: str,
    subtitle: str,
    blocks: Blocks = (),
    order: str = '',
) -> Figure:
    """Draw a confusion matrix with shades, and a share and a number of clips in each cell.

    Each row adds up to 100 %. The row of a class without clips is grey.

    Args:
        counts (np.ndarray): Numbers of clips, shape (K, K). Rows are true classes.
        names (Sequence[str]): Names of the classes.
        kind (str): Word for a class, such as ``'body part'``.
        title, subtitle (str): See :func:`.new_figure`.
        blocks (Blocks): Name, first and last index of each block of classes. Defaults to no blocks.
        order (str): Remark on the order of the classes, behind the label of the vertical axis. Defaults to none.

    Returns:
        Figure: 6.5 inches wide for up to seven classes, and wider for more.
    """
    cell_width, cell_height = min(max(5.265 / len(names), 5.265 / 7), 1.3), 0.616
    lines = [_break_name(name, cell_width) for name in names]
    # Room for short words in two lines is in every figure, so that figures of similar classes have one size.
    left = max(max(text_width(line, _FONT_SIZE) for text in lines for line in text.split('\n')) + 0.45, 1.105)
    bottom = 0.616 + 0.14 * (max(text.count('\n') for text in lines) // 2)
    width, height = max(left + cell_width * len(names) + 0.13, 6.5), bottom + cell_height * len(names) + 0.672
    figure = new_figure(width, height, title, subtitle)
    axes = figure.add_axes(
        (left / width, bottom / height, cell_width * len(names) / width, cell_height * len(names) / height),
        label='matrix',
    )
    axes.set_facecolor('0.88')
    shares = percentages_of_rows(counts)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=100, aspect='auto')
    for row, column in np.ndindex(counts.shape):
        share = shares[row, column]
        if share is not np.ma.masked:
            text = f'{share:.1f}\n({counts[row, column]:,})' if counts[row, column] else '0'
            axes.text(column, row, text, ha='center', va='center', fontsize=8, color='white' if share > 55 else 'black')
    for _, first, last in blocks:
        mark_block(axes, first, last)
    axes.set_xticks(range(len(names)), lines, fontsize=_FONT_SIZE)
    axes.set_yticks(range(len(names)), lines, fontsize=_FONT_SIZE)
    show_plain_text(axes)
    axes.tick_params(length=0, pad=4)
    axes.set_xlabel(f'predicted {kind}', fontsize=9, parse_math=False)
    axes.set_ylabel(f'true {kind}{order}', fontsize=9, labelpad=8, parse_math=False)
    axes.spines[:].set_color('0.4')
    return figure


def mark_block(axes: Axes, first: int, last: int) -> None:
    """Draw a square around the cells of neighbouring classes."""
    size = last - first + 1
    axes.add_patch(Rectangle((first - 0.5, first - 0.5), size, size, fill=False, color='0.25', linewidth=1.1))


def show_plain_text(axes: Axes) -> None:
    """Let the labels of ticks show dollar signs, which Matplotlib would take for formulas."""
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_parse_math(False)


def _break_name(name: str, width: float) -> str:
    """Break a name into at most three lines of a width in inches."""
    lines = textwrap.wrap(name, int(width / 0.1), max_lines=_MAX_LINES, placeholder=' …', break_long_words=False)
    return '\n'.join(fit_text(line, width - 0.02, _FONT_SIZE) for line in lines)
