"""Excel workbooks: sheets as tables of cells."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from xml.parsers import expat

from mmaction_microaction.utils.files import atomic_write

from .rows import MAX_COLUMNS

MAX_UNPACKED = 2**28
"""Largest size of all files in a workbook together in bytes, unpacked."""
MAX_ROWS = 2**20
"""Largest number of rows of a sheet."""
MAX_CELLS = 2**24
"""Largest number of cells of a sheet that is read."""
MAX_TEXT = 32_767
"""Largest number of characters of a cell in Excel."""

_CONTROL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]')


class Sheet(NamedTuple):
    """A sheet of a workbook."""

    title: str
    """Name of the sheet, up to 31 characters."""
    rows: Sequence[Sequence[Any]]
    """Cells of the rows: texts, numbers, or None for empty cells. The first row is the header."""
    widths: Sequence[float]
    """Widths of the columns in characters."""


def write_workbook(sheets: Sequence[Sheet], path: Path) -> None:
    """Write tables as an Excel workbook, completely or not at all.

    No text is evaluated as a formula, numbers that are not whole have three decimals, and the headers stay visible
    when one scrolls. Control characters, which a workbook cannot hold, become ``\ufffd``.

    Args:
        sheets (Sequence[Sheet]): The tables.
        path (Path): Path of the file.

    Raises:
        ImportError: If openpyxl is not installed.
        ValueError: If a table is larger than a sheet, or a text longer than a cell.
    """
    openpyxl = import_openpyxl()
    for sheet in sheets:
        if len(sheet.rows) > MAX_ROWS:
            raise ValueError(
                f'{path}: {len(sheet.rows):,} rows, but a sheet has at most {MAX_ROWS:,}; write .csv instead'
            )
        longest = max((len(cell) for row in sheet.rows for cell in row if isinstance(cell, str)), default=0)
        if longest > MAX_TEXT:
            raise ValueError(
                f'{path}: a text of {longest:,} characters, but a cell of Excel has at most {MAX_TEXT:,}; write .csv '
                'instead'
            )
    # Several times as fast as the usual mode, and in little memory.
    book = openpyxl.Workbook(write_only=True)
    for sheet in sheets:
        _add_sheet(book, sheet)
    with atomic_write(path) as unfinished:
        book.save(unfinished)


def _add_sheet(book: Any, sheet: Sheet) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    added = book.create_sheet(sheet.title)
    added.freeze_panes = 'A2'
    for index, width in enumerate(sheet.widths, start=1):
        added.column_dimensions[get_column_letter(index)].width = width
    bold = Font(bold=True)

    def make_cell(value: Any, is_header: bool) -> Any:
        if not isinstance(value, (str, float)):
            return value
        if isinstance(value, str):
            cell = WriteOnlyCell(added, _CONTROL.sub('\ufffd', value))
            cell.data_type = 's'  # A text that begins with "=" would be a formula.
            cell.quotePrefix = True  # It stays text when one edits it.
        else:
            cell = WriteOnlyCell(added, value)
            cell.number_format = '0.000'
        if is_header:
            cell.font = bold
        return cell

    for index, row in enumerate(sheet.rows):
        added.append([make_cell(value, index == 0) for value in row])


def read_workbook(path: Path) -> dict[str, list[list[Any]]]:
    """Read the sheets of an Excel workbook. No formula is evaluated; their last results are read.

    Args:
        path (Path): The workbook.

    Returns:
        dict[str, list[list[Any]]]: For each sheet, its rows of texts, numbers, times and None.

    Raises:
        FileNotFoundError: If the file does not exist.
        ImportError: If openpyxl is not installed.
        ValueError: If the file is not a workbook, or too large.
    """
    openpyxl = import_openpyxl()
    try:
        with open(path, 'rb') as file:
            _check_parts(file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            return {sheet.title: _read_sheet(sheet) for sheet in book.worksheets}
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except Exception as error:  # openpyxl raises errors of many kinds for a damaged file
        raise ValueError(
            f'{path} is not a workbook of Excel (.xlsx), or it is damaged ({type(error).__name__}: {error})'
        ) from None


def _read_sheet(sheet: Any) -> list[list[Any]]:
    sheet.reset_dimensions()  # The size that a file states of a sheet may be wrong.
    rows, num_cells = [], 0
    for row in sheet.iter_rows(values_only=True):
        num_cells += len(row) + 1
        if len(row) > MAX_COLUMNS or len(rows) >= MAX_ROWS or num_cells > MAX_CELLS:
            raise ValueError(
                f'more than {MAX_COLUMNS} columns, {MAX_ROWS:,} rows or {MAX_CELLS:,} cells in the sheet {sheet.title}'
            )
        rows.append(list(row))
    return rows


def _check_parts(file: BinaryIO) -> None:
    """Check that the parts of a workbook need no more memory than a large table, and declare no entities."""
    with zipfile.ZipFile(file) as archive:
        size = sum(info.file_size for info in archive.infolist())
        if size > MAX_UNPACKED:
            raise ValueError(f'{size / 2**20:,.0f} MiB unpacked; at most {MAX_UNPACKED / 2**20:,.0f} are read')
        for info in archive.infolist():
            if info.filename.endswith(('.xml', '.rels')):
                with archive.open(info) as part:
                    _check_doctype(part)


def _check_doctype(part: Any) -> None:
    """Refuse a document type, which could declare entities. It can only precede the first element."""

    class FirstElement(Exception):
        pass

    def refuse(*_: Any) -> None:
        raise ValueError('it contains a document type declaration')

    def stop(*_: Any) -> None:
        raise FirstElement

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while chunk := part.read(2**12):
            parser.Parse(chunk, False)
    except FirstElement:
        pass


def import_openpyxl() -> Any:
    """Return the module ``openpyxl``.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import openpyxl
    except ImportError:
        raise ImportError(
            'Excel workbooks (.xlsx) need openpyxl: pip install openpyxl, or choose another format'
        ) from None
    return openpyxl
