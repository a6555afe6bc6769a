"""Bands with actions, which are drawn below the frames of a video."""

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from mmaction_microaction.visualization.fonts import load_font
from mmaction_microaction.visualization.style import action_colors, group_color

from .results import ClipResult

LINES_PER_WIDTH = 32
"""Width of a band divided by the height of a line."""
MIN_LINE, LOWEST_LINE = 20, 16
"""Minimum height of a line in pixels, and the height to which lines shrink if there are many."""
MAX_SHARE = 0.6
"""Height of a band relative to the picture, above which lines shrink."""
WHITE, BLACK, GRAY, DARK_GRAY = '#FFFFFF', '#000000', '#D9D9D9', '#767676'


class Band:
    """A white band with lines of text whose size fits its width.

    Attributes:
        height (int): Height in pixels.

    Args:
        width (int): Width in pixels.
        lines (int): Number of lines.
        texts (Iterable[str]): Texts that are written, whose letters the font needs.
        picture_height (int, optional): Height of the picture in pixels, which limits that of the band. Defaults to
            None: no limit.
    """

    height: int

    def __init__(self, width: int, lines: int, texts: Iterable[str], picture_height: int | None = None) -> None:
        self.width = width
        self.line = round(max(width / LINES_PER_WIDTH, MIN_LINE) / 2) * 2
        if picture_height and lines * self.line > MAX_SHARE * picture_height:
            self.line = max(int(MAX_SHARE * picture_height / lines) // 2 * 2, LOWEST_LINE)
        # H.264 requires an even height, and lines have one.
        self.height = self.line * lines
        self.pad = self.line // 4
        self.texts = list(texts)
        self.font = load_font(self.texts, self.line * 0.7)

    def empty(self, width: int | None = None, height: int | None = None):
        """Return an empty image, by default of the size of the band, and the object that draws on it."""
        image = Image.new('RGB', (width or self.width, height or self.height), WHITE)
        return image, ImageDraw.Draw(image)

    def fit(self, text: str, max_width: float) -> str:
        """Return a text, cut off if it is wider than a number of pixels."""
        if self.font.getlength(text) <= max_width:
            return text
        fits = bisect_right(range(len(text)), max_width, key=lambda end: self.font.getlength(f'{text[:end]}…'))
        return f'{text[: max(fits - 1, 0)].rstrip()}…'

    def write(self, draw, position, text, anchor='lm', color=BLACK) -> None:
        """Write text at a position (x, y). See Pillow's text anchors."""
        draw.text(position, text, fill=color, font=self.font, anchor=anchor)


class ClipBand(Band):
    """Bars of the best five actions of a clip, below the name of the person if there are several.

    Args:
        result (ClipResult): The result.
        width (int): Width in pixels.
        picture_height (int, optional): Height of the part of the picture that limits the height of the band. Defaults
            to None: no limit.
    """

    def __init__(self, result: ClipResult, width: int, picture_height: int | None = None) -> None:
        label_set, first = result.label_set, int(bool(result.person))
        texts = [f'{action.code}{action.name}' for action in label_set.actions]
        super().__init__(width, first + len(result.intervals), [result.person, *texts], picture_height)
        # Without groups, all actions would otherwise have the same colour.
        colors = action_colors(label_set) if label_set.has_groups else [*map(group_color, range(len(label_set)))]
        image, draw = self.empty()
        if result.person:
            self.write(draw, (self.pad, self.line / 2), self.fit(result.person, width - 2 * self.pad), color=DARK_GRAY)
        left = width * 0.62
        for row, interval in enumerate(result.intervals, start=first):
            top, middle = row * self.line, (row + 0.5) * self.line
            name = self.fit(name_action(interval.action.code, interval.action.name), left - 2 * self.pad)
            self.write(draw, (self.pad, middle), name)
            end = left + (width - left - 3 * self.line) * interval.score
            draw.rectangle((left, top + self.pad, end, top + self.line - self.pad), colors[interval.label])
            self.write(draw, (width - self.pad, middle), f'{interval.score:.0%}', 'rm')
        self.image = np.asarray(image)

    def at(self, time: float) -> np.ndarray:
        """Return the image of the band at a time, which is the same throughout a clip."""
        return self.image


def name_action(code: str, name: str) -> str:
    """Return the code and the name of an action, or the name alone if there is no code.

    Examples:
        >>> name_action('B1', 'nodding')
        'B1  nodding'
    """
    return f'{code}  {name}' if code else name


def legible_on(color: str) -> str:
    """Return black or white, whichever has more contrast on a colour.

    Args:
        color (str): The colour, ``'#RRGGBB'``.

    Returns:
        str: The colour of the text.
    """
    return BLACK if np.dot(ImageColor.getrgb(color), (0.299, 0.587, 0.114)) > 140 else WHITE
