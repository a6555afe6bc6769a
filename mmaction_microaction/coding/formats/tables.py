"""Coded recordings as tables: CSV for R, SPSS and Excel, Excel workbooks, and the tables of other programs.

The tables have a row for each event. They hold no settings and no label set, and neither the duration, the media nor
the frame rate of a recording. People without events are lost, and so are recordings without events, except the only one
of a file.
"""

import itertools
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.logging import print_log

from mmaction_microaction.label_sets import REST, normalize_name
from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.utils.files import write_whole
from mmaction_microaction.utils.messages import first_few, format_count

from .boris_exports import AGGREGATED_COLUMNS, is_tabular, parse_aggregated, parse_tabular
from .elan_tables import is_elan_table, parse_elan
from .observer import REQUIRED_COLUMNS as OBSERVER_COLUMNS
from .observer import parse_observer
from .rows import Row, find_delimiters, make_event, name_recordings, read_text_rows, write_text_rows
from .workbook import Sheet, read_workbook, write_workbook

COLUMNS = (
    'recording',
    'person',
    'action',
    'code',
    'group',
    'start',
    'end',
    'duration',
    'score',
    'coder',
    'comment',
)
"""Columns of the table of events."""
DEMO_COLUMNS = ('video', 'start', 'end', 'rank', 'code', 'action', 'group', 'score')
"""Columns of the tables of ``microaction demo``."""
PROJECT = 'all_recordings'
"""Name, without ending, of the files of ``microaction code`` that contain all recordings."""
MAX_PREAMBLE = 40
"""Largest number of lines before the header. Older versions of BORIS describe the observation there."""

_WIDTHS = (24, 14, 30, 8, 14, 10, 10, 10, 8, 18, 40)


def write_csv_table(codings: Sequence[Coding], path: Path) -> None:
    """Write the events of recordings as a table that R, SPSS and Excel open, completely or not at all.

    The columns are :data:`COLUMNS`. Times are in seconds with three decimals, scores have four. The file is in UTF-8
    with a byte-order mark, and separated by commas. A text that a spreadsheet would evaluate begins with an apostrophe,
    which :func:`read_table` removes.

    Args:
        codings (Sequence[Coding]): The recordings.
        path (Path): Path of the file.

    Raises:
        OSError: If the file cannot be written.
    """
    write_whole(path, write_text_rows([COLUMNS, *_make_rows(codings)], ','))


def write_xlsx(codings: Sequence[Coding], path: Path) -> None:
    """Write the events of recordings as an Excel workbook with the sheet ``events``, completely or not at all.

    The columns are :data:`COLUMNS`.

    Args:
        codings (Sequence[Coding]): The recordings.
        path (Path): Path of the file.

    Raises:
        ImportError: If openpyxl is not installed.
        OSError: If the file cannot be written.
        ValueError: If there are more events than a sheet has rows.
    """
    write_workbook([Sheet('events', [COLUMNS, *_make_rows(codings)], _WIDTHS)], path)


def _make_rows(codings: Iterable[Coding]) -> Iterable[list[Any]]:
    for coding in codings:
        for event in coding.events:
            start, end = round(float(event.start), 3), round(float(event.end), 3)
            yield [
                coding.recording,
                event.person,
                event.action,
                event.code,
                event.group,
                start,
                end,
                round(end - start, 3),
                None if event.score is None else round(event.score, 4),
                coding.coder,
                event.comment,
            ]


def read_table(path: Path) -> list[Coding]:
    """Read a table of events. Its header says which program wrote it.

    It is the table of this module, also with fewer columns, made by hand or saved by a spreadsheet; that of
    ``microaction demo``; the tab-delimited text of ELAN with a header; the aggregated or the tabular events of BORIS;
    or the event list of The Observer. A text file may be separated by tabs, semicolons or commas. It may have decimal
    commas unless it is separated by commas. Of a workbook, all sheets with such a header are read.

    Args:
        path (Path): A text file, or a workbook if its name ends in ``.xlsx``.

    Returns:
        list[Coding]: The recordings, each with the events of one coder.

    Raises:
        FileNotFoundError: If the file does not exist.
        ImportError: If the file is a workbook and openpyxl is not installed.
        ValueError: If the header is not understood, or a row is invalid.
    """
    if path.name.lower().endswith('.xlsx'):
        return _read_sheets(path)
    delimiters = find_delimiters(path)
    for delimiter in delimiters:
        rows = read_text_rows(path, delimiter)
        header = _find_header(rows)
        if header:
            return header.parse(path, f'{path}, line', rows, decimal_comma=delimiter != ',', is_escaped=True)
    raise _not_understood(path, next((row for _, row in read_text_rows(path, delimiters[0]) if any(row)), []))


def is_table(path: Path) -> bool:
    """Return whether a text file has a header that :func:`read_table` understands.

    Args:
        path (Path): The file.

    Returns:
        bool: Whether the header is understood. False if the file is not text.
    """
    try:
        return any(_find_header(read_text_rows(path, delimiter)) for delimiter in find_delimiters(path))
    except (OSError, ValueError):
        return False


