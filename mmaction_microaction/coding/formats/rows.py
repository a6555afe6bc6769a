"""Rows of tables, from text files in the encodings and notations of spreadsheets and coding programs."""

import codecs
import csv
import datetime
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from mmaction_microaction.structures.coding import CodedEvent
from mmaction_microaction.utils.files import as_text_cell
from mmaction_microaction.utils.untrusted import read_limited

MAX_SIZE = 2**26
"""Largest size of a table in bytes."""
MAX_COLUMNS = 500
"""Largest number of columns that are read. Exports of BORIS have 20, and one more for each independent variable."""

_NUMBER = re.compile(r'[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?')
# Without hours, the seconds need decimals: 10:30 could also be half past ten.
_CLOCK = re.compile(r'(?:(\d{1,3}):(\d{2}):(\d{2}(?:[.,]\d+)?)|(\d{1,3}):(\d{2}[.,]\d+))')


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    where: str
    """File and line, for messages."""
    cells: Mapping[str, Any]
    """Contents of the cells by the names of their columns in lower case: texts, numbers and times."""
    decimal_comma: bool = True
    """Whether a comma may separate decimals. In a table separated by commas, ``1,234`` could be a thousand."""
    is_escaped: bool = True
    """Whether an apostrophe before a formula is that of :func:`escape_cell`. It is not in a workbook."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Names of the columns as the file spells them, by the names in lower case."""

    def text(self, column: str) -> str:
        """Return the text of a cell.

        Args:
            column (str): Name of the column in lower case.

        Returns:
            str: The text without spaces at its ends, ``''`` if the cell is empty or the table lacks the column.

        Raises:
            ValueError: If a spreadsheet has turned a name into a date.
        """
        value = self.cells.get(column)
        if isinstance(value, datetime.date) and not column.startswith('comment'):
            raise ValueError(
                f'{self.where}: "{column}" should be a text, got the date {value}; format the column as text, and '
                'enter it again'
            )
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # Excel stores the name 1 as a number
        text = '' if value is None else str(value).strip()
        return unescape_cell(text) if self.is_escaped else text

    def number(self, column: str) -> float | None:
        """Return the number of a cell.

        Args:
            column (str): Name of the column in lower case.

        Returns:
            float | None: The number. None if the cell is empty or ``NA``, or the table lacks the column.

        Raises:
            ValueError: If the cell contains something else.
        """
        value = self.cells.get(column)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        text = '' if value is None else str(value).strip()
        if text in ('', 'NA', 'NaN', 'nan'):
            return None
        if _NUMBER.fullmatch(text) and (self.decimal_comma or ',' not in text):
            return float(text.replace(',', '.'))
        hint = '; a spreadsheet may have turned the number into a date' if isinstance(value, datetime.date) else ''
        raise ValueError(f'{self.where}: "{column}" should be a number, got {text!r:.60}{hint}')

    def seconds(self, column: str) -> float:
        """Return the time of a cell.

        Args:
            column (str): Name of the column in lower case.

        Returns:
            float: Seconds. The cell may also contain hours, minutes and seconds, as in ``00:01:02.500``, or minutes
            and seconds with decimals, as in ``1:02.5``.

        Raises:
            ValueError: If the cell is empty or contains no time.
        """
        value = self.cells.get(column)
        if isinstance(value, datetime.timedelta):
            return value.total_seconds()
        clock = _CLOCK.fullmatch(str(value).strip())  # a datetime.time has this form too
        if clock:
            hours, minutes, seconds = (clock[1], *clock.group(2, 3)) if clock[1] else (0, *clock.group(4, 5))
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(',', '.'))
        try:
            number = self.number(column)
        except ValueError as error:
            raise ValueError(f'{error}; write a time as 62.5 or 00:01:02.5') from None
        if number is None:
            raise ValueError(f'{self.where}: "{column}" is empty, but every event needs a time')
        return number


def read_positive(value: Any) -> float | None:
    """Return the number in a cell, or None if it is 0 or no number, such as ``NA``."""
    try:
        return float(str(value).replace(',', '.')) or None
    except ValueError:
        return None


