"""Confusion matrix of the 52 actions, in blocks of body parts."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS

from .style import empty_figure, name_of, write_titles


def plot_confusion_matrix(counts: np.ndarray, title: str | None = None) -> Figure:
    """Draw the confusion matrix of the actions.

    Each row adds up to 100 %, so that rare actions are as visible as frequent ones. The row of an action without clips
    is grey. Actions are in the order of their labels, so body parts form blocks: confusions inside a
    block reduce the fine accuracy only, confusions outside also reduce the coarse accuracy.

    Args:
        counts (np.ndarray): Numbers of clips, shape (52, 52). Rows are true actions.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 10 x 9 inches; ``figure.savefig('confusion.png')`` writes it.

    Raises:
        ValueError: If the counts have another shape, are negative, or are all zero.
    """
    counts = np.asarray(counts)
    if counts.shape != (NUM_ACTIONS, NUM_ACTIONS) or counts.min() < 0 or not counts.any():
        raise ValueError(f'expected counts of shape ({NUM_ACTIONS}, {NUM_ACTIONS}), some above 0, got {counts.shape}')
    figure = empty_figure(10, 9)
    axes = figure.add_axes((0.225, 0.055, 0.73, 0.811), label='matrix')
    axes.set_facecolor('0.88')
    # One hue from light to dark is readable in grey and with any colour vision.
    image = axes.imshow(percentages_of_rows(counts), cmap='Blues', vmin=0, vmax=100)
    axes.set_xticks(range(NUM_ACTIONS), [action.code for action in ACTIONS], rotation=90, fontsize=7.5)
    axes.set_yticks(range(NUM_ACTIONS), [name_of(label) for label in range(NUM_ACTIONS)], fontsize=7.5)
    axes.tick_params(length=0, pad=3)
    axes.set_xlabel('predicted action', fontsize=10)
    axes.set_ylabel('true action', fontsize=10)
    axes.spines[:].set_color('0.4')
    _mark_body_parts(axes)

    bar = figure.colorbar(
        image, cax=figure.add_axes((0.755, 0.965, 0.2, 0.013), label='colour bar'), orientation='horizontal'
    )
    bar.set_ticks([0, 25, 50, 75, 100], labels=['0', '25', '50', '75', '100 %'], fontsize=8)
    bar.set_label('of the clips of the true action', fontsize=8)

    same_part = FINE_TO_COARSE[:, None] == FINE_TO_COARSE
    write_titles(
        figure,
        title or 'Confusion of the 52 micro-actions',
        f'{counts.sum():,} clips, {np.trace(counts) / counts.sum():.1%} recognised, '
        f'{counts[same_part].sum() / counts.sum():.1%} at least as an action of the correct body part',
        x=0.225,
        y=(0.96, 0.937),
        max_length=40,
        fontsize=13,
    )
    return figure


def percentages_of_rows(counts: np.ndarray) -> np.ma.MaskedArray:
    """Return counts as percentages of the sums of their rows. Rows without clips are masked."""
    sums = counts.sum(axis=1, keepdims=True)
    return np.ma.masked_array(100 * counts / np.maximum(sums, 1), np.broadcast_to(sums == 0, counts.shape))


def _mark_body_parts(axes: Axes) -> None:
    """Draw borders between the body parts, and write their names at the top and on the right."""
    for part, name in enumerate(BODY_PARTS):
        first, last = np.flatnonzero(part == FINE_TO_COARSE)[[0, -1]]
        if first:
            axes.axhline(first - 0.5, color='0.75', linewidth=0.6)
            axes.axvline(first - 0.5, color='0.75', linewidth=0.6)
        size = last - first + 1
        axes.add_patch(Rectangle((first - 0.5, first - 0.5), size, size, fill=False, color='0.25', linewidth=1.1))
        middle, name = (first + last) / 2, name.replace('-', '-\n')
        axes.text(middle, -0.9, name, ha='center', va='bottom', fontsize=8.5, label='body part above')
        axes.text(
            NUM_ACTIONS - 0.1, middle, name, ha='left', va='center', rotation=270, fontsize=8.5, label='body part'
        )
