"""Draws what was found into a video."""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import chain

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.times import LONGEST_STILL
from mmaction_microaction.video.writer import write_video
from mmaction_microaction.visualization.style import BODY_PART_COLOURS

from .results import ClipResult

SHOWN_SECONDS = 20
"""How much of the timeline is seen at a time."""
LEAST_WIDTH = 480
"""Pixels; narrower videos are enlarged, so that names are legible and fit."""
MOST_SIDE = 3840
"""Pixels; larger videos are scaled down, since encoders keep dozens of frames and players show no more."""
WHITE, BLACK, GREY = '#FFFFFF', '#000000', '#D9D9D9'


def write_labelled_video(result, path, progress=None):
    """Write the video of a result once more, above a band that says what it shows; without sound.

    Args:
        result (ClipResult | TimelineResult): The result, whose ``video`` names the file.
        path (str | Path): The new file, ``*.mp4``.
        progress (Callable, optional): Called with the number of frames done and their total. Defaults to None.

    Raises:
        FileNotFoundError: If the video is gone.
        ValueError: If it cannot be read.
    """
    video = Video(result.video)
    rate = Fraction(min(max(video.fps, 1), 240)).limit_denominator(1001)
    frames = evenly(video.frames(), rate)
    first = next(frames)
    height, width = first.to_rgb().shape[:2]
    scale = min(max(LEAST_WIDTH / width, 1), MOST_SIDE / max(width, height))
    # H.264 wants even numbers.
    width, height = (max(round(side * scale / 2) * 2, 2) for side in (width, height))
    total = max(width, LEAST_WIDTH)
    left = (total - width) // 2
    band = _ClipBand(result, total) if isinstance(result, ClipResult) else _TimelineBand(result, total)

    def drawn():
        for frame in chain([first], frames):
            picture = cv2.resize(
                frame.to_rgb(), (width, height), interpolation=cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC
            )
            # A narrow and tall one has black beside it.
            picture = np.pad(picture, ((0, 0), (left, total - width - left), (0, 0)))
            yield np.vstack([picture, band.at(frame.time)])
            if progress:
                progress(frame.index + 1, video.num_frames)

    write_video(str(path), drawn(), (total, height + band.height), rate, crf=20)


def evenly(frames, rate):
    """Repeat and leave out frames of a varying rate, so that each is seen when it was, but for gaps of more than two
    minutes, which are left out.

    Args:
        frames (Iterable[Frame]): The video, from its first frame.
        rate (Fraction | float): Frames per second that are wanted.

    Yields:
        Frame: At an even rate.
    """
    count, shown, left_out = 0, None, 0
    for frame in frames:
        if shown and frame.time - shown.time > LONGEST_STILL:
            left_out += frame.time - shown.time - 1 / rate
        while shown and (count + 0.5) / rate <= frame.time - left_out:
            yield shown
            count += 1
        shown = frame
    if shown:
        yield shown


class _Band:
    """A white band of a width, and letters that fit to it."""

    def __init__(self, width, lines):
        self.width = width
        self.line = round(width / 20 / 2) * 2
        self.height = self.line * lines
        self.font = ImageFont.load_default(self.line * 0.7)
        self.picture, self.draw = self.empty()

    def empty(self):
        picture = Image.new('RGB', (self.width, self.height), WHITE)
        return picture, ImageDraw.Draw(picture)

    def write(self, draw, place, text, anchor='lm', colour=BLACK):
        """Write text beside a place; of the anchor, l, m, r say on which side, and m that it is half the height."""
        draw.text(place, text, fill=colour, font=self.font, anchor=anchor)


class _ClipBand(_Band):
    """The best five actions as bars."""

    def __init__(self, result, width):
        super().__init__(width, lines=5)
        pad = self.line // 4
        left = width * 0.62
        for row, interval in enumerate(result.top(5)):
            action = interval.action
            top, middle = row * self.line, (row + 0.5) * self.line
            self.write(self.draw, (pad, middle), f'{action.code}  {action.name}')
            end = left + (width - left - 3 * self.line) * interval.score
            self.draw.rectangle((left, top + pad, end, top + self.line - pad), BODY_PART_COLOURS[action.body_part])
            self.write(self.draw, (width - pad, middle), f'{interval.score:.0%}', 'rm')
        self.drawn = np.asarray(self.picture)

    def at(self, time):
        """Draw a moment; the same for all of a clip."""
        return self.drawn


class _TimelineBand(_Band):
    """The action of the moment, and below it the intervals before and after."""

    def __init__(self, result, width):
        super().__init__(width, lines=3)
        self.intervals = result.intervals
        self.starts = [interval.start for interval in result.intervals]
        self.ends = [interval.end for interval in result.intervals]
        self.duration = result.duration

    def at(self, time):
        """Draw a moment.

        Args:
            time (float): Seconds.

        Returns:
            np.ndarray: RGB, shape (height, width, 3), uint8.
        """
        picture, draw = self.empty()
        pad = self.line // 4
        shown = min(SHOWN_SECONDS, self.duration)
        begin = min(max(time - shown / 2, 0), self.duration - shown)

        def x(seconds):
            return (seconds - begin) / shown * (self.width - 1)

        now = ''
        draw.rectangle((0, self.line, self.width, 2 * self.line), GREY)
        first, last = bisect_right(self.ends, begin), bisect_left(self.starts, begin + shown)
        for interval in self.intervals[first:last]:
            if interval.start <= time < interval.end:
                now = f'{interval.action.code}  {interval.action.name}  {interval.score:.0%}'
            left, right = max(x(interval.start), 0), min(x(interval.end), self.width - 1)
            colour = BODY_PART_COLOURS[interval.action.body_part]
            draw.rectangle((left, self.line, max(right - 1, left), 2 * self.line), colour)
            code = interval.action.code
            if draw.textlength(code, self.font) < right - left:
                self.write(draw, ((left + right) / 2, 1.5 * self.line), code, 'mm', _legible_on(colour))
        draw.rectangle((x(time) - 1, self.line * 0.9, x(time) + 1, self.line * 2.1), BLACK)
        self.write(draw, (pad, self.line / 2), now)
        self.write(draw, (self.width - pad, 2.5 * self.line), f'{_clock(time)} of {_clock(self.duration)}', 'rm')
        return np.asarray(picture)


def _legible_on(colour):
    """Black or white, whichever stands out."""
    return BLACK if np.dot(ImageColor.getrgb(colour), (0.299, 0.587, 0.114)) > 140 else WHITE


def _clock(seconds):
    """Write seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'
