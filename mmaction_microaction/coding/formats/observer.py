"""Event lists of Noldus The Observer XT, as tab-delimited text or Excel workbook.

They hold the events with recording, person, action, times and comment. They hold no codes, groups and scores of events;
no duration, media, frame rate, coder, settings and label set of a recording; and neither people nor recordings without
events.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole

from .pairing import Mark, join_comments, pair_marks
from .rows import Row, make_event, write_text_rows
from .workbook import Sheet, write_workbook

COLUMNS = (
    'Observation',
    'Time_Relative_sf',
    'Duration_sf',
    'Subject',
    'Behavior',
    'Modifier_1',
    'Event_Type',
    'Comment',
)
"""Columns that are written."""
REQUIRED_COLUMNS = frozenset(('time_relative_sf', 'behavior', 'event_type'))
"""Columns by which an export is recognised, in lower case."""

_KINDS = {
    'state start': 'START',
    'state stop': 'STOP',
    'point': 'POINT',
    'point event': 'POINT',
    'state point': 'POINT',
}


def write_observer(codings: Sequence[Coding], path: Path) -> None:
    """Write recordings as an event list of The Observer, completely or not at all.

    A state has two rows, "State start" and "State stop", and the first one contains its duration.

    Args:
        codings (Sequence[Coding]): The recordings.
        path (Path): Path of the file: a workbook if it ends in ``.xlsx``, otherwise tab-delimited text.

    Raises:
        ImportError: If the file is a workbook and openpyxl is not installed.
        OSError: If the file cannot be written.
    """
    rows = [list(COLUMNS)]
    for coding in codings:
        times = []
        for event in coding.events:
            start, end = round(float(event.start), 3), round(float(event.end), 3)
            names = [event.person, event.action, '']
            kind = 'Point' if start == end else 'State start'
            times.append([coding.recording, start, round(end - start, 3), *names, kind, event.comment])
            if start < end:
                times.append([coding.recording, end, 0.0, *names, 'State stop', ''])
        rows += sorted(times, key=lambda row: row[1])
    if path.name.lower().endswith('.xlsx'):
        write_workbook([Sheet('events', rows, (24, 16, 12, 14, 30, 12, 12, 40))], path)
    else:
        write_whole(path, write_text_rows(rows, '\t'))


def parse_observer(path: Path, rows: list[Row]) -> list[Coding]:
    """Read the rows of an event list of The Observer.

    If the rows of all starts have a duration, it says when the states stop. Otherwise, a state stops with the next
    "State stop" of the same behaviour, subject and modifiers. Modifiers are added to the comment.

    Args:
        path (Path): The file. It names the recording if the column Observation is missing.
        rows (list[Row]): The rows.

    Returns:
        list[Coding]: The recordings.

    Raises:
        ValueError: If a row is invalid, a state does not stop, or a stop has no start.
    """
    marks, stops = {}, {}
    for row in rows:
        recording = row.text('observation') or path.stem
        start = _make_mark(row)
        duration = row.number('duration_sf') if start.kind == 'START' else None
        stop = None if duration is None else start._replace(time=round(start.time + duration, 6), comment='')
        marks.setdefault(recording, []).append((row.where, start, stop))
        if start.kind == 'STOP':
            stops[recording, _identify(start)] = start
    return [_make_coding(path, recording, items, stops) for recording, items in (marks or {path.stem: []}).items()]


def _make_coding(path: Path, recording: str, items: list, stops: dict) -> Coding:
    where = f'{path}, observation {recording}'
    numbers = {
        kind: Counter((mark.person, mark.action) for _, mark, _ in items if mark.kind == kind)
        for kind in ('START', 'STOP')
    }
    # pair_marks names a stop that has no start.
    if numbers['STOP'] <= numbers['START'] and all(stop for _, start, stop in items if start.kind == 'START'):
        pairs = [
            (place, start, stops.get((recording, _identify(stop)), stop) if stop else start)
            for place, start, stop in items
            if start.kind != 'STOP'
        ]
    else:
        pairs = [(where, *pair) for pair in pair_marks([start for _, start, _ in items], where)]
    return Coding(recording, [_make_event(place, start, stop) for place, start, stop in pairs])


def _identify(mark: Mark) -> tuple:
    return round(mark.time, 3), mark.person, mark.action, mark.modifiers


def _make_mark(row: Row) -> Mark:
    kind = _KINDS.get(row.text('event_type').strip().lower())
    if kind is None:
        raise ValueError(
            f'{row.where}: "Event_Type" should be State start, State stop or Point, got {row.text("event_type")!r:.60}'
        )
    modifiers = [row.text(column) for column in row.cells if column.startswith('modifier_')]
    return Mark(
        row.seconds('time_relative_sf'),
        row.text('subject'),
        row.text('behavior'),
        kind,
        '|'.join(filter(None, modifiers)),
        row.text('comment'),
    )


def _make_event(where: str, start: Mark, stop: Mark) -> CodedEvent:
    return make_event(
        where,
        start=start.time,
        end=stop.time,
        action=start.action,
        person=start.person,
        comment=join_comments(start, stop),
    )
