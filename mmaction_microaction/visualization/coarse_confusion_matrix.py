"""Confusion matrix of the groups, as in Fig. 6 of Guo et al. for body parts."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import format_count, pluralize

from .matrix import MAX_NUMBERED, check_counts, plot_numbered_matrix
from .shaded_matrix import plot_shaded_matrix


def plot_coarse_confusion_matrix(counts: np.ndarray, title: str | None = None, label_set: LabelSet = MA52) -> Figure:
    """Draw the confusion matrix of the groups, such as body parts, in numbers and in shades.

    Each row adds up to 100 %. The row of a group without clips is grey. More than 14 groups have no numbers.

    Args:
        counts (np.ndarray): Numbers of clips, shape (G, G). Rows are true groups.
        title (str, optional): Title of the figure.
        label_set (LabelSet): Label set with G groups. Defaults to that of MA-52.

    Returns:
        Figure: 6.5 x 5.6 inches for seven groups; the size depends on their number.

    Raises:
        ValueError: If the label set has no groups, or if the counts have another shape, are negative, or are all zero.

    Examples:
        >>> plot_coarse_confusion_matrix(np.eye(7, dtype=int)).get_size_inches().round(2).tolist()
        [6.5, 5.6]
    """
    if not label_set.has_groups:
        raise ValueError(f'expected a label set with groups, but {label_set.name} has none')
    groups, term = label_set.groups, label_set.group_term
    counts = check_counts(counts, len(groups))
    title = title or f'Confusion of the {len(groups)} {pluralize(term)}'
    recognised = f'{format_count(counts.sum(), "clip")}, {np.trace(counts) / counts.sum():.1%} recognised'
    if len(groups) <= MAX_NUMBERED:
        return plot_numbered_matrix(
            counts, groups, term, title, f'{recognised}. Of the clips of the true {term}, in % (clips)'
        )
    return plot_shaded_matrix(counts, groups, groups, term, title, recognised)
