"""Reliability diagram: the accuracy of a network at each level of confidence."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.evaluation.functional import Calibration
from mmaction_microaction.utils.messages import format_count

from .style import DARK, LIGHT, new_figure


def plot_calibration(calibration: Calibration, title: str | None = None) -> Figure:
    """Draw the accuracy over the confidence for each bin, and below it the number of clips in each bin.

    Bins on the diagonal are well calibrated. Below the diagonal, the network is overconfident.

    Args:
        calibration (Calibration): Bins, see :func:`.calibration_bins`.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 5.2 x 5.8 inches.
    """
    n_bins = len(calibration.clips)
    num_clips = calibration.clips.sum()
    filled = calibration.clips > 0
    figure = new_figure(
        5.2,
        5.8,
        title or 'Confidence and accuracy',
        f'{format_count(num_clips, "clip")}, expected calibration error {calibration.error:.1%} ({n_bins} bins)',
    )
    above = figure.add_axes((0.15, 0.33, 0.81, 0.54), label='accuracy')
    below = figure.add_axes((0.15, 0.09, 0.81, 0.2), label='clips')
    centers = (np.arange(n_bins) + 0.5) / n_bins
    above.bar(
        centers[filled], calibration.accuracy[filled], width=0.92 / n_bins, color=LIGHT, label='accuracy of a bin'
    )
    above.plot([0, 1], [0, 1], color='0.3', linewidth=1, linestyle='--', label='confidence = accuracy')
    above.plot(
        calibration.confidence[filled],
        calibration.accuracy[filled],
        color=DARK,
        linewidth=0.8,
        marker='o',
        markersize=4,
        clip_on=False,
        zorder=3,
        label='at its mean confidence',
    )
    above.set_ylim(0, 1)
    above.set_ylabel('accuracy', fontsize=9)
    above.legend(loc='upper left', frameon=False, fontsize=8)
    below.bar(centers, calibration.clips, width=0.92 / n_bins, color='0.6')
    below.set_ylabel('clips', fontsize=9)
    below.set_xlabel('confidence: probability of the predicted action', fontsize=9)
    below.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    for axes in (above, below):
        axes.set_xlim(0, 1)
        axes.tick_params(labelsize=8)
        axes.spines[['top', 'right']].set_visible(False)
    above.set_xticklabels([])
    return figure
