"""Results of the inferencer, and their JSON and CSV files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from mmaction_microaction.evaluation.functional import rank_classes
from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.structures.intervals import Interval, write_entries
from mmaction_microaction.utils.files import as_text_cell, write_whole

COLUMNS = ('video', 'start', 'end', 'rank', 'code', 'action', 'group', 'score')


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
    """Kind of result: ``'clip'``, as opposed to ``'timeline'``."""
    video: str
    """Path of the video."""
    duration: float
    """Duration of the video in seconds."""
    scores: np.ndarray
    """Probabilities of the actions, shape (C,)."""
    label_set: LabelSet = field(default=MA52, repr=False)
    """Label set of the probabilities."""

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
            if the label set has none.
        """
        content = {
            'video': self.video,
            'duration': round(self.duration, 3),
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
            list[dict]: One row for each of the best five actions, with the keys ``COLUMNS``.
        """
        return [_row(self.video, rank, interval) for rank, interval in enumerate(self.intervals, start=1)]


@dataclass
class TimelineResult:
    """Micro-actions of a long video with their times."""

    kind: ClassVar[str] = 'timeline'
    """Kind of result: ``'timeline'``, as opposed to ``'clip'``."""
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

    def to_dict(self) -> dict:
        """Convert the result to a dict for JSON.

        Returns:
            dict: ``video``, ``duration``, ``intervals``.
        """
        return {
            'video': self.video,
            'duration': round(self.duration, 3),
            'intervals': [interval.to_dict() for interval in self.intervals],
        }

    def to_rows(self) -> list[dict]:
        """Convert the result to table rows.

        Returns:
            list[dict]: One row for each interval, with the keys ``COLUMNS``.
        """
        return [_row(self.video, 1, interval) for interval in self.intervals]


def _row(video, rank, interval):
    values = {'video': video, 'rank': rank, **interval.to_dict()}
    return {column: values[column] for column in COLUMNS}


def write_json(results: Sequence[ClipResult | TimelineResult], path: str | Path) -> None:
    """Write results as JSON, completely or not at all.

    Args:
        results (Sequence[ClipResult | TimelineResult]): One result for each video.
        path (str | Path): Path of the JSON file.

    Raises:
        OSError: If the file cannot be written.
    """
    write_entries([result.to_dict() for result in results], path)


def write_csv(results: Sequence[ClipResult | TimelineResult], path: str | Path) -> None:
    """Write results as a CSV table, completely or not at all.

    A name that a spreadsheet would read as a formula is preceded by an apostrophe. The group is empty if the label set
    has no groups.

    Args:
        results (Sequence[ClipResult | TimelineResult]): One result for each video.
        path (str | Path): Path of the CSV file.

    Raises:
        OSError: If the file cannot be written.
    """
    table = io.StringIO(newline='')
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    for result in results:
        for row in result.to_rows():
            # The names of a network from a stranger may be formulas, too.
            texts = {key: as_text_cell(row[key] or '') for key in ('video', 'code', 'action', 'group')}
            writer.writerow({**row, **texts})
    # The byte-order mark makes spreadsheets read the file as UTF-8.
    write_whole(path, table.getvalue().encode('utf-8-sig', errors='backslashreplace'))


WRITERS = {'.json': write_json, '.csv': write_csv}
"""Functions that write results, by the suffix of their files."""
