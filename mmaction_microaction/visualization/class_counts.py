"""Number of clips of each action, as in Fig. 2 of Guo et al."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import FINE_TO_COARSE, NUM_ACTIONS

from .style import BODY_PART_COLORS, HEIGHT, WIDTH, draw_action_rows, format_num_clips, new_figure


def plot_class_counts(splits: Mapping[str, np.ndarray], title: str | None = None) -> Figure:
    """Draw the number of clips of each action, coloured by body part, with a panel for each split.

    Args:
        splits (Mapping[str, np.ndarray]): Number of clips of each action, shape (52,), by the name of the split. One to
            three splits.
        title (str, optional): Title of the figure.

    Returns:
        Figure: 7.5 x 9.6 inches.

    Raises:
        ValueError: If there is no split or more than three, or if counts have another shape or are negative.
    """
    if not 1 <= len(splits) <= 3:
        raise ValueError(f'expected one to three splits, got {len(splits)}')
    splits = {name: np.asarray(counts) for name, counts in splits.items()}
    for name, counts in splits.items():
        if counts.shape != (NUM_ACTIONS,) or counts.min() < 0:
            raise ValueError(f'{name}: expected {NUM_ACTIONS} counts, none below 0, got shape {counts.shape}')

    total = sum(counts.sum() for counts in splits.values())
    figure = new_figure(WIDTH, HEIGHT, title or 'Clips of the 52 micro-actions', format_num_clips(total))
    panel = (0.94 - 0.285) / len(splits)
    for index, (name, counts) in enumerate(splits.items()):
        axes = figure.add_axes((0.285 + index * panel, 0.03, panel - 0.02, 0.875), label=name)
        draw_action_rows(axes, names=index == 0, parts=index == len(splits) - 1)
        bars = axes.barh(range(NUM_ACTIONS), counts, height=0.7, color=[BODY_PART_COLORS[i] for i in FINE_TO_COARSE])
        axes.bar_label(bars, [f'{count:,}' for count in counts], padding=2, fontsize=6.5)
        # Leave room for the longest number behind the longest bar.
        axes.set_xlim(0, max(counts.max(), 1) * (1.1 + 0.1 * len(splits)))
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=4)
        axes.set_title(f'{name}: {counts.sum():,}', fontsize=9, loc='left', parse_math=False)
    return figure
