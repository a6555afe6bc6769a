"""How long clips are."""

import av
import numpy as np

from .action_rows import DARK, count_clips, new_figure


def read_duration(path):
    """Read the duration of a video from its header, without decoding it.

    Args:
        path (str | Path): The video.

    Returns:
        float: Seconds.

    Raises:
        ValueError: If it cannot be read or its header does not say.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if stream.duration:
                return float(stream.duration * stream.time_base)
            if container.duration:
                return container.duration / av.time_base
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f'{path} cannot be read as a video ({error}); replace it.') from None
    raise ValueError(f'{path}: the header does not say how long the video is; encode it anew, as MP4.')


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
