"""Intervals: micro-actions with a start and an end, and their files."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmaction_microaction.label_sets import MA52, Action, LabelSet
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**26
"""Largest size of a file in bytes. One hour of video has about 3,000 intervals of 150 bytes each."""


@dataclass(frozen=True)
class Interval:
    """Micro-action in a video.

    Examples:
        >>> interval = Interval(1.0, 2.5, label=9, score=0.8)
        >>> interval.action.name
        'nodding'
        >>> interval.to_dict()['code'], interval.to_dict()['group']
        ('B1', 'head')
    """

    start: float
    """Start in seconds."""
    end: float
    """End in seconds."""
    label: int
    """Fine label."""
    score: float = 1.0
    """Mean probability of the label, 0 to 1."""
    label_set: LabelSet = field(default=MA52, repr=False)
    """Label set that the label belongs to."""

    @property
    def action(self) -> Action:
        """Action: Action of the label, with its name, code and group."""
        return self.label_set.actions[self.label]

    def to_dict(self) -> dict[str, Any]:
        """Return the interval with the names of its label, for JSON and tables.

        Returns:
            dict[str, Any]: ``start``, ``end``, ``label``, ``code``, ``action``, ``group``, ``score``.
        """
        action = self.action
        return {
            'start': round(self.start, 3),
            'end': round(self.end, 3),
            'label': self.label,
            'code': action.code,
            'action': action.name,
            'group': action.group,
            'score': round(self.score, 4),
        }


def parse_interval(content: dict, where: str, label_set: LabelSet = MA52) -> Interval:
    """Convert an object of a JSON file into an interval.

    Args:
        content (dict): Object with ``start``, ``end`` and ``label``, and optionally ``score``, and ``code``
            and ``action``, which must be those of the label.
        where (str): File and position of the object, for the error message.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        Interval: Interval.

    Raises:
        ValueError: If a key is missing, or a time, label, code, action or score is invalid.
    """
    if not (isinstance(content, dict) and {'start', 'end', 'label'} <= content.keys()):
        raise ValueError(f"{where} should be an object with 'start', 'end' and 'label', got {content!r}")
    start, end, label = (content[key] for key in ('start', 'end', 'label'))
    code, score = content.get('code'), content.get('score', 1.0)
    if not (_is_number(start) and _is_number(end) and 0 <= start < end):
        raise ValueError(f'{where} should start at 0 seconds or later and end after that, got {start!r} to {end!r}')
    count = len(label_set)
    if not (type(label) is int and 0 <= label < count):
        raise ValueError(f'{where}: label {label!r} is not one of the {count} fine labels 0 to {count - 1}')
    action = label_set.actions[label]
    if code not in (None, action.code):
        raise ValueError(
            f'{where}: label {label} is {action.code} ({action.name}), not {code}; correct one of the two. The labels '
            'need not be in the order of the codes.'
        )
    if content.get('action') not in (None, action.name):
        raise ValueError(
            f'{where}: label {label} of {label_set.title} is {action.name!r}, not {content["action"]!r:.60}; correct '
            'one of the two, or use the label set of the file'
        )
    if not (_is_number(score) and 0 <= score <= 1):
        raise ValueError(f'{where}: score {score!r} is not a probability from 0 to 1')
    return Interval(start, end, label, score, label_set)


def _is_number(value: Any) -> bool:
    # 1e9 seconds are 30 years. math.isfinite would raise an error for a very large integer.
    return type(value) in (int, float) and abs(value) < 1e9


def read_intervals(path: str | Path, label_set: LabelSet = MA52) -> dict[str, list[Interval]]:
    """Read the intervals that ``microaction demo --json`` or ``microaction synthesize-video`` wrote.

    Args:
        path (str | Path): Path of a JSON file. It contains a list of objects with ``video`` and ``intervals``, a list
            of objects in the format of :func:`parse_interval`.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        dict[str, list[Interval]]: Intervals of each video. The name of a video with several people is followed by the
        ``person`` of the entry: ``'talk.mp4 (left)'``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file has another format, an interval is invalid, a video is listed twice, or a video was
            treated as a single clip, for which ``microaction demo`` writes no intervals.
    """
    try:
        videos = parse_json(read_limited(path, MAX_SIZE, 'intervals'))
        if not isinstance(videos, list):
            raise TypeError(f'expected a list of videos, got a {type(videos).__name__}')
        listed = [(_name_of(video), None if 'actions' in video else list(video['intervals'])) for video in videos]
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
            parse_interval(interval, f'{path}, {video}: interval {index}', label_set)
            for index, interval in enumerate(intervals, start=1)
        ]
    return found


def _name_of(entry: dict[str, Any]) -> str:
    """Return the name of the video of an entry, followed by the person if the video shows several people."""
    return f'{entry["video"]} ({entry["person"]})' if entry.get('person') else str(entry['video'])


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
