"""Validation of a submission of any program."""

import csv
import io
import os
import re
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from mmaction_microaction.structures.detection_annotations import (
    AnnotatedVideo,
    is_detection_table,
    read_detection_annotations,
)
from mmaction_microaction.structures.detections import find_detection_format
from mmaction_microaction.structures.predictions import read_clip_names
from mmaction_microaction.utils.messages import first_few, format_count
from mmaction_microaction.utils.untrusted import read_limited

from .detection import check_detection_table
from .formats import FILE_NAME, SUBMISSION_FORMATS, SubmissionFormat

MAX_SIZE = 2**27
"""Largest size of a table in bytes. 1,000 rows for each video of MMA-52's val split have 70 MB."""
MAX_ROWS = 100_000
"""Largest number of lines of a table of clips. The table of MA-52's test split has 5,587."""


class ValidationReport(NamedTuple):
    """Result of the validation of a submission."""

    format: Literal['codabench', '2024', 'mmad', 'mmad-2026'] | None
    """Key of ``SUBMISSION_FORMATS`` or ``DETECTION_FORMATS``. None if the table has no known format."""
    rows: int
    """Number of rows below the header."""
    problems: list[str]
    """Reasons why the file is invalid. If a reason is about a line, it begins with the line number."""
    notes: list[str]
    """Properties that are unusual but valid."""


def validate_submission(path: str | Path, ann_file: str | Path | None = None) -> ValidationReport:
    """Check a submission as far as it is possible without the true labels.

    Args:
        path (str | Path): Path of the table (``.csv``) or of the zip file. The header determines the format.
        ann_file (str | Path, optional): Path of the annotation list whose clips the table should have, or of the
            table of MMA-52 for detections. A table of clips may have the names of the list with or without their
            extension. Defaults to None.

    Returns:
        ValidationReport: Report with all problems.

    Raises:
        FileNotFoundError: If the file or the list does not exist.
        ValueError: If the list is malformed, or a table of MMA-52 although the file contains no detections.
    """
    is_table = ann_file is not None and is_detection_table(ann_file)
    names = None if ann_file is None or is_table else read_clip_names(ann_file)
    problems, notes = [], []
    try:
        content = read_limited(path, MAX_SIZE, 'a table of predictions')
    except ValueError as error:
        return ValidationReport(None, 0, [str(error)], notes)
    is_zip = content.startswith(b'PK') or str(path).endswith('.zip')
    if is_zip:
        content = _unzip(content, problems)
    if content is None:
        return ValidationReport(None, 0, problems, notes)
    if find_detection_format(_read_header(content)):
        videos = None if ann_file is None else read_detection_annotations(ann_file)
        return _check_detections(content, is_zip, videos, problems)
    if is_table:
        raise ValueError(
            f'{ann_file} is a table of MMA-52, but {path} contains no detections in the columns of track 2'
        )
    rows = _parse(content, problems)
    if not rows:
        return ValidationReport(None, 0, problems, notes)
    (_, header), *rows = rows
    name = _detect_format(header, problems)
    if name is None:
        return ValidationReport(None, len(rows), problems, notes)
    if not rows:
        problems.append('the table has no rows below the header')
    format = SUBMISSION_FORMATS[name]
    for line, row in rows:
        problems += [f'line {line}: {problem}' for problem in _check_row(row, format)]
    _check_ids([(line, row[0]) for line, row in rows if row], names, ann_file, problems)
    if format.note:
        notes.append(format.note)
    notes += format.note_rows([row for _, row in rows])
    return ValidationReport(name, len(rows), problems, notes)


def _read_header(content: bytes) -> list[str]:
    """Return the titles of a table."""
    return content[:1000].decode('utf-8-sig', errors='replace').partition('\n')[0].rstrip('\r').split(',')


def _check_detections(
    content: bytes, is_zip: bool, videos: list[AnnotatedVideo] | None, problems: list[str]
) -> ValidationReport:
    """Check a table of detections row by row, since it may be large."""
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), 'utf-8-sig', newline=''))
    try:
        header = next(reader)
        report = check_detection_table(header, ((reader.line_num, row) for row in reader), is_zip, videos)
    except UnicodeDecodeError as error:
        return ValidationReport(None, 0, [*problems, f'the table is not UTF-8 text ({error})'], [])
    except csv.Error as error:
        return ValidationReport(None, 0, [*problems, f'line {reader.line_num}: {error}'], [])
    return ValidationReport(report.format, report.rows, problems + report.problems, report.notes)


