"""A band with the events of people over time, which moves below the frames of their video."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import ImageColor, ImageDraw

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import CodedEvent
from mmaction_microaction.utils.times import format_clock
from mmaction_microaction.visualization.fonts import load_font
from mmaction_microaction.visualization.interval_rows import assign_lanes

from .bands import BLACK, DARK_GRAY, GRAY, WHITE, Band, legible_on, name_action
from .event_rows import EventColors, EventRow, arrange_events, color_key

SHOWN_SECONDS = 20
"""Seconds of the timeline that are visible at a time."""
MAX_ROWS = 14
"""Maximum number of rows, for two people with the seven body parts of MA-52."""
POINT_SECONDS = 0.5
"""Seconds for which a point event counts as current."""
LEFT_SHARE, PERSON_SHARE = 0.4, 0.14
"""Widths of the column with the current actions, and of the part of it with the names of people, relative to the
band."""
MIN_LETTERS = 11
"""Height in pixels of the lowest lane in which codes are written."""


class TimelineBand(Band):
    """Rows of events, which move past the current time.

    A single row has the current action above it. Several rows have on their left who does what at the time. A legend
    explains the colours of rows that are not named after them.

    Args:
        events (Sequence[CodedEvent]): The events.
        people (Sequence[str]): Names of the people, in order.
        duration (float): Duration of the video in seconds.
        width (int): Width in pixels.
        label_set (LabelSet, optional): Label set of the events. Defaults to None.
        picture_height (int, optional): Height of the picture in pixels, which limits that of the band. Defaults to
            None: no limit.
    """

    def __init__(
        self,
        events: Sequence[CodedEvent],
        people: Sequence[str],
        duration: float,
        width: int,
        label_set: LabelSet | None = None,
        picture_height: int | None = None,
    ) -> None:
        self.colors = EventColors(events, label_set)
        rows = arrange_events(events, people or [''], self.colors.keys, MAX_ROWS)
        self.is_single = len(rows) == 1
        has_legend = not all(row.name for row in rows)
        texts = [*people, *self.colors.keys, *{f'{event.code}{event.action}' for event in events}]
        fixed = len(rows) + self.is_single
        super().__init__(width, fixed + 1, texts, picture_height)
        self.duration = duration
        self.left = 0 if self.is_single else round(width * LEFT_SHARE)
        self.shown = max(min(SHOWN_SECONDS, duration), 1e-3)
        self.scale = (width - self.left) / self.shown  # pixels a second
        self.legend = self._flow_legend() if has_legend else [[]]
        if len(self.legend) > 1:
            super().__init__(width, fixed + len(self.legend), texts, picture_height)
            self.legend = self._flow_legend()
            self.height = self.line * (fixed + len(self.legend))
        self.top = self.line * self.is_single
        self.bottom = self.top + self.line * len(rows)
        self.rows = [_LanedRow(row, self.scale) for row in rows]
        changes = {event.start for event in events} | {_current_end(event) for event in events}
        self.changes = sorted(changes)
        self.image = np.full((self.height, width, 3), 255, np.uint8)
        self._tile, self._state, self._clock = (-1, None), None, None

    def at(self, time: float) -> np.ndarray:
        """Return the image of the band at a time.

        Args:
            time (float): Time in seconds.

        Returns:
            np.ndarray: RGB image, shape (height, width, 3), uint8. The next call overwrites it.
        """
        # What changes rarely is drawn only then. The rows are slices of a longer image.
        state = bisect_right(self.changes, time)
        if state != self._state:
            self._state = state
            self._draw_names(time)
        if format_clock(time) != self._clock:
            self._clock = format_clock(time)
            self._draw_legend()
        start = min(max(time - self.shown / 2, 0), max(self.duration - self.shown, 0))
        span = self.width - self.left
        offset = round(start * self.scale)
        number = offset // span
        if number != self._tile[0]:
            self._tile = number, self._draw_tile(number * span, 2 * span)
        offset -= number * span
        self.image[self.top : self.bottom, self.left :] = self._tile[1][:, offset : offset + span]
        x = self.left + round((time - start) * self.scale)
        thickness = max(self.line // 24, 1)
        x = min(max(x, self.left), self.width - 1)
        self.image[self.top : self.bottom, max(x - thickness, self.left) : x + thickness] = 0
        return self.image

    def _draw_names(self, time: float) -> None:
        """Draw what happens at a time: above a single row, or to the left of several."""
        current = [[event for event in row.events if event.start <= time < _current_end(event)] for row in self.rows]
        if self.is_single:
            image, draw = self.empty(height=self.line)
            text = self._describe(current[0], self.width - 2 * self.pad, with_score=True)
            person = self.rows[0].person
            self.write(draw, (self.pad, self.line / 2), f'{person}:  {text}' if person else text)
            self.image[: self.line] = image
            return
        image, draw = self.empty(self.left, self.bottom)
        people = [row.person for row in self.rows]
        longest = max(map(self.font.getlength, people))
        person_width = min(longest + 2 * self.pad, PERSON_SHARE * self.width) if longest else 0
        for index, (row, events) in enumerate(zip(self.rows, current)):
            top, middle = index * self.line, (index + 0.5) * self.line
            is_first = index == 0 or people[index - 1] != row.person
            if is_first and index:
                draw.line((0, top, self.left, top), DARK_GRAY, max(self.line // 24, 1))
            if is_first and row.person:
                self.write(draw, (self.pad, middle), self.fit(row.person, person_width - self.pad))
            x = person_width + self.pad
            if row.name:
                x = self._draw_swatch(draw, x, middle, row.name)
            text, color = self._describe(events, self.left - x - self.pad), BLACK
            if not text:
                text, color = self.fit(row.name, self.left - x - self.pad), DARK_GRAY
            self.write(draw, (x, middle), text, color=color)
        self.image[: self.bottom, : self.left] = image

    def _draw_swatch(self, draw: ImageDraw.ImageDraw, x: float, middle: float, key: str) -> float:
        """Draw a square in the colour of a group; return where the text after it starts."""
        half = self.line * 0.25
        draw.rectangle((x, middle - half, x + 2 * half, middle + half), self.colors(key))
        return x + 2 * half + self.pad

    def _describe(self, events: Sequence[CodedEvent], max_width: float, with_score: bool = False) -> str:
        """Return the codes and names of actions, best first, or only the codes if the names of several do not fit."""
        events = sorted(events, key=lambda event: -(event.score or 0))
        text = ', '.join(name_action(event.code, event.action) for event in events)
        if len(events) > 1 and self.font.getlength(text) > max_width:
            text = ', '.join(event.code or event.action for event in events)
        if with_score and len(events) == 1 and events[0].score is not None:
            score = f'  {events[0].score:.0%}'
            return self.fit(text, max_width - self.font.getlength(score)) + score
        return self.fit(text, max_width)

    def _flow_legend(self) -> list[list[tuple[float, str]]]:
        """Return the entries of the legend, each with its position, in lines; what does not fit in two is left out."""
        room = self.width - self.font.getlength(f'{format_clock(self.duration)} of {format_clock(self.duration)}')
        room -= 4 * self.pad
        lines, x = [[]], float(self.pad)
        for key in self.colors.keys:
            length = self.line * 0.5 + self.pad + self.font.getlength(key)
            if x + length > room and lines[-1]:
                if len(lines) == 2:
                    break
                lines.append([])
                x = float(self.pad)
            lines[-1].append((x, key))
            x += length + 2 * self.pad
        return lines

    def _draw_legend(self) -> None:
        """Draw the legend and the clock below the rows."""
        image, draw = self.empty(height=self.line * len(self.legend))
        for index, line in enumerate(self.legend):
            middle = (index + 0.5) * self.line
            for x, key in line:
                self.write(draw, (self._draw_swatch(draw, x, middle, key), middle), key, color=DARK_GRAY)
        middle = image.height - self.line / 2
        if not any(row.events for row in self.rows):
            self.write(draw, (self.pad, middle), 'nothing found')
        self.write(draw, (self.width - self.pad, middle), f'{self._clock} of {format_clock(self.duration)}', 'rm')
        self.image[self.bottom :] = image

    def _draw_tile(self, first: int, width: int) -> np.ndarray:
        """Draw the rows from a pixel of the timeline on."""
        image, draw = self.empty(width, self.bottom - self.top)
        gap = max(self.line // 24, 1)
        for index, row in enumerate(self.rows):
            top = index * self.line
            draw.rectangle((0, top + gap, width, top + self.line - gap - 1), GRAY)
            if index and self.rows[index - 1].person != row.person:
                draw.line((0, top, width, top), DARK_GRAY, gap)
            height = (self.line - 2 * gap) / row.num_lanes
            font = self.font if row.num_lanes == 1 else load_font(self.texts, height * 0.9)
            for number in row.between(first / self.scale, (first + width) / self.scale):
                event = row.events[number]
                left, right = (round(seconds * self.scale) - first for seconds in (event.start, event.end))
                right = max(right, left + gap + max(self.line // 8, 2))  # a point event
                upper = top + gap + row.lanes[number] * height
                lower = max(upper + height - 1 - (row.num_lanes > 1), upper)
                color = self.colors(color_key(event))
                color = _paler(color) if row.is_shaded[number] else color
                draw.rectangle((left, upper, right - 1, lower), color)
                draw.rectangle((right - gap, upper, right - 1, lower), WHITE)
                text = event.code or event.action
                if height >= MIN_LETTERS and draw.textlength(text, font) < right - left - 2 * gap:
                    # A long bar has several texts, so that one is always visible.
                    count = max((right - left) // (self.width - self.left), 1)
                    for part in range(count):
                        middle = left + (part + 0.5) * (right - left) / count, (upper + lower) / 2
                        if -self.width < middle[0] < width + self.width:
                            draw.text(middle, text, legible_on(color), font, 'mm')
        return np.asarray(image)


class _LanedRow:
    """A row of events with the lanes in which they are drawn, and whether they have the paler colour.

    Of neighbours of the same colour, every second one is paler.
    """

    def __init__(self, row: EventRow, scale: float) -> None:
        self.person, self.name, self.events = row
        self.lanes = assign_lanes(self.events)
        self.num_lanes = max(self.lanes, default=0) + 1
        self.is_shaded = [False] * len(self.events)
        for lane in range(self.num_lanes):
            members = [index for index, each in enumerate(self.lanes) if each == lane]
            for before, after in pairwise(members):
                pixels = (self.events[after].start - self.events[before].end) * scale
                if pixels < 3 and color_key(self.events[before]) == color_key(self.events[after]):
                    self.is_shaded[after] = not self.is_shaded[before]
        self._starts = [event.start for event in self.events]
        self._longest = max((event.duration for event in self.events), default=0) + 1

    def between(self, start: float, end: float) -> range:
        """Return the indices of the events that may be visible between two times in seconds."""
        return range(bisect_left(self._starts, start - self._longest), bisect_left(self._starts, end))


def _current_end(event: CodedEvent) -> float:
    return max(event.end, event.start + POINT_SECONDS) if event.start == event.end else event.end


def _paler(color: str) -> str:
    return '#{:02x}{:02x}{:02x}'.format(*(round(0.6 * value + 0.4 * 255) for value in ImageColor.getrgb(color)))
