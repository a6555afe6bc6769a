"""Embedded features before the classifier, as in Fig. 5 of Guo et al."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS, NUM_BODY_PARTS

from .embedding import METHODS
from .style import BODY_PART_COLORS, new_figure

_MARKERS = 'osD^vPX'


def plot_features(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray]], title: str | None = None, method: str = 'tsne'
) -> Figure:
    """Draw the embedded features of one network, or of two side by side, coloured by action and by body part.

    The actions of a body part have shades of its colour.

    Args:
        runs (Mapping[str, tuple[np.ndarray, np.ndarray]]): Points of shape (N, 2) and fine labels of shape (N,), by the
            name of the network. One or two networks.
        title (str, optional): Title of the figure.
        method (str): Method of embedding that the figure names, see :func:`embed_features`. Defaults to ``'tsne'``.

    Returns:
        Figure: 4.5 x 9.2 inches for one network, 7.5 x 8.1 inches for two.

    Raises:
        ValueError: If there is no network or more than two, or if the shapes of points and labels do not fit.
    """
    if len(runs) not in (1, 2):
        raise ValueError(f'expected one network or two, got {len(runs)}')
    width, height = (7.5, 8.1) if len(runs) == 2 else (4.5, 9.2)
    subtitle = f'{METHODS[method]} of the clips; shades in the upper row distinguish actions'
    figure = new_figure(width, height, title or 'Features before the classifier', subtitle)
    shades = _shades()
    side = (width - 0.35) / len(runs)
    for column, (name, (points, labels)) in enumerate(runs.items()):
        points, labels = np.asarray(points), np.asarray(labels)
        if points.shape != (len(labels), 2):
            raise ValueError(f'{name}: expected points of shape ({len(labels)}, 2), got {points.shape}')
        for row, level in enumerate(('actions', 'body parts')):
            bottom = 0.65 + (1 - row) * (side - 0.1)
            axes = figure.add_axes(
                ((0.3 + column * side) / width, bottom / height, (side - 0.15) / width, (side - 0.4) / height),
                label=f'{level} of {name}',
            )
            if row == 0:
                axes.set_title(name, fontsize=9, parse_math=False)
            if column == 0:
                axes.set_ylabel(level, fontsize=9)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_color('0.7')
            for part in range(NUM_BODY_PARTS):
                mask = FINE_TO_COARSE[labels] == part
                axes.scatter(
                    *points[mask].T,
                    s=7 if len(labels) > 1000 else 14,
                    c=shades[labels[mask]] if row == 0 else BODY_PART_COLORS[part],
                    marker=_MARKERS[part],
                    linewidth=0,
                    alpha=0.8,
                    label=BODY_PARTS[part],
                )
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc='lower center',
        ncols=4,
        frameon=False,
        fontsize=8,
        markerscale=1.8,
        handletextpad=0.1,
        columnspacing=0.8,
    )
    return figure


def _shades() -> np.ndarray:
    """Return a shade of its body part's colour for each action, from dark to light; shape (52, 3)."""
    shades = np.empty((NUM_ACTIONS, 3))
    for part, color in enumerate(BODY_PART_COLORS):
        actions = np.flatnonzero(part == FINE_TO_COARSE)
        for action, lightness in zip(actions, np.linspace(-0.5, 0.5, len(actions))):
            black_or_white = 1.0 if lightness > 0 else 0.0
            shades[action] = (1 - abs(lightness)) * np.array(to_rgb(color)) + abs(lightness) * black_or_white
    return shades