def _read_sheets(path: Path) -> list[Coding]:
    codings, others, is_understood = [], {}, False
    for title, sheet in read_workbook(path).items():
        rows = iter(enumerate(sheet, start=1))
        header = _find_header(rows)
        if header:
            is_understood = True
            where = f'{path}, sheet {title}, row'
            codings += header.parse(path, where, rows, decimal_comma=True, is_escaped=False)
        elif any(any(row) for row in sheet):
            others[title] = next(row for row in sheet if any(row))
    if not is_understood:
        raise _not_understood(path, next(iter(others.values()), []))
    if others:
        print_log(f'{path}: no events in the sheets {first_few(others)}', logger='current', level=logging.WARNING)
    return codings


class _Dialect(NamedTuple):
    title: str
    fits: Callable[[set[str]], bool]
    parse: Callable[[Path, list[Row]], list[Coding]]


@dataclass
class _Header:
    dialect: _Dialect
    titles: list[str]
    facts: dict[str, str]
    """What the rows before the header say, such as the name of the observation in older versions of BORIS."""

    def parse(self, path: Path, where: str, rows: Iterable[tuple[int, list[Any]]], **notation: bool) -> list[Coding]:
        titles = {_normalize(title): title for title in reversed(self.titles)}
        columns = [_normalize(title) for title in self.titles]
        items = []
        for line, row in rows:
            if any(cell not in (None, '') for cell in row):
                if any(cell not in (None, '') for cell in row[len(columns) :]):
                    raise ValueError(
                        f'{where} {line}: {format_count(len(row), "cell")}, but the header has {len(columns)}; write '
                        'times with a point as in 1.5, and texts that contain the separator in quotes'
                    )
                # If two columns have one name, the first one is read.
                cells = self.facts | dict(zip(reversed(columns[: len(row)]), reversed(row[: len(columns)])))
                items.append(Row(f'{where} {line}', cells, titles=titles, **notation))
        if not items and re.fullmatch(rf'{PROJECT}(_\d+)?', path.stem):
            return []  # Other tables without rows are of the recording whose name they have.
        return self.dialect.parse(path, items)


def _find_header(rows: Iterable[tuple[int, list[Any]]]) -> _Header | None:
    """Find the header among the first rows, and consume the rows up to it."""
    facts = {}
    for _, row in itertools.islice(rows, MAX_PREAMBLE):
        titles = ['' if cell is None else ' '.join(str(cell).split()) for cell in row]
        for dialect in _DIALECTS:
            if dialect.fits({_normalize(title) for title in titles}):
                return _Header(dialect, titles, facts)
        if titles and _normalize(titles[0]) in ('observation id', 'time offset (s)'):
            facts[_normalize(titles[0])] = ''.join(titles[1:2])
    return None


def _normalize(title: str) -> str:
    return title.lower()


def _parse_own(path: Path, rows: list[Row]) -> list[Coding]:
    unknown = [column for column in (rows[0].cells if rows else ()) if column and column not in COLUMNS]
    if unknown:
        print_log(
            f'{path}: the columns {first_few(unknown)} are not read; the columns are {", ".join(COLUMNS)}',
            logger='current',
            level=logging.WARNING,
        )
    events = {}
    for row in rows:
        key = row.text('recording') or path.stem, row.text('coder')
        events.setdefault(key, []).append(
            make_event(
                row.where,
                start=row.seconds('start'),
                end=row.seconds('end'),
                score=row.number('score'),
                **{name: row.text(name) for name in ('action', 'person', 'code', 'group', 'comment')},
            )
        )
    return _make_codings(events or {(path.stem, ''): []})


def _parse_demo(path: Path, rows: list[Row]) -> list[Coding]:
    events = {}
    for row, recording in zip(rows, name_recordings(row.text('video') for row in rows)):
        found = events.setdefault((recording, ''), [])
        # For a short clip, the next four ranks are less probable alternatives.
        if row.number('rank') == 1 and normalize_name(row.text('action')) != REST:
            found.append(
                make_event(
                    row.where,
                    start=row.seconds('start'),
                    end=row.seconds('end'),
                    score=row.number('score'),
                    **{name: row.text(name) for name in ('action', 'person', 'code', 'group')},
                )
            )
    return _make_codings(events or {(path.stem, ''): []})


def _make_codings(events: dict[tuple[str, str], list[CodedEvent]]) -> list[Coding]:
    return [Coding(recording, items, coder=coder) for (recording, coder), items in events.items()]


_DIALECTS = (
    _Dialect('microaction demo', set(DEMO_COLUMNS).issubset, _parse_demo),
    _Dialect('BORIS, aggregated events', AGGREGATED_COLUMNS.issubset, parse_aggregated),
    _Dialect('BORIS, tabular events', is_tabular, parse_tabular),
    _Dialect('The Observer', OBSERVER_COLUMNS.issubset, parse_observer),
    _Dialect('ELAN, tab-delimited text', is_elan_table, parse_elan),
    _Dialect('table of events', {'action', 'start', 'end'}.issubset, _parse_own),
)


def _not_understood(path: Path, header: list[Any]) -> ValueError:
    found = ', '.join(str(cell) for cell in header if cell not in (None, ''))
    programs = ', '.join(dialect.title for dialect in _DIALECTS[:-1])
    return ValueError(
        f'{path}: not a table of events. Found the columns: {found[:300] or "none"}. Wanted: action, start and end, '
        'and where they are known recording, person, code, group, score, coder and comment; or the header of a table '
        f'of {programs}'
    )
