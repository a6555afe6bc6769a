"""Tab-delimited texts that ELAN exports, with the column headers of its English user interface."""

from collections.abc import Callable
from pathlib import Path

from mmaction_microaction.structures.coding import Coding

from .rows import Row, make_event, name_recordings

_UNITS = {
    ' - ss.msec': lambda row, column: row.seconds(column),
    ' - msec': lambda row, column: row.seconds(column) / 1000,
    ' - hh:mm:ss.ms': lambda row, column: row.seconds(column),
    '': lambda row, column: row.seconds(column),
}
_VALUES = ('annotation', 'annotation value', 'annotations', 'value', 'text')
_OTHERS = ('tier', 'participant', 'annotator', 'linguistic type', 'tier type', 'type', 'file', 'file name', 'file path')


def is_elan_table(columns: set[str]) -> bool:
    """Return whether a table is an export of ELAN.

    Args:
        columns (set[str]): Names of the columns in lower case.

    Returns:
        bool: Whether there are columns for begin and end, and either one for the tier and its value, or the times are
        named as ELAN names them, so that the other columns are tiers.
    """
    begin, end = _find_time(columns, 'begin'), _find_time(columns, 'end')
    if begin is None or end is None:
        return False
    return ('tier' in columns and bool(columns.intersection(_VALUES))) or ' - ' in begin[0]


def parse_elan(path: Path, rows: list[Row]) -> list[Coding]:
    """Read the rows of an export of ELAN.

    The person of an event is the participant of its tier, or else the tier, and its action is the value of the
    annotation. If the export has a column for each tier, the tiers are the people.

    Args:
        path (Path): The file. It names the recording, unless the table names files.
        rows (list[Row]): The rows.

    Returns:
        list[Coding]: The recordings. Their actions have neither codes nor groups.

    Raises:
        ValueError: If a row is invalid.
    """
    files = [row.text('file path') or row.text('file') or row.text('file name') or path.name for row in rows]
    events = {}
    for row, recording in zip(rows, name_recordings(files)):
        columns = set(row.cells)
        (begin, read_begin), (end, read_end) = _find_time(columns, 'begin'), _find_time(columns, 'end')
        for person, action in _find_values(row):
            event = make_event(
                row.where, start=read_begin(row, begin), end=read_end(row, end), action=action, person=person
            )
            events.setdefault(recording, []).append(event)
    return [Coding(recording, items) for recording, items in (events or {path.stem: []}).items()]


def _find_values(row: Row) -> list[tuple[str, str]]:
    """Return the people and the actions of a row."""
    value = next((name for name in _VALUES if name in row.cells), None)
    if 'tier' in row.cells and value:
        person, action = row.text('participant') or row.text('tier'), row.text(value)
        if not action:
            raise ValueError(
                f'{row.where}: the annotation is empty; choose its action in ELAN, delete it, or export other tiers'
            )
        return [(person, action)]
    times = ('begin time', 'end time', 'duration')
    tiers = [name for name in row.cells if name and name not in _OTHERS and not name.startswith(times)]
    pairs = [(row.text('participant') or row.titles.get(tier, tier), row.text(tier)) for tier in tiers]
    return [(person, action) for person, action in pairs if action]


def _find_time(columns: set[str], kind: str) -> tuple[str, Callable[[Row, str], float]] | None:
    for suffix, read in _UNITS.items():
        for name in (f'{kind} time{suffix}', f'{kind}{suffix}'):
            if name in columns:
                return name, read
    return None
