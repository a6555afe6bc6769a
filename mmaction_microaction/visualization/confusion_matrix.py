"""Confusion matrix of the actions, in blocks of groups."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import format_count

from .matrix import MAX_NUMBERED, check_counts, plot_numbered_matrix
from .shaded_matrix import FONT_SIZE, NAME_WIDTH, plot_shaded_matrix
from .style import (
    describe_order,
    group_spans,
    name_of,
    order_by_group,
    row_name,
    short_name,
)

_COLUMN_NAME_WIDTH = 1.4


def plot_confusion_matrix(counts: np.ndarray, title: str | None = None, label_set: LabelSet = MA52) -> Figure:
    """Draw the confusion matrix of the actions.

    Each row adds up to 100 %, so that rare actions are as visible as frequent ones. The row of an action without clips
    is grey. Actions are sorted by group, so groups such as body parts form blocks: confusions inside a block reduce the
    fine accuracy only, confusions outside also reduce the coarse accuracy.

    The cells of up to 14 actions have numbers. Up to 100 actions are all named on the axes; of more, every second,
    third and so on.

    Args:
        counts (np.ndarray): Numbers of clips, shape (C, C), in the order of the labels. Rows are true actions.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set of the actions. Defaults to that of MA-52.

    Returns:
        Figure: 10 x 9 inches for MA-52, and at most 18 x 18 inches; ``figure.savefig('confusion.png')`` writes it.

    Raises:
        ValueError: If the counts have another shape, are negative, or are all zero.

    Examples:
        >>> plot_confusion_matrix(np.eye(52, dtype=int)).get_size_inches().round(2).tolist()
        [10.0, 9.0]
    """
    counts = check_counts(counts, len(label_set))
    same_group = label_set.fine_to_coarse[:, None] == label_set.fine_to_coarse
    order = order_by_group(label_set)
    title = title or f'Confusion of the {format_count(len(label_set), "micro-action")}'
    subtitle = f'{format_count(counts.sum(), "clip")}, {np.trace(counts) / counts.sum():.1%} recognised'
    if label_set.has_groups:
        share = counts[same_group].sum() / counts.sum()
        subtitle += f', {share:.1%} at least as an action of the correct {label_set.group_term}'
    counts = counts[np.ix_(order, order)]
    blocks = [(label_set.groups[group], first, last) for group, first, last in group_spans(label_set)]
    if len(label_set) <= MAX_NUMBERED:
        names = [name_of(label, label_set) for label in order]
        return plot_numbered_matrix(counts, names, 'action', title, subtitle, blocks, describe_order(label_set))
    return plot_shaded_matrix(
        counts,
        [row_name(label, label_set, NAME_WIDTH, FONT_SIZE) for label in order],
        [short_name(label, label_set, _COLUMN_NAME_WIDTH, FONT_SIZE) for label in order],
        'action',
        title,
        subtitle,
        blocks,
        describe_order(label_set),
    )
