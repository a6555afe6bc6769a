"""Results of the inferencer."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from mmaction_microaction.evaluation.functional import rank_classes
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval

from .timeline import TOLERANCE, rank_intervals

COLUMNS = ('video', 'start', 'end', 'rank', 'code', 'action', 'group', 'score')
"""Columns of the tables of results."""


class ScoredWindow(NamedTuple):
    """Probabilities of the actions in a window of a live stream."""

    start: float
    """Start in seconds."""
    end: float
    """End in seconds."""
    scores: np.ndarray
    """Probabilities of the actions, shape (C,)."""


@dataclass
class ClipResult:
    """Probabilities of the actions in a short clip."""

    kind: ClassVar[str] = 'clip'
    """Kind of result: ``'clip'``, as opposed to ``'timeline'`` and ``'detections'``."""
    video: str
    """Path of the video."""
    duration: float
    """Duration of the video in seconds."""
    scores: np.ndarray
    """Probabilities of the actions, shape (C,)."""
    label_set: LabelSet = field(default=MA52, repr=False)
    """Label set of the probabilities."""
    person: str = ''
    """Name of the person if the video shows several: ``'left'`` or ``'right'``, or a number from left to right."""
    boxes: np.ndarray | None = field(default=None, repr=False)
    """Left and upper edge, width and height of the part of each frame that the network saw, in pixels, shape (T, 4).
    None if it saw whole frames."""

    def __post_init__(self) -> None:
        if np.shape(self.scores) != (len(self.label_set),):
            raise ValueError(
                f'{self.video}: expected {len(self.label_set)} probabilities of the label set {self.label_set.name}, '
                f'got shape {np.shape(self.scores)}'
            )

    def top(self, k: int = 5) -> list[Interval]:
        """Return the actions with the highest probabilities.

        Args:
            k (int): Number of actions. Defaults to 5.

        Returns:
            list[Interval]: The actions, each over the whole clip, best first.
        """
        return [
            Interval(0.0, self.duration, int(label), float(self.scores[label]), self.label_set)
            for label in rank_classes(self.scores[None])[0, :k]
        ]

    @property
    def intervals(self) -> list[Interval]:
        """The best five actions, each over the whole clip, best first."""
        return self.top()

    @property
    def group(self) -> str | None:
        """Group of the best action, such as its body part, as the challenges score it. None if the label set has no
        groups."""
        return self.label_set.actions[self.scores.argmax()].group

    @property
    def group_scores(self) -> np.ndarray:
        """Sum of the probabilities of the actions of each group, shape (G,). The largest sum need not belong to
        :attr:`group`. Empty if the label set has no groups."""
        if not self.label_set.has_groups:
            return np.zeros(0)
        return np.bincount(self.label_set.fine_to_coarse, self.scores, len(self.label_set.groups))

    def to_dict(self) -> dict:
        """Convert the result to a dict for JSON.

        Returns:
            dict: ``video``, ``duration``, ``actions`` (the best five), ``group`` and ``groups``. ``groups`` is left out
            if the label set has none. ``person`` is added if the video shows several people, and ``crop``, the box of
            the first frame, if the network saw a part of the frames.
        """
        content = {
            **_describe(self),
            'actions': [interval.to_dict() for interval in self.intervals],
            'group': self.group,
        }
        if self.label_set.has_groups:
            sums = zip(self.label_set.groups, self.group_scores)
            content['groups'] = {name: round(float(score), 4) for name, score in sums}
        return content

    def to_rows(self) -> list[dict]:
        """Convert the result to table rows.

        Returns:
            list[dict]: One row for each of the best five actions, with the keys ``COLUMNS``, and ``person`` if the
            video shows several people.
        """
        return [_row(self, rank, interval) for rank, interval in enumerate(self.intervals, start=1)]


@dataclass
class TimelineResult:
    """Micro-actions of a long video with their times."""

    kind: ClassVar[str] = 'timeline'
    """Kind of result: ``'timeline'``, as opposed to ``'clip'`` and ``'detections'``."""
    video: str
    """Path of the video."""
    duration: float
    """Duration of the video in seconds."""
    intervals: list[Interval]
    """The micro-actions, ascending in time."""
    starts: np.ndarray = field(repr=False)
    """Start of each window in seconds, shape (W,)."""
    ends: np.ndarray = field(repr=False)
    """End of each window in seconds, shape (W,)."""
    scores: np.ndarray = field(repr=False)
    """Probabilities of each window, shape (W, C)."""
    label_set: LabelSet = field(default=MA52, repr=False)
    """Label set of the probabilities."""
    person: str = ''
    """Name of the person if the video shows several: ``'left'`` or ``'right'``, or a number from left to right."""
    boxes: np.ndarray | None = field(default=None, repr=False)
    """Left and upper edge, width and height of the part of each frame that the network saw, in pixels, shape (T, 4).
    None if it saw whole frames."""
    step: float | None = field(default=None, repr=False)
    """Seconds from the start of one window to the start of the next, except the last, which ends with the video. None
    stands for the median."""

    def to_dict(self) -> dict:
        """Convert the result to a dict for JSON.

        Returns:
            dict: ``video``, ``duration``, ``intervals``, and ``person`` and ``crop`` as for :class:`ClipResult`.
        """
        return _with_intervals(self)

    def rank(self) -> 'DetectionResult':
        """Rank intervals of all actions, several at a time, for the metrics of detection; see :func:`.rank_intervals`.

        Returns:
            DetectionResult: Detections of all scores.
        """
        found = rank_intervals(self.starts, self.ends, self.scores, self.step, label_set=self.label_set)
        return DetectionResult(
            self.video,
            self.duration,
            np.array([(interval.start, interval.end) for interval in found]).reshape(-1, 2),
            np.array([interval.label for interval in found], int),
            np.array([interval.score for interval in found]),
            label_set=self.label_set,
        )

    def to_rows(self) -> list[dict]:
        """Convert the result to table rows.

        Returns:
            list[dict]: One row for each interval, with the keys ``COLUMNS``, and ``person`` if the video shows several
            people.
        """
        return [_row(self, 1, interval) for interval in self.intervals]


@dataclass
class DetectionResult:
    """Micro-actions that a detector found in a video. Several may happen at once, or none.

    Examples:
        >>> segments, labels, scores = np.array([[2.0, 4], [0, 3], [1, 9]]), np.array([19, 9, 24]), [0.9, 0.6, 0.1]
        >>> result = DetectionResult('talk.mp4', 10.0, segments, labels, np.array(scores), min_score=0.3)
        >>> [(interval.start, interval.end, interval.action.name) for interval in result.intervals]
        [(0.0, 3.0, 'nodding'), (2.0, 4.0, 'waving')]
    """

    kind: ClassVar[str] = 'detections'
    """Kind of result: ``'detections'``, as opposed to ``'clip'`` and ``'timeline'``."""
    video: str
    """Path of the video."""
    duration: float
    """Duration of the video in seconds."""
    segments: np.ndarray = field(repr=False)
    """Start and end of every detection in seconds, best first, without a threshold, shape (M, 2)."""
    labels: np.ndarray = field(repr=False)
    """Fine label of every detection, shape (M,)."""
    scores: np.ndarray = field(repr=False)
    """Score of every detection, 0 to 1, shape (M,)."""
    min_score: float = 0.0
    """Minimum score of :attr:`intervals`."""
    min_duration: float = 0.0
    """Minimum duration of :attr:`intervals` in seconds."""
    label_set: LabelSet = field(default=MA52, repr=False)
    """Label set of the labels."""
    person: str = ''
    """Name of the person if the video shows several: ``'left'`` or ``'right'``, or a number from left to right."""
    boxes: np.ndarray | None = field(default=None, repr=False)
    """Left and upper edge, width and height of the part of each frame that the network saw, in pixels, shape (T, 4).
    None if it saw whole frames."""

    @cached_property
    def intervals(self) -> list[Interval]:
        """The detections that reach ``min_score`` and ``min_duration``, ascending in time. They may overlap."""
        durations = self.segments[:, 1] - self.segments[:, 0]
        # Files contain milliseconds, and intervals that end after they start.
        kept = (self.scores >= self.min_score) & (durations >= max(self.min_duration - TOLERANCE, TOLERANCE))
        rows = zip(self.segments[kept].tolist(), self.labels[kept].tolist(), self.scores[kept].tolist())
        intervals = [Interval(start, end, label, score, self.label_set) for (start, end), label, score in rows]
        return sorted(intervals, key=lambda interval: (interval.start, interval.end, interval.label))

    def to_dict(self) -> dict:
        """Convert the result to a dict for JSON.

        Returns:
            dict: ``video``, ``duration``, ``intervals``, and ``person`` and ``crop`` as for :class:`ClipResult`.
        """
        return _with_intervals(self)

    def to_rows(self) -> list[dict]:
        """Convert the result to table rows.

        Returns:
            list[dict]: One row for each interval, with the keys ``COLUMNS``, and ``person`` if the video shows several
            people.
        """
        return [_row(self, 1, interval) for interval in self.intervals]


def describe_framing(result: ClipResult | TimelineResult | DetectionResult) -> list[str]:
    """Describe the person of a result and the part of the frames that the network saw.

    Args:
        result (ClipResult | TimelineResult | DetectionResult): The result.

    Returns:
        list[str]: No text for the only person in whole frames; otherwise, the name of the person if there are several,
        and the box if the frames were cropped.

    Examples:
        >>> boxes = np.tile([56, 14, 916, 1099], (60, 1))
        >>> describe_framing(ClipResult('two.mp4', 2.0, np.full(52, 1 / 52), person='left', boxes=boxes))
        ['left', 'cropped to 916 x 1099 pixels at 56,14']
    """
    texts = [result.person] if result.person else []
    if result.boxes is not None:
        left, top, width, height = result.boxes[0]
        moving = ' at first, then moving' if (result.boxes != result.boxes[0]).any() else ''
        texts.append(f'cropped to {width} x {height} pixels at {left},{top}{moving}')
    return texts


def _describe(result):
    """Return what a result says about its video, for JSON."""
    content = {'video': result.video, 'duration': round(result.duration, 3)}
    if result.person:
        content['person'] = result.person
    if result.boxes is not None:
        content['crop'] = result.boxes[0].tolist()
    return content


def _with_intervals(result):
    return {**_describe(result), 'intervals': [interval.to_dict() for interval in result.intervals]}


def _row(result, rank, interval):
    values = {'video': result.video, 'rank': rank, **interval.to_dict()}
    person = {'person': result.person} if result.person else {}
    return {column: values[column] for column in COLUMNS} | person
