"""Number of clips of each action, as in Fig. 2 of Guo et al."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import format_count

from .action_rows import add_row_axes, new_row_figure
from .style import action_colors, describe_order, order_by_group


def plot_class_counts(splits: Mapping[str, np.ndarray], title: str | None = None, label_set: LabelSet = MA52) -> Figure:
    """Draw the number of clips of each action, coloured by group, with a panel for each split.

    The actions of a group, such as a body part, are in neighbouring rows.

    Args:
        splits (Mapping[str, np.ndarray]): Number of clips of each action, shape (C,), by the name of the split. One to
            three splits.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 7.5 inches wide; the height depends on the number of actions, and is 9.6 inches for 52.

    Raises:
        ValueError: If there is no split or more than three, or if counts have another shape or are negative.
    """
    if not 1 <= len(splits) <= 3:
        raise ValueError(f'expected one to three splits, got {len(splits)}')
    splits = {name: np.asarray(counts) for name, counts in splits.items()}
    num_actions = len(label_set)
    for name, counts in splits.items():
        if counts.shape != (num_actions,) or counts.min() < 0:
            raise ValueError(f'{name}: expected {num_actions} counts, none below 0, got shape {counts.shape}')

    total = sum(counts.sum() for counts in splits.values())
    figure = new_row_figure(
        title or f'Clips of the {format_count(num_actions, "micro-action")}',
        f'{format_count(total, "clip")}{describe_order(label_set)}',
        label_set,
    )
    order, colors = order_by_group(label_set), action_colors(label_set)
    for index, (name, counts) in enumerate(splits.items()):
        axes = add_row_axes(figure, label_set, below=0.288, panel=(index, len(splits)), gap=0.15, label=name)
        bars = axes.barh(range(num_actions), counts[order], height=0.7, color=[colors[label] for label in order])
        axes.bar_label(bars, [f'{count:,}' for count in counts[order]], padding=2, fontsize=6.5)
        # Leave room for the longest number behind the longest bar.
        axes.set_xlim(0, max(counts.max(), 1) * (1.1 + 0.1 * len(splits)))
        axes.xaxis.get_major_locator().set_params(integer=True, nbins=4)
        axes.set_title(f'{name}: {counts.sum():,}', fontsize=9, loc='left', parse_math=False)
    return figure
