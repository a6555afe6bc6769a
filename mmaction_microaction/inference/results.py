"""What the inferencer finds, and how it is written to files."""

import csv
import io
import json
from dataclasses import dataclass, field

import numpy as np

from mmaction_microaction.evaluation.functional import rank_classes
from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_BODY_PARTS
from mmaction_microaction.structures.intervals import Interval
from mmaction_microaction.utils.files import as_text_cell, write_whole

COLUMNS = ('video', 'start', 'end', 'rank', 'code', 'action', 'body_part', 'score')


@dataclass
class ClipResult:
    """What is in a short clip."""

    video: str
    duration: float
    """Seconds."""
    scores: np.ndarray
    """Probabilities of the 52 actions, shape (52,)."""

    def top(self, count=5):
        """List the best actions.

        Args:
            count (int): How many. Defaults to 5.

        Returns:
            list[Interval]: Each over the whole clip, best first.
        """
        return [
            Interval(0.0, self.duration, int(i), float(self.scores[i]))
            for i in rank_classes(self.scores[None])[0, :count]
        ]

    @property
    def body_part(self):
        """str: That of the best action, as the challenges count it."""
        return BODY_PARTS[ACTIONS[self.scores.argmax()].body_part]

    @property
    def body_part_scores(self):
        """np.ndarray: Sums of the probabilities of each part's actions, shape (7,); the largest need not be that of
        :attr:`body_part`."""
        return np.bincount(FINE_TO_COARSE, self.scores, NUM_BODY_PARTS)

    def to_dict(self):
        """Say it in words, for JSON.

        Returns:
            dict: ``video``, ``duration``, ``actions`` (the best five), ``body_part``, ``body_parts``.
        """
        return {
            'video': self.video,
            'duration': round(self.duration, 3),
            'actions': [interval.to_dict() for interval in self.top()],
            'body_part': self.body_part,
            'body_parts': {name: round(float(p), 4) for name, p in zip(BODY_PARTS, self.body_part_scores)},
        }

    def to_rows(self):
        """Make table rows.

        Returns:
            list[dict]: The best five actions, with the keys ``COLUMNS``.
        """
        return [_row(self.video, rank, interval) for rank, interval in enumerate(self.top(), start=1)]


@dataclass
class TimelineResult:
    """What is in a long video, and when."""

    video: str
    duration: float
    """Seconds."""
    intervals: list
    """list[Interval]: The micro-actions, in order."""
    starts: np.ndarray = field(repr=False)
    """Of the windows, seconds, shape (W,)."""
    ends: np.ndarray = field(repr=False)
    """Likewise."""
    scores: np.ndarray = field(repr=False)
    """Probabilities of each window, shape (W, 52)."""

    def to_dict(self):
        """Say it in words, for JSON.

        Returns:
            dict: ``video``, ``duration``, ``intervals``.
        """
        return {
            'video': self.video,
            'duration': round(self.duration, 3),
            'intervals': [interval.to_dict() for interval in self.intervals],
        }

    def to_rows(self):
        """Make table rows.

        Returns:
            list[dict]: The intervals, with the keys ``COLUMNS``.
        """
        return [_row(self.video, 1, interval) for interval in self.intervals]


def _row(video, rank, interval):
    values = {'video': video, 'rank': rank, **interval.to_dict()}
    return {column: values[column] for column in COLUMNS}


def write_json(results, path):
    """Write results as JSON, complete or not at all.

    Args:
        results (list[ClipResult | TimelineResult]): One per video.
        path (str | Path): The file.
    """
    text = json.dumps([result.to_dict() for result in results], indent=1, ensure_ascii=False)
    # Names of files need not be UTF-8.
    write_whole(path, (text + '\n').encode(errors='backslashreplace'))


def write_csv(results, path):
    """Write results as a table, complete or not at all.

    Names of videos that a spreadsheet would take for formulas are put behind an apostrophe.

    Args:
        results (list[ClipResult | TimelineResult]): One per video.
        path (str | Path): The file.
    """
    table = io.StringIO(newline='')
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    rows = (row for result in results for row in result.to_rows())
    writer.writerows({**row, 'video': as_text_cell(row['video'])} for row in rows)
    # With the mark that makes spreadsheets read it as UTF-8.
    write_whole(path, table.getvalue().encode('utf-8-sig', errors='backslashreplace'))
