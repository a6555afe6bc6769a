"""Fonts for names in alphabets that the fonts of Matplotlib and Pillow lack, such as Chinese."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font, weight_dict
from matplotlib.ft2font import FT2Font
from PIL import ImageFont

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.utils.messages import first_few


@contextmanager
def fonts_for(label_set: LabelSet) -> Iterator[None]:
    """Let figures that are drawn in this context use further installed fonts, if the names of a label set need them.

    Args:
        label_set (LabelSet): Label set whose names are drawn.

    Yields:
        None: Nothing. A warning names characters that no installed font has; figures show boxes in their place.

    Examples:
        >>> from mmaction_microaction.visualization import fonts_for, plot_timeline
        >>> label_set = LabelSet.from_dict({'name': 'gestures', 'actions': ['кивок головой', 'пожимание плечами']})
        >>> with fonts_for(label_set):
        ...     figure = plot_timeline([], duration=10, label_set=label_set)
    """
    texts = (label_set.title, label_set.group_term, *label_set.groups, *label_set.names)
    families, missing = _find_families({ord(character) for text in texts for character in text})
    if missing:
        warnings.warn(
            f'no installed font has {len(missing)} of the characters in the names of {label_set.title}, such as '
            f'{first_few(map(chr, sorted(missing)))}; install one that has them, such as Noto Sans CJK',
            stacklevel=3,
        )
    with mpl.rc_context({'font.family': families}), warnings.catch_warnings():
        # Otherwise Matplotlib warns of each character.
        warnings.filterwarnings('ignore', 'Glyph .* missing from')
        yield


def _find_families(characters: set[int]) -> tuple[list[str], set[int]]:
    """Return families of fonts that together have as many of the characters as possible, and the others."""
    families = list(mpl.rcParams['font.family'])
    missing = characters - get_font(findfont(FontProperties())).get_charmap().keys()
    # Of each family, the font of regular weight, which Matplotlib draws. Last Resort has a box for every character.
    fonts = [font for font in fontManager.ttflist if font.style == 'normal' and not font.name.startswith('Last Resort')]
    fonts.sort(key=lambda font: abs(weight_dict.get(font.weight, font.weight) - 400), reverse=True)
    fonts = {font.name: font for font in fonts}.values()
    while missing:
        found = {font.name: missing & get_font(font.fname).get_charmap().keys() for font in fonts}
        best = max(found, key=lambda name: len(found[name]), default=None)
        if best is None or not found[best]:
            break
        families.append(best)
        missing -= found[best]
    return families, missing


def load_font(texts: Iterable[str], size: float) -> ImageFont.FreeTypeFont:
    """Return Pillow's font or, if texts need other letters than English, an installed one.

    Args:
        texts (Iterable[str]): Texts that are drawn.
        size (float): Size of the font in pixels.

    Returns:
        ImageFont.FreeTypeFont: The font.
    """
    letters = frozenset(''.join(texts))
    if all(map(str.isascii, letters)):
        return ImageFont.load_default(size)
    return ImageFont.truetype(_find_font(letters | frozenset('0123456789%…')), size)


@cache
def _find_font(letters: frozenset[str]) -> str:
    """Return the path of the first font that has all letters or, if there is none, of the one that has most."""
    default = findfont(FontProperties())  # DejaVu Sans, which Matplotlib includes
    regular = (font for font in fontManager.ttflist if font.style == 'normal' and font.weight == 400)
    # The Last Resort font, which Matplotlib includes, draws every letter as a symbol of its alphabet.
    others = (font.fname for font in regular if not font.name.startswith('Last Resort'))
    others = filter(os.path.isfile, others)  # Matplotlib's list may be older than the last change of the fonts
    codes, best, path = {ord(letter) for letter in letters}, 0, default
    for candidate in chain([default], others):
        count = len(codes & FT2Font(candidate).get_charmap().keys())
        if count > best:
            best, path = count, candidate
        if count == len(codes):
            break
    return path
