"""Micro-actions with a start and an end, and the files that list them."""

import json
from typing import NamedTuple

from mmaction_microaction.files import write_whole
from mmaction_microaction.taxonomy import ACTIONS, BODY_PARTS, NUM_ACTIONS


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


def read_intervals(path):
    """Read what ``tools/demo.py --json`` or ``tools/make_long_video.py`` wrote.

    Args:
        path (str | Path): The file: a list of objects with ``video`` and ``intervals``, and these a list of objects
            with ``start``, ``end``, ``label`` and optionally ``score``.

    Returns:
        dict[str, list[Interval]]: The intervals of each video.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, a video is listed twice or is a clip, which ``tools/demo.py`` writes without
            intervals, or an interval is impossible.
    """
    try:
        with open(path, encoding='utf-8') as file:
            videos = json.load(file)
        listed = [
            (str(video['video']), None if 'actions' in video else [_read_interval(i) for i in video['intervals']])
            for video in videos
        ]
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
        for interval in intervals:
            if not (0 <= interval.start < interval.end and 0 <= interval.label < NUM_ACTIONS):
                raise ValueError(f'{path}, {video}: {interval} is no interval of one of the {NUM_ACTIONS} actions')
        found[video] = intervals
    return found


def _read_interval(item):
    return Interval(float(item['start']), float(item['end']), int(item['label']), float(item.get('score', 1)))


def write_intervals(videos, path):
    """Write a file that :func:`read_intervals` reads.

    Args:
        videos (dict[str, list[Interval]]): The intervals of each video.
        path (str | Path): The file.
    """
    content = [{'video': video, 'intervals': [i.to_dict() for i in intervals]} for video, intervals in videos.items()]
    write_whole(path, (json.dumps(content, indent=1, ensure_ascii=False) + '\n').encode())
