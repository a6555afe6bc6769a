"""Confusion matrix of the 7 body parts, as in Fig. 6 of Guo et al."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import BODY_PARTS, NUM_BODY_PARTS

from .confusion_matrix import percentages_of_rows
from .style import format_num_clips, new_figure


def plot_coarse_confusion_matrix(counts: np.ndarray, title: str | None = None) -> Figure:
    """Draw the confusion matrix of the body parts, in numbers and in shades.

    Each row adds up to 100 %. The row of a body part without clips is grey.

    Args:
        counts (np.ndarray): Numbers of clips, shape (7, 7). Rows are true body parts.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 6.5 x 5.6 inches.

    Raises:
        ValueError: If the counts have another shape, are negative, or are all zero.
    """
    counts = np.asarray(counts)
    if counts.shape != (NUM_BODY_PARTS, NUM_BODY_PARTS) or counts.min() < 0 or not counts.any():
        raise ValueError(
            f'expected counts of shape ({NUM_BODY_PARTS}, {NUM_BODY_PARTS}), some above 0, got {counts.shape}'
        )
    shares = percentages_of_rows(counts)

    figure = new_figure(
        6.5,
        5.6,
        title or 'Confusion of the 7 body parts',
        f'{format_num_clips(counts.sum())}, {np.trace(counts) / counts.sum():.1%} recognised. '
        'Of the clips of the true body part, in % (clips)',
    )
    axes = figure.add_axes((0.17, 0.11, 0.81, 0.77))
    axes.set_facecolor('0.88')
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=100, aspect='auto')
    for row, column in np.ndindex(counts.shape):
        share = shares[row, column]
        if share is not np.ma.masked:
            text = f'{share:.1f}\n({counts[row, column]:,})' if counts[row, column] else '0'
            axes.text(column, row, text, ha='center', va='center', fontsize=8, color='white' if share > 55 else 'black')
    names = [name.replace('-', '-\n').replace(' ', '\n') for name in BODY_PARTS]
    axes.set_xticks(range(NUM_BODY_PARTS), names, fontsize=8.5)
    axes.set_yticks(range(NUM_BODY_PARTS), names, fontsize=8.5)
    axes.tick_params(length=0, pad=4)
    axes.set_xlabel('predicted body part', fontsize=9)
    axes.set_ylabel('true body part', fontsize=9, labelpad=8)
    axes.spines[:].set_color('0.4')
    return figure
