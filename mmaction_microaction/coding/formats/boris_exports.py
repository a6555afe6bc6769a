"""Tables that BORIS exports: aggregated events, a row each, and tabular events, with a row for each start and stop."""

import re
from pathlib import Path

from mmaction_microaction.structures.coding import Coding

from .pairing import Mark, join_comments, pair_marks
from .rows import Row, make_event, read_positive

AGGREGATED_COLUMNS = frozenset(('observation id', 'behavior', 'start (s)', 'stop (s)'))
"""Columns by which aggregated events are recognised, in lower case."""
NO_SUBJECT = 'No focal subject'
"""Subject of the events of nobody."""
MAX_TIME = 10**8
"""Largest time of an event in seconds. The creation times of media are larger, if they are after March 1973."""


def parse_aggregated(path: Path, rows: list[Row]) -> list[Coding]:
    """Read the aggregated events of BORIS.

    Args:
        path (Path): The file.
        rows (list[Row]): The rows.

    Returns:
        list[Coding]: The recordings, with the duration, the frame rate and the media of the first player. Modifiers are
        added to the comments. The time offset of an observation is subtracted from its times.

    Raises:
        ValueError: If a row is invalid.
    """
    events, rows_of = {}, {}
    for row in rows:
        recording = row.text('observation id') or path.stem
        rows_of.setdefault(recording, []).append(row)
        start = _read_time(row, 'start (s)')
        # The stop of a point event is its start, NA or empty, depending on the version.
        is_point = row.text('behavior type').strip().upper() == 'POINT'
        stop = start if is_point else _read_time(row, 'stop (s)')
        begin = _make_mark(row, start, '', row.text('comment start') or row.text('comment'))
        end = begin._replace(comment=row.text('comment stop'))
        events.setdefault(recording, []).append(
            make_event(
                row.where,
                start=start,
                end=stop,
                action=begin.action,
                person=begin.person,
                group=_get_group(row),
                comment=join_comments(begin, end),
            )
        )
    return [_make_coding(recording, items, rows_of.get(recording)) for recording, items in _or_empty(events, path)]


def is_tabular(columns: set[str]) -> bool:
    """Return whether a table contains tabular events.

    Args:
        columns (set[str]): Names of the columns in lower case.

    Returns:
        bool: Whether there are times, subjects, behaviours, and starts and stops. Their column is called Status in
        older versions of BORIS.
    """
    return columns.issuperset(('time', 'subject', 'behavior')) and not columns.isdisjoint(('behavior type', 'status'))


def parse_tabular(path: Path, rows: list[Row]) -> list[Coding]:
    """Read the tabular events of BORIS.

    Args:
        path (Path): The file. It names the recording if the table does not.
        rows (list[Row]): The rows.

    Returns:
        list[Coding]: The recordings, as of :func:`parse_aggregated`.

    Raises:
        ValueError: If a row is invalid, or a state does not stop. The message contains the observation and the time.
    """
    marks, rows_of, groups = {}, {}, {}
    for row in rows:
        recording = row.text('observation id') or path.stem
        rows_of.setdefault(recording, []).append(row)
        kind = (row.text('behavior type') or row.text('status')).strip().upper()
        if kind not in ('START', 'STOP', 'POINT'):
            raise ValueError(f'{row.where}: "Behavior type" should be START, STOP or POINT, got {kind!r:.60}')
        mark = _make_mark(row, _read_time(row, 'time'), kind, row.text('comment'))
        marks.setdefault(recording, []).append(mark)
        groups[mark.action] = _get_group(row)
    codings = []
    for recording, items in _or_empty(marks, path):
        where = f'{path}, observation {recording}'
        events = [
            make_event(
                where,
                start=start.time,
                end=stop.time,
                action=start.action,
                person=start.person,
                group=groups[start.action],
                comment=join_comments(start, stop),
            )
            for start, stop in pair_marks(items, where)
        ]
        codings.append(_make_coding(recording, events, rows_of.get(recording)))
    return codings


def _read_time(row: Row, column: str) -> float:
    """Return a time in the media, without the time offset, which BORIS adds to the times of events."""
    time = row.seconds(column) - (row.number('time offset (s)') or 0.0)
    if time > MAX_TIME:
        raise ValueError(
            f'{row.where}: "{column}" counts from the year 1970: BORIS added the creation time of the media, which the '
            'table lacks; read the project, the .boris file'
        )
    return round(time, 6)


def _make_mark(row: Row, time: float, kind: str, comment: str) -> Mark:
    person = row.text('subject')
    names = [row.text(column) for column in row.cells if re.fullmatch(r'modifiers?( ?#?\d+)?', column)]
    modifiers = '|'.join(filter(None, names))
    return Mark(time, '' if person == NO_SUBJECT else person, row.text('behavior'), kind, modifiers, comment)


def _get_group(row: Row) -> str:
    group = row.text('behavioral category')
    return '' if group == 'Not defined' else group


def _or_empty(items: dict[str, list], path: Path) -> list[tuple[str, list]]:
    return list(items.items()) or [(path.stem, [])]


def _make_coding(recording: str, events: list, rows: list[Row] | None) -> Coding:
    if not rows:
        return Coding(recording, events)
    row = rows[0]
    columns = ('source', 'media file', 'media file(s)', 'media file path')
    source = next((column for column in columns if row.text(column)), '')
    # Older versions name only the file in which the event is.
    media = dict.fromkeys(file for row in rows for file in _first_player(row.text(source)) if file != 'NA')
    lengths = [
        read_positive(text) for text in _first_player(row.text('media duration (s)') or row.text('total length'))
    ]
    rates = [read_positive(text) for text in _first_player(row.text('fps (frame/s)') or row.text('fps'))]
    return Coding(
        recording,
        events,
        duration=sum(lengths) if lengths and None not in lengths else None,
        media=tuple(media),
        fps=rates[0] if rates else None,
    )


def _first_player(text: str) -> list[str]:
    """Return the values of the first player, such as ``['a.mp4']`` for ``player #1:a.mp4|player #2:b.mp4``."""
    first = re.sub(r'^player #\d+:', '', text.split('|')[0])
    return [part.strip() for part in first.split(';') if part.strip()]
