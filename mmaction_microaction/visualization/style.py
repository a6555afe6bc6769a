"""What the figures with a row per action have in common: names, blocks of body parts, colours and sizes."""

import numpy as np
from matplotlib.figure import Figure

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS

from .names import shorten

BODY_PART_COLOURS = ('#0072B2', '#E69F00', '#009E73', '#56B4E9', '#D55E00', '#CC79A7', '#4D4D4D')
"""Of Okabe and Ito's palette for all kinds of colour vision; neighbours differ in grey too."""

DARK, LIGHT, ACCENT = '#08306B', '#9ECAE1', '#D55E00'
"""Two of one hue, and one that stands out from them, in grey too."""

WIDTH, HEIGHT = 7.5, 9.6
"""Inches: 52 rows of legible text on a page of A4 or letter paper."""


def name_of(label):
    """Name an action as all figures do, ``nodding  B1``."""
    return f'{ACTIONS[label].name}  {ACTIONS[label].code}'


def count_clips(number):
    """Say how many clips, ``1 clip`` or ``5,586 clips``."""
    return f'{number:,} clip' if number == 1 else f'{number:,} clips'


def new_figure(width, height, title, subtitle):
    """Make an empty figure with its two lines of title.

    Args:
        width, height (float): Inches.
        title, subtitle (str): The first is cut to the width, as names of files may be long; the second is smaller, for
            numbers.

    Returns:
        matplotlib.figure.Figure: Its axes belong below the upper 0.65 inches.
    """
    # Not through pyplot, which would keep every figure in memory.
    figure = Figure(figsize=(width, height), dpi=150)
    left = 0.12 / width
    # File names may hold dollar signs, which Matplotlib would take for formulas.
    title = shorten(title, int(8 * width))
    figure.text(left, 1 - 0.28 / height, title, fontsize=12, weight='bold', parse_math=False)
    figure.text(left, 1 - 0.48 / height, subtitle, fontsize=8.5, parse_math=False)
    return figure


def draw_action_rows(axes, names=True, parts=True):
    """Turn the vertical axis into 52 rows, in the order of the labels, which keeps those of a body part together.

    Args:
        axes (matplotlib.axes.Axes): Where.
        names (bool): Whether the names of the actions stand on the left. Defaults to True.
        parts (bool): Whether those of the body parts stand on the right. Defaults to True.
    """
    axes.set_ylim(NUM_ACTIONS - 0.5, -0.5)
    axes.set_yticks(range(NUM_ACTIONS), [name_of(label) if names else '' for label in range(NUM_ACTIONS)], fontsize=7.5)
    axes.tick_params(axis='y', length=0, pad=7)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis='x', color='0.85', linewidth=0.6)
    for part, name in enumerate(BODY_PARTS):
        first, last = np.flatnonzero(part == FINE_TO_COARSE)[[0, -1]]
        if part % 2 == 0:
            axes.axhspan(first - 0.5, last + 0.5, color='0.955', zorder=0, linewidth=0)
        if parts:
            axes.text(
                1.015,
                (first + last) / 2,
                name,
                transform=axes.get_yaxis_transform(),
                rotation=270,
                ha='left',
                va='center',
                fontsize=8.5,
            )
