"""Draws a result below the frames of its video."""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageColor, ImageDraw, ImageFont

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Frame, Video
from mmaction_microaction.video.times import LONGEST_STILL
from mmaction_microaction.video.writer import write_video
from mmaction_microaction.visualization.interval_rows import IntervalRows, assign_lanes
from mmaction_microaction.visualization.skeleton import draw_poses
from mmaction_microaction.visualization.style import action_colors, group_color

from .results import ClipResult, DetectionResult, TimelineResult

SHOWN_SECONDS = 20
"""Seconds of the timeline that are visible at a time."""
MIN_WIDTH = 480
"""Minimum width in pixels. Narrower videos are enlarged, so that names are legible and fit."""
MAX_SIDE = 3840
"""Maximum width and height in pixels. Larger videos are scaled down, since encoders keep dozens of frames in memory."""
MAX_ROWS = 8
"""Maximum number of rows of a detector's actions."""
WHITE, BLACK, GRAY, DARK_GRAY = '#FFFFFF', '#000000', '#D9D9D9', '#767676'


def write_labeled_video(
    result: ClipResult | TimelineResult | DetectionResult | Sequence[ClipResult | TimelineResult | DetectionResult],
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    poses: Poses | None = None,
) -> None:
    """Write the video of a result with a band below it that shows the actions. The new video has no sound.

    If the network saw a part of the frames, a box shows this part. With several people, each has a band, and their
    names are written in the boxes and above the bands.

    Args:
        result (ClipResult | TimelineResult | DetectionResult | Sequence[ClipResult | TimelineResult |
            DetectionResult]): The result, whose ``video`` is the path of the video, or the results of the people in one
            video.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.
        poses (Poses, optional): Poses of the video, which are drawn over its frames. Defaults to None.

    Raises:
        FileNotFoundError: If the video of the result is missing.
        ValueError: If the video of the result cannot be read.
    """
    results = list(result) if isinstance(result, Sequence) else [result]
    video = Video(results[0].video)
    rate, scale, (width, height), frames = read_playable(video)
    band_width = max(width, MIN_WIDTH)
    left = (band_width - width) // 2
    bands = [_BANDS[result.kind](result, band_width) for result in results]
    titles = [_draw_title(result.person, band) for result, band in zip(results, bands)]

    def images():
        for frame, image in frames:
            if poses is not None:
                image = draw_poses(image, poses, frame.index)
            image = draw_boxes(image, results, frame.index, scale)
            # Narrow and tall frames have black borders at the sides.
            image = np.pad(image, ((0, 0), (left, band_width - width - left), (0, 0)))
            shown = [part for title, band in zip(titles, bands) for part in (title, band.at(frame.time))]
            yield np.vstack([image, *shown])
            if progress:
                progress(frame.index + 1, video.num_frames)

    height_of_bands = sum(len(title) + band.height for title, band in zip(titles, bands))
    write_video(path, images(), (band_width, height + height_of_bands), fps=rate, crf=20)


def draw_boxes(
    image: np.ndarray,
    results: Sequence[ClipResult | TimelineResult | DetectionResult],
    index: int = 0,
    scale: float = 1.0,
) -> np.ndarray:
    """Draw the parts of a frame that a network saw, with the names of the people if there are several.

    Args:
        image (np.ndarray): RGB frame, shape (height, width, 3), uint8.
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): Results of the people in the video.
        index (int): Index of the frame. Defaults to 0.
        scale (float): Size of the image relative to the frame of the video. Defaults to 1.

    Returns:
        np.ndarray: The frame with a box for each result that is not based on whole frames.
    """
    if all(result.boxes is None for result in results):
        return image
    drawn = Image.fromarray(image)
    draw, (width, height) = ImageDraw.Draw(drawn), drawn.size
    line, font = max(round(width / 250), 2), ImageFont.load_default(max(width / 30, 12))
    for number, result in enumerate(results):
        if result.boxes is None:
            continue
        x, y, box_width, box_height = (result.boxes[index] * scale).tolist()
        # Edges outside the frame are drawn at its border.
        corners = [(x, y), (x + box_width, y + box_height)]
        corners = [(min(max(x, 0), width - 1), min(max(y, 0), height - 1)) for x, y in corners]
        color = group_color(number)
        draw.rectangle(corners, outline=color, width=line)
        if result.person:
            position = tuple(side + 2 * line for side in corners[0])
            draw.rectangle(draw.textbbox(position, result.person, font), color)
            draw.text(position, result.person, _legible_on(color), font)
    return np.asarray(drawn)


