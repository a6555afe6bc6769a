"""Micro-actions with a start and an end, and the files that list them."""

import json
from typing import NamedTuple

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, NUM_ACTIONS
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

MAX_SIZE = 2**26
"""Bytes of a file of intervals; an hour of video has some 3,000 intervals of 150 bytes."""


class Interval(NamedTuple):
    """A micro-action in a video."""

    start: float
    """Seconds."""
    end: float
    label: int
    """Fine label, 0 to 51."""
    score: float = 1.0
    """Mean probability, 0 to 1."""

    @property
    def action(self):
        """Action: Name, code and body part of the label."""
        return ACTIONS[self.label]

    def to_dict(self):
        """Say it in words, for JSON and tables.

        Returns:
            dict: ``start``, ``end``, ``label``, ``code``, ``action``, ``body_part``, ``score``.
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


def parse_interval(content, where):
    """Turn an object of a JSON file into an interval.

    Args:
        content (dict): ``start``, ``end`` and ``label``, and optionally ``code``, which must be the label's, and
            ``score``.
        where (str): File and place, for errors.

    Returns:
        Interval: The interval.

    Raises:
        ValueError: If something is missing, or is no time, label, code or probability that can be.
    """
    if not (isinstance(content, dict) and {'start', 'end', 'label'} <= content.keys()):
        raise ValueError(f"{where} should be an object with 'start', 'end' and 'label', got {content!r}.")
    start, end, label = (content[key] for key in ('start', 'end', 'label'))
    code, score = content.get('code'), content.get('score', 1.0)
    if not (_is_number(start) and _is_number(end) and 0 <= start < end):
        raise ValueError(f'{where} should start at 0 seconds or later and end after that, got {start!r} to {end!r}.')
    if not (type(label) is int and 0 <= label < NUM_ACTIONS):
        raise ValueError(
            f'{where}: label {label!r} is not one of the {NUM_ACTIONS} fine labels 0 to {NUM_ACTIONS - 1}.'
        )
    if code not in (None, ACTIONS[label].code):
        raise ValueError(
            f'{where}: label {label} is {ACTIONS[label].code} ({ACTIONS[label].name}), not {code}; correct one of the '
            'two. Labels do not follow the order of the codes.'
        )
    if not (_is_number(score) and 0 <= score <= 1):
        raise ValueError(f'{where}: score {score!r} is no probability from 0 to 1.')
    return Interval(start, end, label, score)


def _is_number(value):
    # Seconds of thirty years; math.isfinite fails where an integer is too large for it.
    return type(value) in (int, float) and abs(value) < 1e9


def read_intervals(path):
    """Read what ``tools/demo.py --json`` or ``tools/make_long_video.py`` wrote.

    Args:
        path (str | Path): The file: a list of objects with ``video`` and ``intervals``, and these a list of objects
            as :func:`parse_interval` takes them.

    Returns:
        dict[str, list[Interval]]: The intervals of each video.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, a video is listed twice or is a clip, which ``tools/demo.py`` writes without
            intervals, or an interval is impossible.
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
                f'{path}, {video}: taken for one clip, of which no intervals are known; give it a timeline with '
                'tools/demo.py --longest-clip 0'
            )
        if video in found:
            raise ValueError(f'{path}, {video}: listed twice; keep one of the two')
        found[video] = [
            parse_interval(interval, f'{path}, {video}: interval {number}')
            for number, interval in enumerate(intervals, start=1)
        ]
    return found


def write_intervals(videos, path):
    """Write a file that :func:`read_intervals` reads.

    Args:
        videos (dict[str, list[Interval]]): The intervals of each video.
        path (str | Path): The file.
    """
    content = [{'video': video, 'intervals': [i.to_dict() for i in intervals]} for video, intervals in videos.items()]
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + '\n').encode())
