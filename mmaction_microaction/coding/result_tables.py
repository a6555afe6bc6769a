"""Tables of results: on the screen, and in spreadsheets, CSV and JSON."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.utils.files import as_text_cell, check_writable, make_folder, write_whole

from .formats.workbook import Sheet, import_openpyxl, write_workbook

ENDINGS = ('.xlsx', '.csv', '.json')
"""Endings of files with tables. A path without ending is a folder of CSV files."""


class ResultTable(NamedTuple):
    """A table of results. A value that is not defined is None."""

    name: str
    """Name of the sheet or file, up to 31 characters."""
    columns: tuple[str, ...]
    """Names of the columns."""
    rows: list[tuple[Any, ...]]
    """Texts, numbers and None, in the order of the columns."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dicts.

        Returns:
            list[dict[str, Any]]: A dict for each row, with the names of the columns as keys.

        Examples:
            >>> ResultTable('counts', ('action', 'n'), [('nodding', 2)]).to_dicts()
            [{'action': 'nodding', 'n': 2}]
        """
        return [dict(zip(self.columns, row)) for row in self.rows]


def check_table_path(path: str | Path) -> None:
    """Check that tables can be written to a path, before the work.

    Args:
        path (str | Path): A .xlsx, .csv or .json file, or a folder.

    Raises:
        ValueError: If the path has another ending.
        ImportError: If .xlsx files cannot be written, since openpyxl is missing.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending == '' or path.is_dir():
        return
    if ending not in ENDINGS:
        raise ValueError(f'{path}: tables can be {", ".join(ENDINGS)}, or a folder without an ending for CSV files')
    if ending == '.xlsx':
        import_openpyxl()
    check_writable(path)


def write_tables(tables: Sequence[ResultTable], path: str | Path) -> list[Path]:
    """Write tables to one file or to a folder, each file completely or not at all.

    Args:
        tables (Sequence[ResultTable]): The tables. The first one is the main table.
        path (str | Path): A .xlsx file gets a sheet for each table, and a .json file an entry. A .csv file contains
            only the main table. A folder gets a CSV file for each table.

    Returns:
        list[Path]: The files.

    Raises:
        ImportError: If .xlsx files cannot be written, since openpyxl is missing.
        OSError: If a file cannot be written.
        ValueError: If a table is too large for a .xlsx file.
    """
    path = Path(path)
    ending = '' if path.is_dir() else path.suffix.lower()
    if ending == '.xlsx':
        _write_xlsx(tables, path)
    elif ending == '.json':
        content = {table.name: table.to_dicts() for table in tables}
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        write_whole(path, (text + '\n').encode(errors='backslashreplace'))
    elif ending == '.csv':
        _write_csv(tables[0], path)
    else:
        make_folder(path)
        files = [path / f'{table.name.replace(" ", "_")}.csv' for table in tables]
        for table, file in zip(tables, files):
            _write_csv(table, file)
        return files
    return [path]


def print_table(table: ResultTable, columns: Mapping[str, str], missing: str = '') -> None:
    """Print columns of a table as Markdown. Numbers that are not whole have two decimals.

    Args:
        table (ResultTable): The table.
        columns (Mapping[str, str]): Headings of the columns to print, by name.
        missing (str): Text for None. Defaults to an empty text.
    """
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    printed = Table(box=MARKDOWN)
    indices = [table.columns.index(name) for name in columns]
    for index, heading in zip(indices, columns.values()):
        values = [row[index] for row in table.rows]
        is_text = any(isinstance(value, str) for value in values)
        printed.add_column(Text(heading), justify='left' if is_text else 'right', overflow='fold')
    for row in table.rows:
        # Text, since brackets in names are markup otherwise.
        printed.add_row(*(Text(_format(row[index], missing)) for index in indices))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=1000)  # A file or pipe has no width.
    with console.capture() as capture:
        console.print(printed)
    # The box of Markdown has an empty line above and below.
    print('\n'.join(line.rstrip() for line in capture.get().splitlines() if line.strip()))


def _format(value: Any, missing: str) -> str:
    if value is None:
        return missing
    return f'{value:z,.2f}' if isinstance(value, float) else f'{value:,}' if isinstance(value, int) else str(value)


def none_if_nan(value: float, digits: int = 6) -> float | None:
    """Return a rounded number, or None for NaN, which means that it is not defined.

    Examples:
        >>> none_if_nan(2 / 3), none_if_nan(float('nan'))
        (0.666667, None)
    """
    return None if math.isnan(value) else round(float(value), digits)


def _write_csv(table: ResultTable, path: Path) -> None:
    text = io.StringIO(newline='')
    writer = csv.writer(text)
    for row in (table.columns, *table.rows):
        writer.writerow([as_text_cell(value) if isinstance(value, str) else value for value in row])
    # The byte-order mark makes spreadsheets read the file as UTF-8.
    write_whole(path, text.getvalue().encode('utf-8-sig', errors='backslashreplace'))


def _write_xlsx(tables: Sequence[ResultTable], path: Path) -> None:
    sheets = []
    for table in tables:
        rows = [table.columns, *table.rows]
        lengths = [max(len(row[x]) for row in rows if isinstance(row[x], str)) for x in range(len(table.columns))]
        sheets.append(Sheet(table.name, rows, [min(max(length, 8) + 2, 60) for length in lengths]))
    write_workbook(sheets, path)
