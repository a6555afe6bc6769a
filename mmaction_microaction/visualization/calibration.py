"""The reliability diagram: how sure the network is, and how often it is right."""

import numpy as np

from .style import DARK, LIGHT, count_clips, new_figure


def plot_calibration(calibration, title=None):
    """Draw accuracy over confidence, bin by bin, and the number of clips of each bin below.

    Points on the diagonal are well calibrated; below it the network is too sure of itself.

    Args:
        calibration (Calibration): See :func:`.calibration_bins`.
        title (str, optional): Stands above the expected calibration error.

    Returns:
        matplotlib.figure.Figure: 5.2 x 5.8 inches.
    """
    bins = len(calibration.clips)
    clips = calibration.clips.sum()
    filled = calibration.clips > 0
    figure = new_figure(
        5.2,
        5.8,
        title or 'Confidence and accuracy',
        f'{count_clips(clips)}, expected calibration error {calibration.error:.1%} ({bins} bins)',
    )
    above = figure.add_axes((0.15, 0.33, 0.81, 0.54))
    below = figure.add_axes((0.15, 0.09, 0.81, 0.2))
    places = (np.arange(bins) + 0.5) / bins
    above.bar(places[filled], calibration.accuracy[filled], width=0.92 / bins, color=LIGHT, label='accuracy of a bin')
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
    below.bar(places, calibration.clips, width=0.92 / bins, color='0.6')
    below.set_ylabel('clips', fontsize=9)
    below.set_xlabel('confidence: probability of the predicted action', fontsize=9)
    below.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    for axes in (above, below):
        axes.set_xlim(0, 1)
        axes.tick_params(labelsize=8)
        axes.spines[['top', 'right']].set_visible(False)
    above.set_xticklabels([])
    return figure
