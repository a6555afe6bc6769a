"""How many clips there are of each action, as in Fig. 2 of Guo et al."""

import numpy as np

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE, NUM_ACTIONS

from .style import BODY_PART_COLOURS, HEIGHT, WIDTH, count_clips, draw_action_rows, new_figure


def plot_class_counts(splits, title=None):
    """Draw the number of clips of each action, coloured by body part, one panel per split.

    Args:
        splits (dict[str, np.ndarray]): Clips per action, shape (52,), by the name of the split. One to three.
        title (str, optional): Stands above.

    Returns:
        matplotlib.figure.Figure: 7.5 x 9.6 inches.

    Raises:
        ValueError: If there are more splits or none, counts have another shape, or are negative.
    """
    if not 1 <= len(splits) <= 3:
        raise ValueError(f'expected one to three splits, got {len(splits)}')
    splits = {name: np.asarray(counts) for name, counts in splits.items()}
    for name, counts in splits.items():
        if counts.shape != (NUM_ACTIONS,) or counts.min() < 0:
            raise ValueError(f'{name}: expected {NUM_ACTIONS} counts, none below 0, got shape {counts.shape}')

    total = sum(counts.sum() for counts in splits.values())
    figure = new_figure(WIDTH, HEIGHT, title or 'Clips of the 52 micro-actions', count_clips(total))
    panel = (0.94 - 0.285) / len(splits)
    for number, (name, counts) in enumerate(splits.items()):
        axes = figure.add_axes((0.285 + number * panel, 0.03, panel - 0.02, 0.875))
        draw_action_rows(axes, names=number == 0, parts=number == len(splits) - 1)
        bars = axes.barh(range(NUM_ACTIONS), counts, height=0.7, color=[BODY_PART_COLOURS[i] for i in FINE_TO_COARSE])
        axes.bar_label(bars, [f'{count:,}' for count in counts], padding=2, fontsize=6.5)
        # Room for the longest number behind the longest bar.
        axes.set_xlim(0, max(counts.max(), 1) * (1.1 + 0.1 * len(splits)))
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=4)
        axes.set_title(f'{name}: {counts.sum():,}', fontsize=9, loc='left', parse_math=False)
    return figure
