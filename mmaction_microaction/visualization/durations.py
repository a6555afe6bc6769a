"""How long clips are."""

import numpy as np

from .style import DARK, count_clips, new_figure


def plot_durations(seconds, title=None):
    """Draw how many clips are how long.

    Args:
        seconds (np.ndarray): Duration of each clip, shape (N,), N at least 1.
        title (str, optional): Stands above.

    Returns:
        matplotlib.figure.Figure: 7.5 x 3.2 inches.

    Raises:
        ValueError: If there is no clip.
    """
    seconds = np.asarray(seconds, dtype=float)
    if not seconds.size:
        raise ValueError('expected the durations of one clip or more')
    figure = new_figure(
        7.5,
        3.2,
        title or 'Duration of the clips',
        f'{count_clips(len(seconds))} of {seconds.min():.2f} to {seconds.max():.2f} s, mean {seconds.mean():.2f} s, '
        f'median {np.median(seconds):.2f} s, together {seconds.sum() / 3600:.2f} h',
    )
    axes = figure.add_axes((0.08, 0.15, 0.9, 0.62))
    width = 0.2 if seconds.max() <= 10 else seconds.max() / 50
    # Borders lie between whole numbers of frames, or rounding would decide where many clips go.
    bins = np.arange(-0.01, seconds.max() + width, width)
    axes.hist(seconds, bins, color=DARK, edgecolor='white', linewidth=0.4)
    axes.set_xlim(0, None)
    axes.set_xlabel('seconds', fontsize=9)
    axes.set_ylabel('clips', fontsize=9)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(labelsize=8)
    axes.spines[['top', 'right']].set_visible(False)
    return figure
