"""Bands with the actions of a result, which are drawn below the frames of its video."""

from bisect import bisect_left, bisect_right

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.visualization.fonts import load_font
from mmaction_microaction.visualization.interval_rows import IntervalRows, assign_lanes
from mmaction_microaction.visualization.style import action_colors, group_color

from .results import ClipResult, DetectionResult, TimelineResult

SHOWN_SECONDS = 20
"""Seconds of the timeline that are visible at a time."""
MAX_ROWS = 8
"""Maximum number of rows of a detector's actions."""
WHITE, BLACK, GRAY, DARK_GRAY = '#FFFFFF', '#000000', '#D9D9D9', '#767676'


class Band:
    """A white band with lines of text whose size fits its width.

    Attributes:
        height (int): Height in pixels.

    Args:
        width (int): Width in pixels.
        lines (int): Number of lines.
        label_set (LabelSet): Label set of the actions.
    """

    height: int

    def __init__(self, width: int, lines: int, label_set: LabelSet) -> None:
        self.width = width
        # Without groups, neighbouring actions of a timeline would otherwise have the same colour.
        self.colors = action_colors(label_set) if label_set.has_groups else [*map(group_color, range(len(label_set)))]
        self.line = round(width / 20 / 2) * 2
        self.height = self.line * lines
        self.font = load_font(label_set, self.line * 0.7)

    def empty(self):
        """Return an empty image of the band, and the object that draws on it."""
        image = Image.new('RGB', (self.width, self.height), WHITE)
        return image, ImageDraw.Draw(image)

    def name(self, interval: Interval, max_width: float) -> str:
        """Return the code and the name of an action, cut off if they are wider than a number of pixels."""
        return self.fit(f'{interval.action.code}  {interval.action.name}', max_width)

    def fit(self, text: str, max_width: float) -> str:
        """Return a text, cut off if it is wider than a number of pixels."""
        if self.font.getlength(text) <= max_width:
            return text
        fits = bisect_right(range(len(text)), max_width, key=lambda end: self.font.getlength(f'{text[:end]}…'))
        return f'{text[: max(fits - 1, 0)].rstrip()}…'

    def draw_title(self, person: str) -> np.ndarray:
        """Draw the name of a person above the band.

        Args:
            person (str): Name of the person, or ``''``.

        Returns:
            np.ndarray: RGB image of the width of the band, uint8, of height 0 without a name.
        """
        image = Image.new('RGB', (self.width, self.line if person else 0), WHITE)
        if person:
            self.write(ImageDraw.Draw(image), (self.line // 4, self.line / 2), person, color=DARK_GRAY)
        return np.asarray(image).reshape(-1, self.width, 3)

    def write(self, draw, position, text, anchor='lm', color=BLACK) -> None:
        """Write text at a position (x, y). See Pillow's text anchors."""
        draw.text(position, text, fill=color, font=self.font, anchor=anchor)


class ClipBand(Band):
    """Bars of the best five actions of a clip."""

    def __init__(self, result, width) -> None:
        super().__init__(width, len(result.intervals), result.label_set)
        image, draw = self.empty()
        pad = self.line // 4
        left = width * 0.62
        for row, interval in enumerate(result.intervals):
            top, middle = row * self.line, (row + 0.5) * self.line
            self.write(draw, (pad, middle), self.name(interval, left - 2 * pad))
            end = left + (width - left - 3 * self.line) * interval.score
            draw.rectangle((left, top + pad, end, top + self.line - pad), self.colors[interval.label])
            self.write(draw, (width - pad, middle), f'{interval.score:.0%}', 'rm')
        self.image = np.asarray(image)

    def at(self, time: float) -> np.ndarray:
        """Return the image of the band at a time, which is the same throughout a clip."""
        return self.image


class TimelineBand(Band):
    """The action at a time, and below it the timeline before and after."""

    def __init__(self, result, width) -> None:
        super().__init__(width, 3, result.label_set)
        self.intervals = result.intervals
        self.starts = [interval.start for interval in result.intervals]
        self.ends = [interval.end for interval in result.intervals]
        self.duration = result.duration

    def at(self, time: float) -> np.ndarray:
        """Return the image of the band at a time in seconds: RGB, shape (height, width, 3), uint8."""
        image, draw = self.empty()
        pad = self.line // 4
        shown = min(SHOWN_SECONDS, self.duration)
        start = min(max(time - shown / 2, 0), self.duration - shown)

        def x(seconds):
            return (seconds - start) / shown * (self.width - 1)

        current = ''
        draw.rectangle((0, self.line, self.width, 2 * self.line), GRAY)
        first, stop = bisect_right(self.ends, start), bisect_left(self.starts, start + shown)
        for interval in self.intervals[first:stop]:
            if interval.start <= time < interval.end:
                score = f'  {interval.score:.0%}'
                current = self.name(interval, self.width - 2 * pad - self.font.getlength(score)) + score
            left, right = max(x(interval.start), 0), min(x(interval.end), self.width - 1)
            color = self.colors[interval.label]
            draw.rectangle((left, self.line, max(right - 1, left), 2 * self.line), color)
            code = interval.action.code
            if draw.textlength(code, self.font) < right - left:
                self.write(draw, ((left + right) / 2, 1.5 * self.line), code, 'mm', legible_on(color))
        draw.rectangle((x(time) - 1, self.line * 0.9, x(time) + 1, self.line * 2.1), BLACK)
        self.write(draw, (pad, self.line / 2), current)
        self.write(draw, (self.width - pad, 2.5 * self.line), f'{_clock(time)} of {_clock(self.duration)}', 'rm')
        return np.asarray(image)


class DetectionBand(Band):
    """A row for each group: on the left what happens at a time, on the right the timeline before and after."""

    def __init__(self, result, width) -> None:
        rows = IntervalRows(result.intervals, result.label_set, MAX_ROWS)
        super().__init__(width, len(rows.names) + 1, result.label_set)
        self.names, self.rows = rows.names, []
        for intervals in rows.split(result.intervals):
            lanes = assign_lanes(intervals)
            starts = [interval.start for interval in intervals]
            longest = max((interval.end - interval.start for interval in intervals), default=0)
            self.rows.append((intervals, starts, longest, lanes, max(lanes, default=0) + 1))
        self.duration = result.duration
        self.left = round(width * 0.4)

    def at(self, time: float) -> np.ndarray:
        """Return the image of the band at a time in seconds: RGB, shape (height, width, 3), uint8."""
        image, draw = self.empty()
        pad = self.line // 4
        shown = min(SHOWN_SECONDS, self.duration)
        start = min(max(time - shown / 2, 0), self.duration - shown)

        def x(seconds):
            return self.left + (seconds - start) / shown * (self.width - 1 - self.left)

        for index, (intervals, starts, longest, lanes, num_lanes) in enumerate(self.rows):
            top = index * self.line
            draw.rectangle((self.left, top + 1, self.width, top + self.line - 2), GRAY)
            height = (self.line - 2) / num_lanes
            current = []
            visible = range(bisect_left(starts, start - longest), bisect_left(starts, start + shown))
            for interval, lane in ((intervals[number], lanes[number]) for number in visible):
                if interval.end <= start:
                    continue
                if interval.start <= time < interval.end:
                    current.append(interval)
                left, right = max(x(interval.start), self.left), min(x(interval.end), self.width - 1)
                upper = top + 1 + lane * height
                color = self.colors[interval.label]
                draw.rectangle((left, upper, max(right - 1, left), max(upper + height - 2, upper)), color)
                code = interval.action.code
                if num_lanes == 1 and draw.textlength(code, self.font) < right - left:
                    self.write(draw, ((left + right) / 2, top + self.line / 2), code, 'mm', legible_on(color))
            text, color = self._describe(current, self.left - 2 * pad), BLACK
            if not text:
                text, color = self.fit(self.names[index], self.left - 2 * pad), DARK_GRAY
            self.write(draw, (pad, top + self.line / 2), text, color=color)
        if self.rows:
            draw.rectangle((x(time) - 1, 0, x(time) + 1, len(self.rows) * self.line - 1), BLACK)
        if not any(intervals for intervals, *_ in self.rows):
            self.write(draw, (pad, (len(self.rows) + 0.5) * self.line), 'nothing found')
        clock = f'{_clock(time)} of {_clock(self.duration)}'
        self.write(draw, (self.width - pad, (len(self.rows) + 0.5) * self.line), clock, 'rm')
        return np.asarray(image)

    def _describe(self, intervals, max_width):
        """Return the codes and names of actions, best first, or only the codes if the names of several do not fit."""
        actions = [interval.action for interval in sorted(intervals, key=lambda interval: -interval.score)]
        text = ', '.join(f'{action.code}  {action.name}' for action in actions)
        if len(actions) > 1 and self.font.getlength(text) > max_width:
            text = ', '.join(action.code for action in actions)
        return self.fit(text, max_width)


_BANDS = {ClipResult.kind: ClipBand, TimelineResult.kind: TimelineBand, DetectionResult.kind: DetectionBand}


def make_band(
    result: ClipResult | TimelineResult | DetectionResult, width: int
) -> ClipBand | TimelineBand | DetectionBand:
    """Create the band of a result.

    Args:
        result (ClipResult | TimelineResult | DetectionResult): The result.
        width (int): Width in pixels.

    Returns:
        ClipBand | TimelineBand | DetectionBand: Band whose ``at`` returns its image at a time.
    """
    return _BANDS[result.kind](result, width)


def legible_on(color: str) -> str:
    """Return black or white, whichever has more contrast on a colour.

    Args:
        color (str): The colour, ``'#RRGGBB'``.

    Returns:
        str: The colour of the text.
    """
    return BLACK if np.dot(ImageColor.getrgb(color), (0.299, 0.587, 0.114)) > 140 else WHITE


def _clock(seconds):
    """Format seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'