def _unzip(content: bytes, problems: list[str]) -> bytes | None:
    """Return the content of the table in a zip file, or None."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = file.namelist()
            tables = [member for member in file.infolist() if os.path.basename(member.filename) == FILE_NAME]
            table = _read_member(file, tables[0], problems) if tables else None
    except Exception as error:  # a damaged file can fail in any way
        problems.append(f'the file is not a readable zip file ({error})')
        return None
    if members != [FILE_NAME]:
        problems.append(
            f'the zip file should contain only {FILE_NAME}, without a folder; it contains '
            f'{first_few(members) or "nothing"}'
        )
    return table


def _read_member(file: zipfile.ZipFile, member: zipfile.ZipInfo, problems: list[str]) -> bytes | None:
    """Return the content of a member of a zip file, or None if it is too large, regardless of the stated size."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problems.append(f'{member.filename} uses a compression other than deflate; create the zip file again')
        return None
    with file.open(member) as opened:
        content = opened.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        problems.append(f'{member.filename} has more than {MAX_SIZE / 2**20:.0f} MiB, too much for a table')
        return None
    return content


def _parse(content: bytes, problems: list[str]) -> list[tuple[int, list[str]]]:
    """Return the line number and the fields of each line of a table."""
    if content.startswith(b'\xef\xbb\xbf'):
        problems.append('line 1: the byte-order mark becomes part of the first title; save the file without one')
        content = content[3:]
    if not content.strip():
        problems.append('the table is empty')
        return []
    try:
        reader = csv.reader(io.StringIO(content.decode(), newline=''))
        rows = [(reader.line_num, row) for row in islice(reader, MAX_ROWS + 1)]
        if len(rows) <= MAX_ROWS:
            return rows
        problems.append(f'the table has more than {MAX_ROWS:,} lines')
    except UnicodeDecodeError as error:
        problems.append(f'the file is neither a zip file nor UTF-8 text ({error})')
    except csv.Error as error:
        problems.append(f'line {reader.line_num}: {error}')
    return []


def _detect_format(header: list[str], problems: list[str]) -> str | None:
    """Return the name of the format with this header, else of the one with as many columns, else None."""
    for name, format in SUBMISSION_FORMATS.items():
        if header == format.header:
            return name
    expected = ' or '.join(','.join(format.header) for format in SUBMISSION_FORMATS.values())
    problems.append(f'line 1: the header should be {expected}, got {",".join(header)[:200]!r}')
    return next((name for name, format in SUBMISSION_FORMATS.items() if len(header) == len(format.header)), None)


def _check_row(row: list[str], format: SubmissionFormat) -> Iterator[str]:
    """Yield the problems of a single line."""
    if len(row) != len(format.header):
        yield f'{format_count(len(row), "column")} instead of {len(format.header)}' if row else 'the line is empty'
        return
    if not row[0].strip():
        yield f'{format.id_column} is empty'
    labels = dict(zip(format.columns, row[1:]))
    for column, label in labels.items():
        if not re.fullmatch('[0-9]{1,9}', label):
            yield f'{column} is {label!r}, which is not an integer'
        elif int(label) >= format.columns[column]:
            yield f'{column} is {label}, which is not in the range 0 to {format.columns[column] - 1}'
    yield from format.check_row(labels)


def _check_ids(
    ids: list[tuple[int, str]], names: list[str] | None, ann_file: str | Path | None, problems: list[str]
) -> None:
    """Add the problems of the first column. The argument ``names`` contains the names of the list, or is None."""
    first_lines = {}
    for line, clip in ids:
        first = first_lines.setdefault(clip, line)
        if first != line:
            problems.append(f'line {line}: {clip} is already listed in line {first}')
    if names is None:
        return
    stems = [os.path.splitext(name)[0] for name in names]
    # Names and stems are both accepted, but not mixed.
    expected = max(names, stems, key=lambda kind: sum(clip in first_lines for clip in kind))
    known = set(expected)
    problems += [
        f'line {line}: {clip!r} is not a clip of {ann_file}, which has names such as {expected[0]!r}'
        for clip, line in first_lines.items()
        if clip not in known
    ]
    missing = [name for name in expected if name not in first_lines]
    if missing:
        problems.append(
            f'{len(missing):,} of the {len(expected):,} clips of {ann_file} are missing: {first_few(missing)}'
        )
