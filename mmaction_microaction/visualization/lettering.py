"""Texts that fit into a given width."""

from contextlib import nullcontext
from functools import lru_cache

import matplotlib as mpl
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from .fonts import find_further_families, ignoring_missing_glyphs
from .names import shorten


def text_width(text: str, fontsize: float, weight: str = 'normal') -> float:
    """Return the width of a text in inches.

    Args:
        text (str): Text of one line.
        fontsize (float): Font size in points.
        weight (str): Weight of the font, such as ``'bold'``. Defaults to ``'normal'``.

    Returns:
        float: Width in inches.

    Examples:
        >>> 0.4 < text_width('nodding', 8) < 0.5
        True
    """
    further, missing = find_further_families(text)
    families = (*mpl.rcParams['font.family'], *further)
    with ignoring_missing_glyphs() if missing else nullcontext():
        return _measure(text, fontsize, weight, families)


@lru_cache(maxsize=100_000)
def _measure(text: str, fontsize: float, weight: str, families: tuple[str, ...]) -> float:
    font = FontProperties(family=families, size=fontsize, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def fit_text(text: str, width: float, fontsize: float, weight: str = 'normal') -> str:
    """Cut a text in the middle if it is wider than the place for it.

    Args:
        text (str): Text of one line. Characters that are not valid UTF-8 become question marks.
        width (float): Width of the place in inches.
        fontsize (float): Font size in points.
        weight (str): Weight of the font. Defaults to ``'normal'``.

    Returns:
        str: The text, or its beginning and end with an ellipsis between them. At least the ellipsis.

    Examples:
        >>> fit_text('nodding', 1, 8)
        'nodding'
        >>> fit_text('scratching or touching hindbrain', 1, 8)
        'scratchi…ndbrain'
    """
    text = shorten(text, len(text))
    if text_width(text, fontsize, weight) <= width:
        return text
    # The largest number of characters that fit, by bisection.
    fits, too_long = 1, len(text)
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        if text_width(shorten(text, length), fontsize, weight) <= width:
            fits = length
        else:
            too_long = length
    return shorten(text, fits)
