"""Fonts for names in alphabets that the fonts of Matplotlib and Pillow lack, such as Chinese."""

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import chain

import matplotlib as mpl
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontEntry, FontProperties, findfont, fontManager, get_font, weight_dict
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from PIL import ImageFont

from mmaction_microaction.utils.messages import first_few

_used: list[FontEntry] = []
"""Fonts that texts needed besides the default one. Later texts use them if possible, so that a figure has few fonts."""


def complete_fonts(figure: Figure) -> Figure:
    """Let the texts of a figure use further installed fonts for characters that the default font lacks.

    The fonts are chosen whenever the figure is drawn. A warning names characters that no installed font has, once.
    Boxes are drawn in their place.

    Args:
        figure (Figure): Figure, which may be empty as yet.

    Returns:
        Figure: The same figure.
    """
    # Not a subclass, since Gradio and others recognise figures by the module of their class.
    figure.draw = partial(_draw, figure)
    return figure


def _draw(figure: Figure, renderer: RendererBase) -> None:
    missing = set()
    for text in figure.findobj(Text):
        further, lacking = find_further_families(text.get_text())
        missing |= lacking
        own = text.get_fontfamily()
        if not set(further) <= set(own):
            text.set_fontfamily([*own, *further])
    if not missing:
        Figure.draw(figure, renderer)
        return
    _warn_of_missing(frozenset(missing))
    with ignoring_missing_glyphs():
        Figure.draw(figure, renderer)


def find_further_families(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Find installed fonts for the characters of a text that the default font of Matplotlib lacks.

    Args:
        text (str): Text of a figure.

    Returns:
        tuple[tuple[str, ...], frozenset[str]]: Families of fonts that together have as many of these characters as
        possible, and the characters that no installed font has.

    Examples:
        >>> find_further_families('кивок головой')
        ((), frozenset())
    """
    if text.isascii():
        return (), frozenset()
    return _find_families(frozenset(filter(str.isprintable, text)), *mpl.rcParams['font.family'])


@cache
def _find_families(characters: frozenset[str], *families: str) -> tuple[tuple[str, ...], frozenset[str]]:
    chosen, missing = [], characters - _having(findfont(FontProperties(family=families)), characters)
    for fonts in (_used, _installed_fonts() if missing else ()):
        while missing:
            best = max(fonts, key=lambda font: len(_having(font.fname, missing)), default=None)
            found = _having(best.fname, missing) if best else ()
            if not found:
                break
            if best not in _used:
                _used.append(best)
            chosen.append(best.name)
            missing -= found
    return tuple(chosen), missing


def _having(path: str, characters: frozenset[str]) -> frozenset[str]:
    """Return those of some characters that a font has."""
    font = get_font(path)
    return frozenset(character for character in characters if font.get_char_index(ord(character)))


def _installed_fonts() -> Iterable[FontEntry]:
    """Return the installed fonts: of each family that of regular weight, which Matplotlib draws."""
    # Last Resort has a box for every character.
    fonts = [font for font in fontManager.ttflist if font.style == 'normal' and not font.name.startswith('Last Resort')]
    fonts.sort(key=lambda font: abs(weight_dict.get(font.weight, font.weight) - 400), reverse=True)
    return {font.name: font for font in fonts}.values()


@cache
def _warn_of_missing(characters: frozenset[str]) -> None:
    """Warn once of characters that no installed font has."""
    warnings.warn(
        f'no installed font has {len(characters)} of the characters in a figure, such as '
        f'{first_few(sorted(characters))}; install one that has them, such as Noto Sans CJK',
        stacklevel=3,
    )


@contextmanager
def ignoring_missing_glyphs() -> Iterator[None]:
    """Ignore Matplotlib's warning of each character that a font lacks."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph .* missing from')
        yield


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
