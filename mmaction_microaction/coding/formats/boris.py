"""Writing of projects of BORIS, files in JSON that end in ``.boris``, in the format 7.0 of its versions 7 and later."""

import json
import logging
import os
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.video.reader import Video

from .boris_reading import is_absolute
from .ethogram import build_ethogram, find_states

FORMAT_VERSION = '7.0'
"""Version of the format that is written."""
VARIABLES = {
    'coder': 'Person or program that coded the observation',
    'people': 'People that the observation shows, in quotes and separated by commas',
    'duration of all media (s)': 'Duration of the observation in seconds',
}
"""Independent variables of the observations that are written, and their descriptions."""


def write_boris(codings: Sequence[Coding], path: Path) -> None:
    """Write recordings as a project of BORIS with an observation each, completely or not at all.

    A project has one list of behaviours: the actions of all label sets and events, with the group as category and the
    code in the description. It holds no scores and no settings. An action is a state event, unless all its events are
    points. The coder, the people and the duration are independent variables. Files below the folder of the project have
    relative paths. The durations of several files of one recording follow from ``settings['media_starts']``. Without
    it, they are read from the files, if they exist.

    BORIS cannot distinguish simultaneous events of one action and one person. Those that overlap are merged, with a
    warning that contains the recording and the times.

    Args:
        codings (Sequence[Coding]): The recordings.
        path (Path): Path of the project.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If two recordings have one name, or an action has two codes or two groups.
    """
    names = [coding.recording for coding in codings]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f'{path}: {first_few(repeated)} occurs more than once; write a project for each coder')
    merged = {coding.recording: _merge(coding) for coding in codings}
    now = datetime.now().isoformat(timespec='seconds')
    people = list(dict.fromkeys(person for coding in codings for person in coding.people if person))
    all_events = [event for events in merged.values() for event in events]
    states = find_states(all_events)
    content = {
        'time_format': 'hh:mm:ss',
        'project_date': now,
        'project_name': path.stem,
        'project_description': '',
        'project_format_version': FORMAT_VERSION,
        'subjects_conf': {
            str(index): {'key': str(index + 1) if index < 9 else '', 'name': person, 'description': ''}
            for index, person in enumerate(people)
        },
        **build_ethogram([coding.label_set for coding in codings], all_events, path),
        'observations': {
            coding.recording: _make_observation(coding, merged[coding.recording], states, path, now)
            for coding in codings
        },
        'independent_variables': {
            str(index): {
                'label': label,
                'description': description,
                'type': 'text',
                'default value': '',
                'possible values': '',
            }
            for index, (label, description) in enumerate(VARIABLES.items())
        },
        'coding_map': {},
        'behaviors_coding_map': [],
        'converters': {},
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, text.encode(errors='backslashreplace'))


def _merge(coding: Coding) -> list[CodedEvent]:
    """Return the events in milliseconds, after merging those of one person and action that overlap."""
    last, events, texts = {}, [], []
    for event in coding.events:
        start, end = round(event.start, 3), round(event.end, 3)
        index = last.get((event.person, event.action))
        if index is not None and start < events[index].end:
            previous = events[index]
            texts.append(f'"{event.action}" of {event.person or "nobody"} at {previous.start:g} s and {start:g} s')
            comments = dict.fromkeys(filter(None, (previous.comment, event.comment)))
            start, end = previous.start, max(end, previous.end)
            events[index] = _replace(previous, start, end, '; '.join(comments))
        else:
            last[event.person, event.action] = len(events)
            events.append(_replace(event, start, end, event.comment))
    if texts:
        print_log(
            f'{coding.recording}: events that overlap are one event in BORIS: {first_few(texts)}',
            logger='current',
            level=logging.WARNING,
        )
    return events


def _replace(event: CodedEvent, start: float, end: float, comment: str) -> CodedEvent:
    return CodedEvent(start, end, event.action, event.person, event.code, event.group, None, comment)


def _make_observation(
    coding: Coding, events: Iterable[CodedEvent], states: Collection[str], path: Path, now: str
) -> dict[str, Any]:
    marks = []
    for event in events:
        marks.append([event.start, event.person, event.action, '', event.comment])
        if event.action in states:
            marks.append([event.end, event.person, event.action, '', ''])
    media = [_make_relative(file, path) for file in coding.media]
    variables = {
        'coder': coding.coder,
        'people': json.dumps(coding.people, ensure_ascii=False)[1:-1],
        'duration of all media (s)': '' if coding.duration is None else f'{coding.duration:.3f}',
    }
    return {
        'file': {str(player): media if player == 1 else [] for player in range(1, 9)} if media else [],
        'type': 'MEDIA' if media else 'LIVE',
        'date': now,
        'description': '',
        'time offset': 0.0,
        # Stable: A state of no duration stops after its start.
        'events': sorted(marks, key=lambda mark: mark[0]),
        'observation time interval': [0, 0],
        'independent_variables': variables,
        'visualize_spectrogram': False,
        'visualize_waveform': False,
        'close_behaviors_between_videos': False,
        'media_info': {
            'length': dict(zip(media, _find_lengths(coding))),
            'fps': dict.fromkeys(media, coding.fps) if coding.fps else {},
            'hasVideo': dict.fromkeys(media, True),
            'hasAudio': dict.fromkeys(media, True),
            'offset': {'1': 0.0} if media else {},
        },
    }


def _find_lengths(coding: Coding) -> list[float]:
    """Return the durations of the media, or no durations if one is not known."""
    starts = coding.settings.get('media_starts') or [0.0]
    if coding.duration and len(starts) == len(coding.media):
        return [round(end - start, 3) for start, end in zip(starts, [*starts[1:], coding.duration])]
    try:
        return [round(Video(file).duration, 3) for file in coding.media]
    except (FileNotFoundError, ValueError):  # BORIS finds the durations when it opens the observation.
        return []


def _make_relative(file: str, path: Path) -> str:
    if not is_absolute(file):
        file = os.path.abspath(file)
    folder = os.path.abspath(path.parent)
    return Path(file).relative_to(folder).as_posix() if Path(file).is_relative_to(folder) else file
