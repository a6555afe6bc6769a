"""Intervals: micro-actions with a start and an end, and their files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, NUM_ACTIONS, Action
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**26
"""Largest size of a file in bytes. One hour of video has about 3,000 intervals of 150 bytes each."""


class Interval(NamedTuple):
    """Micro-action in a video.

    Examples:
        >>> interval = Interval(1.0, 2.5, label=9, score=0.8)
        >>> interval.action.name
        'nodding'
        >>> interval.to_dict()['code'], interval.to_dict()['body_part']
        ('B1', 'head')
    """

    start: float
    """Start in seconds."""
    end: float
    """End in seconds."""
    label: int
    """Fine label, 0 to 51."""
    score: float = 1.0
    """Mean probability of the label, 0 to 1."""

    @property
    def action(self) -> Action:
        """Action: Action of the label, with its name, code and body part."""
        return ACTIONS[self.label]

    def to_dict(self) -> dict[str, Any]:
        """Return the interval with the names of its label, for JSON and tables.

        Returns:
            dict[str, Any]: ``start``, ``end``, ``label``, ``code``, ``action``, ``body_part``, ``score``.
        """
        action = self.action
        return {
            'start': round(self.start, 3),
            'end': round(self.end, 3),
            'label': self.label,
            'code': action.code,
            'action': action.name,
            'body_part': BODY_PARTS[action.body_part],
            'score': round(self.score, 4),
        }


def parse_interval(content: dict, where: str) -> Interval:
    """Convert an object of a JSON file into an interval.

    Args:
        content (dict): Object with ``start``, ``end`` and ``label``, and optionally ``score`` and ``code``, which must
            be the code of the label.
        where (str): File and position of the object, for the error message.

    Returns:
        Interval: Interval.

    Raises:
        ValueError: If a key is missing, or a time, label, code or score is invalid.
    """
    if not (isinstance(content, dict) and {'start', 'end', 'label'} <= content.keys()):
        raise ValueError(f"{where} should be an object with 'start', 'end' and 'label', got {content!r}")
    start, end, label = (content[key] for key in ('start', 'end', 'label'))
    code, score = content.get('code'), content.get('score', 1.0)
    if not (_is_number(start) and _is_number(end) and 0 <= start < end):
        raise ValueError(f'{where} should start at 0 seconds or later and end after that, got {start!r} to {end!r}')
    if not (type(label) is int and 0 <= label < NUM_ACTIONS):
        raise ValueError(f'{where}: label {label!r} is not one of the {NUM_ACTIONS} fine labels 0 to {NUM_ACTIONS - 1}')
    if code not in (None, ACTIONS[label].code):
        raise ValueError(
            f'{where}: label {label} is {ACTIONS[label].code} ({ACTIONS[label].name}), not {code}; correct one of the '
            'two. The order of the labels is not the order of the codes.'
        )
    if not (_is_number(score) and 0 <= score <= 1):
        raise ValueError(f'{where}: score {score!r} is not a probability from 0 to 1')
    return Interval(start, end, label, score)


def _is_number(value: Any) -> bool:
    # 1e9 seconds are 30 years. math.isfinite would raise an error for a very large integer.
    return type(value) in (int, float) and abs(value) < 1e9


def read_intervals(path: str | Path) -> dict[str, list[Interval]]:
    """Read the intervals that ``microaction demo --json`` or ``microaction synthesize-video`` wrote.

    Args:
        path (str | Path): Path of a JSON file. It contains a list of objects with ``video`` and ``intervals``, a list
            of objects in the format of :func:`parse_interval`.

    Returns:
        dict[str, list[Interval]]: Intervals of each video.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file has another format, an interval is invalid, a video is listed twice, or a video was
            treated as a single clip, for which ``microaction demo`` writes no intervals.
    """
    try:
        videos = parse_json(read_limited(path, MAX_SIZE, 'intervals'))
        if not isinstance(videos, list):
            raise TypeError(f'expected a list of videos, got a {type(videos).__name__}')
        listed = [(str(video['video']), None if 'actions' in video else list(video['intervals'])) for video in videos]
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path} does not list intervals of videos ({type(error).__name__}: {error})') from None
    found = {}
    for video, intervals in listed:
        if intervals is None:
            raise ValueError(
                f'{path}, {video}: the video was treated as one clip, so it has no intervals; use "microaction demo" '
                '--longest-clip 0'
            )
        if video in found:
            raise ValueError(f'{path}, {video}: the video is listed twice; remove one of the two entries')
        found[video] = [
            parse_interval(interval, f'{path}, {video}: interval {index}')
            for index, interval in enumerate(intervals, start=1)
        ]
    return found


def write_intervals(videos: dict[str, list[Interval]], path: str | Path) -> None:
    """Write intervals as JSON, in the format of :func:`read_intervals`.

    Args:
        videos (dict[str, list[Interval]]): Intervals of each video.
        path (str | Path): Path of the file.
    """
    entries = [{'video': video, 'intervals': [i.to_dict() for i in intervals]} for video, intervals in videos.items()]
    write_entries(entries, path)


def write_entries(entries: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Write entries of videos as JSON, completely or not at all.

    Args:
        entries (Sequence[dict[str, Any]]): One entry for each video, with ``video`` and, unless the video was treated
            as a single clip, ``intervals``, see :func:`read_intervals`.
        path (str | Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
    """
    text = json.dumps(entries, indent=1, ensure_ascii=False)
    # File names need not be UTF-8.
    write_whole(path, (text + '\n').encode(errors='backslashreplace'))
