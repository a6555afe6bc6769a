"""Results of the inferencer, and their JSON and CSV files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from mmaction_microaction.evaluation.functional import rank_classes
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_BODY_PARTS
from mmaction_microaction.structures.intervals import Interval, write_entries
from mmaction_microaction.utils.files import as_text_cell, write_whole

COLUMNS = ('video', 'start', 'end', 'rank', 'code', 'action', 'body_part', 'score')


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
    """Probabilities of the 52 actions, shape (52,)."""

    def top(self, k: int = 5) -> list[Interval]:
        """Return the actions with the highest probabilities.

        Args:
            k (int): Number of actions. Defaults to 5.

        Returns:
            list[Interval]: The actions, each over the whole clip, best first.
        """
        return [
            Interval(0.0, self.duration, int(label), float(self.scores[label]))
            for label in rank_classes(self.scores[None])[0, :k]
        ]

    @property
    def intervals(self) -> list[Interval]:
        """The best five actions, each over the whole clip, best first."""
        return self.top()

    @property
    def body_part(self) -> str:
        """Body part of the best action, as the challenges score it."""
        return BODY_PARTS[ACTIONS[self.scores.argmax()].body_part]

    @property
    def body_part_scores(self) -> np.ndarray:
        """Sum of the probabilities of the actions of each body part, shape (7,). The largest sum need not
        belong to :attr:`body_part`."""
        return np.bincount(FINE_TO_COARSE, self.scores, NUM_BODY_PARTS)

    def to_dict(self) -> dict:
        """Convert the result to a dict for JSON.

        Returns:
            dict: ``video``, ``duration``, ``actions`` (the best five), ``body_part``, ``body_parts``.
        """
        return {
            'video': self.video,
            'duration': round(self.duration, 3),
            'actions': [interval.to_dict() for interval in self.intervals],
            'body_part': self.body_part,
            'body_parts': {name: round(float(score), 4) for name, score in zip(BODY_PARTS, self.body_part_scores)},
        }

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
    """Probabilities of each window, shape (W, 52)."""

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

    A video name that a spreadsheet would read as a formula is preceded by an apostrophe.

    Args:
        results (Sequence[ClipResult | TimelineResult]): One result for each video.
        path (str | Path): Path of the CSV file.

    Raises:
        OSError: If the file cannot be written.
    """
    table = io.StringIO(newline='')
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    rows = (row for result in results for row in result.to_rows())
    writer.writerows({**row, 'video': as_text_cell(row['video'])} for row in rows)
    # The byte-order mark makes spreadsheets read the file as UTF-8.
    write_whole(path, table.getvalue().encode('utf-8-sig', errors='backslashreplace'))


WRITERS = {'.json': write_json, '.csv': write_csv}
"""Functions that write results, by the suffix of their files."""
