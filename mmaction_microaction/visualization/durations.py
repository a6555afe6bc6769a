"""Durations of clips."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.utils.messages import format_count

from .style import DARK, new_figure


def plot_durations(seconds: np.ndarray, title: str | None = None) -> Figure:
    """Draw a histogram of the durations of clips.

    Args:
        seconds (np.ndarray): Duration of each clip in seconds, shape (N,), N at least 1.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 x 3.2 inches.

    Raises:
        ValueError: If there is no clip.
    """
    seconds = np.asarray(seconds, dtype=float)
    if not seconds.size:
        raise ValueError('expected the durations of one clip or more')
    num_clips = format_count(len(seconds), 'clip')
    figure = new_figure(
        7.5,
        3.2,
        title or 'Duration of the clips',
        f'{num_clips} of {seconds.min():.2f} to {seconds.max():.2f} s, mean {seconds.mean():.2f} s, '
        f'median {np.median(seconds):.2f} s, together {seconds.sum() / 3600:.2f} h',
    )
    axes = figure.add_axes((0.08, 0.15, 0.9, 0.62))
    width = 0.2 if seconds.max() <= 10 else seconds.max() / 50
    # The edges are between whole numbers of frames; otherwise rounding would decide the bins of many clips.
    bins = np.arange(-0.01, seconds.max() + width, width)
    axes.hist(seconds, bins, color=DARK, edgecolor='white', linewidth=0.4)
    axes.set_xlim(0, None)
    axes.set_xlabel('seconds', fontsize=9)
    axes.set_ylabel('clips', fontsize=9)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(labelsize=8)
    axes.spines[['top', 'right']].set_visible(False)
    return figure
