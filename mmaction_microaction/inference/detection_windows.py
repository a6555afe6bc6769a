"""Cuts a video into the windows of a detector, and merges what the detector finds in them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmaction_microaction.models.detectors import DecodedDetections
from mmaction_microaction.video.reader import Frame

from .detector import Detector
from .windows import Window, WindowPipeline

SAME_IOU = 0.5
"""Smallest temporal IoU of two detections of one action, within the time that both windows contain."""


class FoundInWindow(NamedTuple):
    """Detections in a window of a video."""

    start: float
    """Start of the window in seconds."""
    end: float
    """End of the window in seconds."""
    detections: DecodedDetections
    """Detections, in seconds from the start of the video."""


def frames_shown(window: Window, samples: np.ndarray, times: np.ndarray, fps: float) -> np.ndarray:
    """Return the frames of a video that a window of a constant rate contains.

    Args:
        window (Window): A window of the video.
        samples (np.ndarray): Indices of frames from the start of the window, if the video had a constant rate, shape
            (S,), ascending.
        times (np.ndarray): Time at which each frame of the video is shown, in seconds, ascending, shape (N,).
        fps (float): Frames per second of the constant rate.

    Returns:
        np.ndarray: Indices of the frames of the video that are shown at these times, shape (S,).

    Examples:
        Four samples of two seconds, of a video whose frame 1 is shown for 1.5 seconds.

        >>> times = np.array([0, 0.5, 2, 2.5])
        >>> frames_shown(Window(0, 2, 0.0, 2.0), np.arange(4), times, fps=2.0).tolist()
        [0, 1, 1, 1]
    """
    # The middle of a frame, since times are rounded.
    shown = np.searchsorted(times, window.start + (samples + 0.5) / fps, 'right') - 1
    return np.clip(shown, window.first_frame, window.last_frame)


def gather_samples(
    frames: Iterable[Frame],
    windows: Iterable[tuple[Window, np.ndarray]],
    shrink: Callable[[np.ndarray], np.ndarray],
) -> Iterator[tuple[Window, list[np.ndarray]]]:
    """Collect the samples of each window from a stream. Only frames of open windows are kept in memory.

    A frame that the stream lacks is replaced by the next one, so that a damaged part of a video does not cost its
    whole window. Where the stream ends early, the last windows have fewer samples.

    Args:
        frames (Iterable[Frame]): Frames of the video from its start.
        windows (Iterable[tuple[Window, np.ndarray]]): Windows, ascending in time, each with the index of the frame of
            each sample, ascending.
        shrink (Callable[[np.ndarray], np.ndarray]): Function that is applied to each frame before it is kept.

    Yields:
        tuple[Window, list[np.ndarray]]: A window and its samples, at least one.
    """
    windows = iter(windows)
    upcoming = next(windows, None)
    opened = deque()
    for frame in frames:
        while upcoming and upcoming[0].first_frame <= frame.index:
            opened.append((*upcoming, []))
            upcoming = next(windows, None)
        image = None
        for _, indices, images in opened:
            count = np.searchsorted(indices, frame.index, 'right') - len(images)
            if count > 0:
                image = shrink(frame.to_rgb()) if image is None else image
                images += [image] * count
        while opened and len(opened[0][1]) == len(opened[0][2]):
            window, _, images = opened.popleft()
            yield window, images
    yield from ((window, images) for window, _, images in opened if images)


def detect_windows(
    detector: Detector,
    pipeline: WindowPipeline,
    frames: Iterable[Frame],
    windows: Sequence[Window],
    times: np.ndarray,
    fps: float,
    shrink: Callable[[np.ndarray], np.ndarray],
) -> Iterator[FoundInWindow]:
    """Run a detector on the windows of a video, one after the other.

    Args:
        detector (Detector): The detector.
        pipeline (WindowPipeline): Its test pipeline.
        frames (Iterable[Frame]): Frames of the video from its start.
        windows (Sequence[Window]): Windows, ascending in time.
        times (np.ndarray): Time at which each frame is shown, in seconds, ascending from 0, shape (N,).
        fps (float): Frames per second of the video.
        shrink (Callable[[np.ndarray], np.ndarray]): Function that is applied to each frame before it is kept.

    Yields:
        FoundInWindow: Detections in a window. The window ends earlier if the stream does.
    """
    sampled = (
        (window, frames_shown(window, pipeline.samples(max(round(window.duration * fps), 1), fps), times, fps))
        for window in windows
    )
    for window, images in gather_samples(frames, sampled, shrink):
        duration = min(len(images) / pipeline.rate, window.duration)
        inputs = pipeline.pack(len(images), images, pipeline.rate)
        segments, labels, scores = detector(inputs, pipeline.rate, duration)
        detections = DecodedDetections(segments.astype(float) + window.start, labels, scores)
        yield FoundInWindow(window.start, window.start + duration, detections)


def merge_windows(found: Iterable[FoundInWindow]) -> DecodedDetections:
    """Merge the detections in overlapping windows of a video.

    Two detections of the same class in different windows are one action if their temporal IoU is at least
    :data:`SAME_IOU` within the time that both windows contain. So an action that the edge of a window cuts finds its
    other part in the next window. The merged detection has the higher score, and each of its two boundaries comes from
    the window in which the boundary is farther from the edges. The best pairs are merged first. Time and memory are
    linear in the number of windows.

    Args:
        found (Iterable[FoundInWindow]): Windows, ascending in time.

    Returns:
        DecodedDetections: Detections, best first. Those of a single window are returned as they are.

    Examples:
        Nodding from 8 to 18 seconds, in windows that end at 15 and start at 10 seconds.

        >>> def detect(start, end, score):
        ...     return DecodedDetections(np.array([[start, end]]), np.array([9]), np.array([score]))
        >>> windows = [FoundInWindow(0, 15, detect(8, 15, 0.6)), FoundInWindow(10, 25, detect(10, 18, 0.8))]
        >>> merge_windows(windows).segments.tolist(), merge_windows(windows).scores.tolist()
        ([[8.0, 18.0]], [0.8])
    """
    done, opened, end = [], _Candidates.empty(), -np.inf
    for window, following in _with_next(found):
        # Only edges that cut the video move boundaries; the start and the end of the video do not.
        inner_start = window.start if window.start < end else -np.inf
        inner_end = window.end if following and following.start < window.end else np.inf
        new = _Candidates.of(window, inner_start, inner_end)
        done.append(opened.select((opened.until <= window.start) | (opened.segments[:, 1] <= window.start)))
        opened = opened.select((opened.until > window.start) & (opened.segments[:, 1] > window.start))
        opened, end = _merge_pairs(opened, new, window.start), window.end
    done.append(opened)
    segments, labels, scores = (
        np.concatenate([getattr(part, name) for part in done]) for name in ('segments', 'labels', 'scores')
    )
    order = np.argsort(-scores, kind='stable')
    return DecodedDetections(segments[order], labels[order], scores[order])


class _Candidates(NamedTuple):
    """Detections that a later window may change."""

    segments: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    margins: np.ndarray
    """Distance of each boundary from the edges of its window in seconds, shape (M, 2)."""
    until: np.ndarray
    """End in seconds of the last window that contains the detection, shape (M,)."""

    @classmethod
    def empty(cls):
        return cls(np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)), np.zeros(0))

    @classmethod
    def of(cls, window, inner_start, inner_end):
        segments, labels, scores = window.detections
        margins = np.minimum(segments - inner_start, inner_end - segments)
        return cls(segments, labels, scores, margins, np.full(len(labels), window.end))

    def select(self, rows):
        return _Candidates(*(values[rows] for values in self))


def _merge_pairs(opened, new, start):
    """Merge new detections with those of earlier windows that are the same action; return both."""
    overlap_end = np.minimum(opened.until[:, None], new.until)
    first, second = (
        (np.maximum(values[..., 0], start), np.minimum(values[..., 1], overlap_end))
        for values in (opened.segments[:, None], new.segments[None])
    )
    intersection = np.minimum(first[1], second[1]) - np.maximum(first[0], second[0])
    lengths = np.maximum(first[1] - first[0], 0) + np.maximum(second[1] - second[0], 0)
    same = (opened.labels[:, None] == new.labels) & (intersection > 0)
    same &= intersection >= SAME_IOU * (lengths - intersection)
    rows, columns = np.nonzero(same)
    merged, taken = _Candidates(*map(np.copy, new)), set()
    matched = np.zeros(len(opened.labels), bool)
    for pair in np.argsort(-(opened.scores[rows] + new.scores[columns]), kind='stable'):
        row, column = rows[pair], columns[pair]
        if matched[row] or column in taken:
            continue
        matched[row] = True
        taken.add(column)
        earlier = opened.margins[row] > new.margins[column]
        merged.segments[column] = np.where(earlier, opened.segments[row], new.segments[column])
        merged.margins[column] = np.where(earlier, opened.margins[row], new.margins[column])
        merged.scores[column] = max(opened.scores[row], new.scores[column])
    return _Candidates(*map(np.concatenate, zip(opened.select(~matched), merged)))


def _with_next(items):
    """Yield each item with the one after it, and the last with None."""
    items = iter(items)
    current = next(items, None)
    while current is not None:
        following = next(items, None)
        yield current, following
        current = following
