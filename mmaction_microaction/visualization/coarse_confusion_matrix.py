"""The confusion matrix of the 7 body parts, as in Fig. 6 of Guo et al."""

import numpy as np

from mmaction_microaction.label_sets.ma52 import BODY_PARTS, NUM_BODY_PARTS

from .style import count_clips, new_figure


def plot_coarse_confusion_matrix(counts, title=None):
    """Draw what the clips of each body part were taken for, in numbers and in shades.

    Rows add up to 100 %; the row of a body part without clips is grey.

    Args:
        counts (np.ndarray): Counts, shape (7, 7); rows are the true body parts.
        title (str, optional): Stands above the numbers of clips and of right ones.

    Returns:
        matplotlib.figure.Figure: 6.5 x 5.6 inches.

    Raises:
        ValueError: If the counts have another shape, are negative, or are all zero.
    """
    counts = np.asarray(counts)
    if counts.shape != (NUM_BODY_PARTS, NUM_BODY_PARTS) or counts.min() < 0 or not counts.any():
        raise ValueError(
            f'expected counts of shape ({NUM_BODY_PARTS}, {NUM_BODY_PARTS}), some above 0, got {counts.shape}'
        )
    clips = counts.sum(axis=1, keepdims=True)
    shares = np.ma.masked_array(100 * counts / np.maximum(clips, 1), np.broadcast_to(clips == 0, counts.shape))

    figure = new_figure(
        6.5,
        5.6,
        title or 'Confusion of the 7 body parts',
        f'{count_clips(counts.sum())}, {np.trace(counts) / counts.sum():.1%} recognised. '
        'Of the clips of the true body part, in % (clips)',
    )
    axes = figure.add_axes((0.17, 0.11, 0.81, 0.77))
    axes.set_facecolor('0.88')
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=100, aspect='auto')
    for row, column in np.ndindex(counts.shape):
        if clips[row, 0]:
            share = shares[row, column]
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
