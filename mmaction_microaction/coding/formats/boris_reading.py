"""Reading of projects of BORIS, of format 4 to 7."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from mmengine.logging import print_log

from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import Coding
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import parse_json, read_limited

from .ethogram import read_ethogram
from .pairing import Mark, join_comments, pair_marks
from .rows import make_event, read_positive

MAX_SIZE = 2**27
"""Largest size of a project in bytes."""


def is_absolute(file: str) -> bool:
    """Return whether a path is absolute on Linux, macOS or Windows, wherever this runs."""
    return PurePosixPath(file).is_absolute() or PureWindowsPath(file).is_absolute()


def read_boris(path: Path) -> list[Coding]:
    """Read a project of BORIS.

    The people of an observation are those of its events, and those that :func:`.write_boris` recorded. Modifiers are
    added to the comments. BORIS adds the time offset of an observation to the times of its events, and the creation
    time of the media if that is chosen. Both are subtracted: times count from the first frame of the media of the first
    player. Of the media, those of the first player are kept; descriptions and other independent variables are not read.

    Args:
        path (Path): The project, of format 4 or later.

    Returns:
        list[Coding]: The observations, with the behaviours as label set if it is a valid one.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is no project, or an event is invalid: a state without stop, a behaviour that is not
            defined, or an image without time. The message contains the observation and the time. Also if the creation
            time of the media was added to the times and is not known.
    """
    try:
        content = parse_json(read_limited(path, MAX_SIZE, 'a project of BORIS'))
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except ValueError as error:
        raise ValueError(f'{path} is not a project of BORIS ({error})') from None
    if not isinstance(content, Mapping) or not {'observations', 'behaviors_conf'}.issubset(content):
        raise ValueError(f'{path} is not a project of BORIS: "observations" or "behaviors_conf" is missing')
    try:
        ethogram, label_set = read_ethogram(content, path)
        codings, problems = [], []
        for name, item in dict(content['observations']).items():
            try:
                codings.append(_read_observation(path, name, item, ethogram, label_set))
            except ValueError as error:
                problems.append(error)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f'{path} is a damaged project of BORIS ({type(error).__name__}: {error})') from None
    if problems:
        raise ValueError(first_few(problems, separator='\n'))
    return codings


def _read_observation(path: Path, name: str, item: Mapping, ethogram: Mapping, label_set: LabelSet | None) -> Coding:
    where = f'{path}, observation {name}'
    info = item.get('media_info') or {}
    players = item.get('file') or {}
    if not isinstance(players, Mapping):  # before version 1: a list of the files of both players
        players = {str(index): [file] for index, file in enumerate(players, start=1)}
    players = {player: files for player, files in sorted(players.items()) if files}
    player = next(iter(players), '1')
    others = [file for other, files in players.items() if other != player for file in files]
    if others:
        print_log(
            f'{where}: the media of the first player are kept, and those of other players are not: {first_few(others)}',
            logger='current',
            level=logging.WARNING,
        )
    files = players.get(player, [])
    _check_interval(where, item)
    offset = _find_offset(where, item, files)
    marks = [_make_mark(where, event, offset, ethogram) for event in item.get('events', ())]
    events = []
    for start, stop in pair_marks(marks, where):
        behavior = ethogram[start.action]
        events.append(
            make_event(
                where,
                start=start.time,
                end=stop.time,
                action=start.action,
                person=start.person,
                code=behavior.code,
                group=behavior.group,
                comment=join_comments(start, stop),
            )
        )
    variables = item.get('independent_variables') or {}
    lengths = [(info.get('length') or {}).get(file) for file in files]
    rates = [(info.get('fps') or {}).get(file) for file in files]
    duration = read_positive(variables.get('duration of all media (s)'))
    if duration is None and lengths and all(lengths):
        duration = sum(map(float, lengths))
    return Coding(
        name,
        events,
        duration=duration,
        media=tuple(file if is_absolute(file) else str(Path(os.path.abspath(path)).parent / file) for file in files),
        fps=float(rates[0]) if rates and rates[0] else None,
        people=_read_people(variables.get('people', '')),
        coder=str(variables.get('coder', '')),
        label_set=label_set,
    )


def _check_interval(where: str, item: Mapping) -> None:
    """Warn of an observation that is limited to a part of its media, which :class:`.Coding` cannot express."""
    interval = item.get('observation time interval') or [0, 0]
    if any(map(float, interval)):
        print_log(
            f'{where}: it is limited to the time from {interval[0]} to {interval[1]} s, which is not kept; rates and '
            'units count the whole recording',
            logger='current',
            level=logging.WARNING,
        )


def _find_offset(where: str, item: Mapping, files: Sequence[str]) -> float:
    """Return what BORIS added to the positions in the media (``write_event`` in its ``write_event.py``).

    The offsets of the players only synchronise the other players with the first one.
    """
    if item.get('type') == 'IMAGES':
        return 0.0
    offset = float(item.get('time offset') or 0)
    if item.get('start_from_current_time') or item.get('start_from_current_epoch_time'):
        raise ValueError(
            f'{where}: its times are those of the clock; in BORIS, subtract the time of the start with "Shift time of '
            'selected event(s)", and switch the start from the current time off'
        )
    if item.get('type') == 'LIVE' or not item.get('media_creation_date_as_offset'):
        return offset
    if len(files) > 1:
        raise ValueError(
            f'{where}: the times contain the creation time of each of {len(files)} media files; in BORIS, subtract it '
            'with "Shift time of selected event(s)", and switch the creation date as offset off'
        )
    # The keys are full paths on the computer of the coder, and the files may be relative to the project.
    times = (item.get('media_info') or {}).get('media_creation_time') or {}
    name = PureWindowsPath(*files).name  # it knows both kinds of slashes
    created = {PureWindowsPath(path).name: time for path, time in times.items()}.get(name)
    if not isinstance(created, (int, float)):
        raise ValueError(
            f'{where}: the times contain the creation time of the media, which the project lacks; in BORIS, start the '
            'observation where the media file is, and save the project'
        )
    return offset + created


def _make_mark(where: str, event: Sequence, offset: float, ethogram: Mapping) -> Mark:
    if not isinstance(event, list) or len(event) < 3:
        raise ValueError(f'{where}: an event is damaged, {event!r:.60}')
    time, person, action, modifiers, comment = [*event[:5], '', ''][:5]
    try:
        time = round(float(time) - offset, 6)
    except (TypeError, ValueError):
        time = float('nan')
    if not time >= 0:
        start = f'the time offset of {offset:g} s' if offset else 'the start of the media'
        raise ValueError(
            f'{where}: "{action}" of {person or "no person"} has the time {event[0]}, but times count from {start}; '
            'observations of pictures without times cannot be read'
        )
    if action not in ethogram:
        raise ValueError(
            f'{where}: "{action}" at {time:g} s is not a behaviour of the project; in BORIS, add it to the ethogram'
        )
    kind = 'STATE' if ethogram[action].is_state else 'POINT'
    return Mark(time, person or '', action, kind, modifiers or '', comment or '')


def _read_people(text: Any) -> tuple[str, ...]:
    try:
        return tuple(map(str, parse_json(f'[{text}]')))
    except ValueError:  # an independent variable of the same name
        return ()