def make_event(where: str, **values: Any) -> CodedEvent:
    """Create an event, with the file and the line in the message if a value is invalid.

    Args:
        where (str): File and line.
        **values (Any): Arguments of :class:`.CodedEvent`.

    Returns:
        CodedEvent: The event.

    Raises:
        ValueError: If a value is invalid.
    """
    try:
        return CodedEvent(**values)
    except ValueError as error:
        raise ValueError(f'{where}: {error}') from None


def name_recordings(files: Iterable[str]) -> list[str]:
    """Name recordings by their files. Files of one name in several folders are several recordings.

    Args:
        files (Iterable[str]): Path of the file of each event, with slashes or backslashes.

    Returns:
        list[str]: For each path, its last part or, if several paths share that, the whole path, without ending.

    Examples:
        >>> name_recordings(['week1/P07.mp4', 'week1/P08.mp4', 'week1/P08.mp4'])
        ['P07', 'P08', 'P08']
        >>> name_recordings(['week1/P07.mp4', 'week2/P07.mp4'])
        ['week1/P07', 'week2/P07']
    """
    paths = [PurePosixPath(file.replace('\\', '/')) for file in files]
    stems = Counter(path.stem for path in set(paths))
    return [path.stem if stems[path.stem] == 1 else str(path.with_suffix('')) for path in paths]


def escape_cell(text: str) -> str:
    """Escape a text for a text file that a spreadsheet opens, see :func:`.as_text_cell`.

    Args:
        text (str): The text.

    Returns:
        str: The text that :func:`unescape_cell` returns to its original.

    Examples:
        >>> escape_cell('=1+1'), escape_cell("'=1+1"), escape_cell("'tis")
        ("'=1+1", "''=1+1", "'tis")
    """
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def unescape_cell(text: str) -> str:
    """Remove the apostrophe that :func:`escape_cell` put before a text."""
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    return as_text_cell(text) != text


def write_text_rows(rows: Sequence[Sequence[Any]], delimiter: str) -> bytes:
    """Format a table as text that spreadsheets recognise as UTF-8.

    Args:
        rows (Sequence[Sequence[Any]]): Cells of the rows: numbers, and texts that are escaped.
        delimiter (str): Character between two cells.

    Returns:
        bytes: Content of the file.
    """
    stream = io.StringIO(newline='')
    writer = csv.writer(stream, delimiter=delimiter, lineterminator='\r\n')
    writer.writerows([escape_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return codecs.BOM_UTF8 + stream.getvalue().encode(errors='backslashreplace')


def read_text_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows of a text file.

    Args:
        path (Path): The file, in UTF-8, in UTF-16 with a byte-order mark, or else in Windows-1252.
        delimiter (str): Character between two cells.

    Yields:
        tuple[int, list[str]]: Line number of the end of the row, and its cells.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not text, or too large.
    """
    reader = csv.reader(io.StringIO(_decode(path), newline=''), delimiter=delimiter)
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise ValueError(f'{path}, line {reader.line_num}: more than {MAX_COLUMNS} columns')
            yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f'{path}, line {reader.line_num}: {error}') from None


def find_delimiters(path: Path) -> list[str]:
    """Return the possible delimiters of a text file, the most frequent one of its first lines first.

    Args:
        path (Path): The file.

    Returns:
        list[str]: Tab, semicolon and comma.
    """
    lines = list(itertools.islice(io.StringIO(_decode(path)), 40))
    return sorted('\t;,', key=lambda delimiter: -sum(line.count(delimiter) for line in lines))


def _decode(path: Path) -> str:
    data = read_limited(path, MAX_SIZE, 'a table of events')
    text = None
    # UTF-16 is "Unicode text" of Excel, and Windows-1252 is "CSV" of a German or English Excel.
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encodings = ('utf-16',) if is_utf16 else ('utf-8-sig', 'cp1252')
    for encoding in encodings:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or '\0' in text:
        raise ValueError(f'{path} is not a text file; save the table as CSV in UTF-8, or as .xlsx')
    return text