def _draw_title(person, band):
    """Return an image with the name of a person, of height 0 without a name."""
    image = Image.new('RGB', (band.width, band.line if person else 0), WHITE)
    if person:
        band.write(ImageDraw.Draw(image), (band.line // 4, band.line / 2), person, color=DARK_GRAY)
    return np.asarray(image).reshape(-1, band.width, 3)


def write_pose_video(
    poses: Poses,
    video: str | Path | Video,
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a video with the skeletons of its people. The new video has no sound.

    Args:
        poses (Poses): Poses of the video.
        video (str | Path | Video): Path of the video, or the open video.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.

    Raises:
        FileNotFoundError: If the video is missing.
        ValueError: If the video cannot be read.
    """
    video = video if isinstance(video, Video) else Video(video)
    rate, _, size, frames = read_playable(video)

    def images():
        for frame, image in frames:
            yield draw_poses(image, poses, frame.index)
            if progress:
                progress(frame.index + 1, video.num_frames)

    write_video(path, images(), size, fps=rate, crf=20)


def read_playable(video: Video) -> tuple[Fraction, float, tuple[int, int], Iterator[tuple[Frame, np.ndarray]]]:
    """Read a video at a constant rate, in a size that encoders accept and in which names are legible.

    Args:
        video (Video): The open video.

    Returns:
        tuple[Fraction, float, tuple[int, int], Iterator[tuple[Frame, np.ndarray]]]: Frames per second, scale, width and
        height, and the frames with their images, RGB, shape (height, width, 3), uint8.
    """
    rate = Fraction(min(max(video.fps, 1), 240)).limit_denominator(1001)
    frames = resample_frames(video.frames(), rate)
    first = next(frames)
    height, width = first.to_rgb().shape[:2]
    scale = min(max(MIN_WIDTH / width, 1), MAX_SIDE / max(width, height))
    interpolation = cv2.INTER_AREA if scale <= 1 else cv2.INTER_CUBIC
    # H.264 requires even sides.
    size = tuple(max(round(side * scale / 2) * 2, 2) for side in (width, height))
    frames = chain([first], frames)
    return (
        rate,
        scale,
        size,
        ((frame, cv2.resize(frame.to_rgb(), size, interpolation=interpolation)) for frame in frames),
    )


def resample_frames(frames: Iterable[Frame], rate: Fraction | float) -> Iterator[Frame]:
    """Repeat and drop frames of a variable-rate video, so that each frame is shown at its time at a constant rate.

    A gap of more than two minutes without a frame is left out.

    Args:
        frames (Iterable[Frame]): Frames of the video from its start.
        rate (Fraction | float): Constant rate in frames per second.

    Yields:
        Frame: Frames at the constant rate.
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
    """A white band with lines of text whose size fits its width."""

    def __init__(self, width: int, lines: int, label_set: LabelSet) -> None:
        self.width = width
        # Without groups, neighbouring actions of a timeline would otherwise have the same colour.
        self.colors = action_colors(label_set) if label_set.has_groups else [*map(group_color, range(len(label_set)))]
        self.line = round(width / 20 / 2) * 2
        self.height = self.line * lines
        self.font = _load_font(label_set, self.line * 0.7)

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

    def write(self, draw, position, text, anchor='lm', color=BLACK) -> None:
        """Write text at a position (x, y). See Pillow's text anchors."""
        draw.text(position, text, fill=color, font=self.font, anchor=anchor)


class _ClipBand(_Band):
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


class _TimelineBand(_Band):
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
                self.write(draw, ((left + right) / 2, 1.5 * self.line), code, 'mm', _legible_on(color))
        draw.rectangle((x(time) - 1, self.line * 0.9, x(time) + 1, self.line * 2.1), BLACK)
        self.write(draw, (pad, self.line / 2), current)
        self.write(draw, (self.width - pad, 2.5 * self.line), f'{_clock(time)} of {_clock(self.duration)}', 'rm')
        return np.asarray(image)


class _DetectionBand(_Band):
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
                    self.write(draw, ((left + right) / 2, top + self.line / 2), code, 'mm', _legible_on(color))
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


_BANDS = {ClipResult.kind: _ClipBand, TimelineResult.kind: _TimelineBand, DetectionResult.kind: _DetectionBand}


def _load_font(label_set: LabelSet, size: float) -> ImageFont.FreeTypeFont:
    """Return Pillow's font or, if the names need other letters than English, a font of this machine that has them."""
    letters = frozenset(''.join(f'{action.code}{action.name}{action.group or ""}' for action in label_set.actions))
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


def _legible_on(color):
    """Return black or white, whichever has more contrast on a colour."""
    return BLACK if np.dot(ImageColor.getrgb(color), (0.299, 0.587, 0.114)) > 140 else WHITE


def _clock(seconds):
    """Format seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'
