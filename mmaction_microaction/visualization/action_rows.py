"""Figures with a row for each action."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import LabelSet

from .lettering import fit_text, text_width
from .style import WIDTH, group_spans, new_figure, order_by_group, row_name

ROW_HEIGHT = 0.16
"""Height in inches of a row of legible text. 52 rows fill a page of A4 or letter paper."""

_ABOVE, _FRAME = 0.912, 1.28
_NAME_WIDTH = 1.9
_FONT_SIZE, _GROUP_FONT_SIZE = 7.5, 8.5


def new_row_figure(title: str, subtitle: str, label_set: LabelSet) -> Figure:
    """Return a figure that is high enough for a row for each action.

    Args:
        title, subtitle (str): See :func:`.new_figure`.
        label_set (LabelSet): Label set of the actions.

    Returns:
        Figure: Figure without axes, 7.5 inches wide. It is 9.6 inches high for 52 actions.
    """
    return new_figure(WIDTH, _FRAME + ROW_HEIGHT * len(label_set), title, subtitle)


def add_row_axes(
    figure: Figure,
    label_set: LabelSet,
    right: float | None = None,
    below: float = 0.384,
    panel: tuple[int, int] = (0, 1),
    gap: float = 0,
    label: str = '',
) -> Axes:
    """Add axes whose vertical axis has a row for each action, in the order of :func:`.order_by_group`.

    The names of the actions are on the left of the first panel. Every other group has a grey background.

    Args:
        figure (Figure): Figure of :func:`new_row_figure`.
        label_set (LabelSet): Label set of the actions.
        right (float, optional): Width in inches that is left free on the right of the last panel. Defaults to None: as
            much as the names of the groups need, which are written there.
        below (float): Height in inches that is left free below the axes. Defaults to 0.384.
        panel (tuple[int, int]): Index of the panel, and number of panels side by side. Defaults to one panel.
        gap (float): Width in inches that is left free between two panels. Defaults to 0.
        label (str): Label of the axes. Defaults to an empty label.

    Returns:
        Axes: The axes.
    """
    index, num_panels = panel
    width, height = figure.get_size_inches()
    names = [row_name(label, label_set, _NAME_WIDTH, _FONT_SIZE) for label in order_by_group(label_set)]
    # Exact for names of the greatest width, so that the figures of similar label sets can be compared.
    left = max(min(max(text_width(name, _FONT_SIZE) for name in names) + 0.25, 2.1375), 0.9)
    inches_per_row = (height - _ABOVE - below) / len(label_set)
    write_groups = right is None and index == num_panels - 1
    margin = _group_margin(label_set, inches_per_row) if right is None else right
    panel_width = (width - margin - left) / num_panels
    axes = figure.add_axes(
        (
            (left + index * panel_width) / width,
            below / height,
            (panel_width - gap) / width,
            (height - _ABOVE - below) / height,
        ),
        label=label,
    )
    axes.set_ylim(len(label_set) - 0.5, -0.5)
    axes.set_yticks(range(len(label_set)), names if index == 0 else [''] * len(label_set), fontsize=_FONT_SIZE)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.tick_params(axis='y', length=0, pad=7)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    for group, first, last in group_spans(label_set):
        if group % 2 == 0:
            axes.axhspan(first - 0.5, last + 0.5, color='0.955', zorder=0, linewidth=0)
    if write_groups:
        _write_groups(axes, label_set, inches_per_row, margin)
    return axes


def _are_turned(label_set: LabelSet, inches_per_row: float) -> bool:
    """Return whether the names of all groups fit beside their rows if they are written from top to bottom."""
    return all(
        text_width(label_set.groups[group], _GROUP_FONT_SIZE) <= 0.95 * (last - first + 1) * inches_per_row
        for group, first, last in group_spans(label_set)
    )


def _group_margin(label_set: LabelSet, inches_per_row: float) -> float:
    """Return the width in inches that the names of the groups need on the right of the rows."""
    if not label_set.has_groups:
        return 0.2
    if _are_turned(label_set, inches_per_row):
        return 0.45
    return min(max(text_width(name, _GROUP_FONT_SIZE) for name in label_set.groups), 1.4) + 0.3


def _write_groups(axes: Axes, label_set: LabelSet, inches_per_row: float, margin: float) -> None:
    """Write the names of the groups on the right of their rows."""
    turned = _are_turned(label_set, inches_per_row)
    for group, first, last in group_spans(label_set):
        name = label_set.groups[group]
        axes.text(
            1.015,
            (first + last) / 2,
            name if turned else fit_text(name, margin - 0.1, _GROUP_FONT_SIZE),
            transform=axes.get_yaxis_transform(),
            rotation=270 if turned else 0,
            ha='left',
            va='center',
            fontsize=_GROUP_FONT_SIZE,
            label='group',
            parse_math=False,
        )
