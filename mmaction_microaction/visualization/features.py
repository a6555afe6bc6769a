"""Embedded features before the classifier, as in Fig. 5 of Guo et al."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.messages import pluralize

from .embedding import METHODS
from .lettering import fit_text, text_width
from .style import group_color, new_figure

MAX_LEGEND = 42
"""Largest number of groups or actions that a legend lists."""

_MARKERS = 'osD^vPX'
_BELOW, _LINE = 0.65, 0.18


def plot_features(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str | None = None,
    method: str = 'tsne',
    label_set: LabelSet = MA52,
) -> Figure:
    """Draw the embedded features of one network, or of two side by side, coloured by action and by group.

    The actions of a group, such as a body part, have shades of its colour. Without groups, each action has a colour and
    a marker of its own as far as there are any, and there is one row of pictures.

    Args:
        runs (Mapping[str, tuple[np.ndarray, np.ndarray]]): Points of shape (N, 2) and fine labels of shape (N,), by the
            name of the network. One or two networks.
        title (str, optional): Title of the figure.
        method (str): Method of embedding that the figure names, see :func:`embed_features`. Defaults to ``'tsne'``.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        Figure: 4.5 inches wide for one network, 7.5 inches for two. The height depends on the number of groups; it is
        9.2 and 8.1 inches for seven.

    Raises:
        ValueError: If there is no network or more than two, or if the shapes of points and labels do not fit.
    """
    if len(runs) not in (1, 2):
        raise ValueError(f'expected one network or two, got {len(runs)}')
    classes = label_set.groups or label_set.names
    levels = ('actions', pluralize(label_set.group_term)) if label_set.has_groups else ('actions',)
    width = 7.5 if len(runs) == 2 else 4.5
    side = (width - 0.35) / len(runs)
    names = [fit_text(name, 1.6, 8) for name in classes] if len(classes) <= MAX_LEGEND else []
    columns = max(min(int(width / (max(map(_entry_width, names), default=1))), 4), 1)
    below = (_BELOW if label_set.has_groups else 0.3) + _LINE * max(-(-len(names) // columns) - 2, 0)
    # Pictures without a second row need less height than two rows.
    height = {4.5: 9.2, 7.5: 8.1}[width] + below - _BELOW - (2 - len(levels)) * (side - 0.1)
    subtitle = f'{METHODS[method]} of the clips; shades in the upper row distinguish actions'
    if not label_set.has_groups:
        subtitle = f'{METHODS[method]} of the clips; colours and markers distinguish actions'
    figure = new_figure(width, height, title or 'Features before the classifier', subtitle)
    for column, (name, (points, labels)) in enumerate(runs.items()):
        points, labels = np.asarray(points), np.asarray(labels)
        if points.shape != (len(labels), 2):
            raise ValueError(f'{name}: expected points of shape ({len(labels)}, 2), got {points.shape}')
        for row, level in enumerate(levels):
            bottom = below + (len(levels) - 1 - row) * (side - 0.1)
            axes = figure.add_axes(
                ((0.3 + column * side) / width, bottom / height, (side - 0.15) / width, (side - 0.4) / height),
                label=f'{level} of {name}',
            )
            if row == 0:
                axes.set_title(name, fontsize=9, parse_math=False)
            if column == 0:
                axes.set_ylabel(level, fontsize=9, parse_math=False)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_color('0.7')
            _draw_points(axes, points, labels, label_set, shades=len(levels) == 2 and row == 0)
    if names:
        legend = figure.legend(
            axes.get_legend_handles_labels()[0],
            names,
            loc='lower center',
            ncols=columns,
            frameon=False,
            fontsize=8,
            markerscale=1.8,
            handletextpad=0.1,
            columnspacing=0.8,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    return figure


def _entry_width(name: str) -> float:
    """Return the width in inches of an entry of the legend."""
    return text_width(name, 8) + 0.35


def _draw_points(axes: Axes, points: np.ndarray, labels: np.ndarray, label_set: LabelSet, shades: bool) -> None:
    """Draw the points of each group or, without groups, of each action, with a colour and a marker of its own."""
    classes = label_set.fine_to_coarse if label_set.has_groups else np.arange(len(label_set))
    colors = _shades(label_set) if shades else None
    for index, name in enumerate(label_set.groups or label_set.names):
        mask = classes[labels] == index
        axes.scatter(
            *points[mask].T,
            s=7 if len(labels) > 1000 else 14,
            c=colors[labels[mask]] if shades else group_color(index),
            # The same colour returns with another marker.
            marker=_MARKERS[(index + index // len(_MARKERS)) % len(_MARKERS)],
            linewidth=0,
            alpha=0.8,
            label=name,
        )


def _shades(label_set: LabelSet) -> np.ndarray:
    """Return a shade of its group's colour for each action, from dark to light; shape (C, 3)."""
    shades = np.empty((len(label_set), 3))
    for group in range(len(label_set.groups)):
        actions = np.flatnonzero(group == label_set.fine_to_coarse)
        for action, lightness in zip(actions, np.linspace(-0.5, 0.5, len(actions))):
            black_or_white = 1.0 if lightness > 0 else 0.0
            color = np.array(to_rgb(group_color(group)))
            shades[action] = (1 - abs(lightness)) * color + abs(lightness) * black_or_white
    return shades
