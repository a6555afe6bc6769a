"""Checks a file for the challenge, whoever wrote it."""

import csv
import io
import os
import re
import zipfile
from itertools import islice
from typing import NamedTuple

from mmaction_microaction.structures.predictions import read_clip_names
from mmaction_microaction.utils.messages import first_few
from mmaction_microaction.utils.untrusted import read_limited

from .formats import FILE_NAME, SUBMISSION_FORMATS

MAX_SIZE = 2**24
"""Bytes of a table; one of MA-52's test split has 300,000."""
MAX_ROWS = 100_000
"""Lines of a table; that one has 5,587."""


class Report(NamedTuple):
    """What a check found."""

    format: str
    """A key of ``SUBMISSION_FORMATS``, or None if the table is of no format."""
    rows: int
    """Rows below the header."""
    problems: list
    """What makes the file invalid, as strings that name the line where there is one."""
    notes: list
    """What is unusual but valid, as strings."""


def validate_submission(path, ann_file=None):
    """Check a table, or the zip file around it, in all that does not need the true labels.

    Args:
        path (str | Path): ``.csv`` or ``.zip``, of any format; the header tells which.
        ann_file (str | Path, optional): Annotation list that the table should cover. Its names may stand in the table
            as they are or without what follows the dot.

    Returns:
        Report: All problems, not only the first.

    Raises:
        FileNotFoundError: If the file or the list is missing.
        ValueError: If the list is malformed.
    """
    names = None if ann_file is None else read_clip_names(ann_file)
    problems, notes = [], []
    try:
        content = read_limited(path, MAX_SIZE, 'a table of predictions')
    except ValueError as error:
        return Report(None, 0, [str(error)], notes)
    if content.startswith(b'PK') or str(path).endswith('.zip'):
        content = _unzip(content, problems)
    rows = _parse(content, problems) if content is not None else []
    if not rows:
        return Report(None, 0, problems, notes)
    (_, header), *rows = rows
    name = _detect_form(header, problems)
    if name is None:
        return Report(None, len(rows), problems, notes)
    if not rows:
        problems.append('there is no row below the header')
    for line, row in rows:
        problems += [f'line {line}: {problem}' for problem in _check_row(row, SUBMISSION_FORMATS[name])]
    _check_ids([(line, row[0]) for line, row in rows if row], names, ann_file, problems)
    if SUBMISSION_FORMATS[name].note:
        notes.append(SUBMISSION_FORMATS[name].note)
    if name == 'codabench':
        repeating = sum(len(set(row[6:])) < len(row[6:]) for _, row in rows)
        if repeating:
            notes.append(
                f'body parts repeat in {repeating:,} of {len(rows):,} rows, as they do where each is that of an action'
            )
    return Report(name, len(rows), problems, notes)


def _unzip(content, problems):
    """Return the table in a zip file, or None."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = file.namelist()
            tables = [member for member in file.infolist() if os.path.basename(member.filename) == FILE_NAME]
            table = _read_member(file, tables[0], problems) if tables else None
    except Exception as error:  # a damaged file can fail in any way
        problems.append(f'is no zip file that can be read ({error})')
        return None
    if members != [FILE_NAME]:
        problems.append(
            f'the zip file should hold {FILE_NAME} alone, without a folder; it holds {first_few(members) or "nothing"}'
        )
    return table


def _read_member(file, member, problems):
    """Return the content of a member of a zip file, or None if it is too large, whatever the file says of its size."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problems.append(f'{member.filename} is compressed otherwise than by deflate; make the zip file anew')
        return None
    with file.open(member) as opened:
        content = opened.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        problems.append(f'{member.filename} has more than {MAX_SIZE / 2**20:.0f} MiB, too much for a table')
        return None
    return content


def _parse(content, problems):
    """Return the lines of a table, each with its number and its fields."""
    if content.startswith(b'\xef\xbb\xbf'):
        problems.append('line 1: begins with a byte-order mark, which becomes part of the first title; save without it')
        content = content[3:]
    if not content.strip():
        problems.append('the table is empty')
        return []
    try:
        reader = csv.reader(io.StringIO(content.decode(), newline=''))
        rows = [(reader.line_num, row) for row in islice(reader, MAX_ROWS + 1)]
        if len(rows) <= MAX_ROWS:
            return rows
        problems.append(f'there are more than {MAX_ROWS:,} lines')
    except UnicodeDecodeError as error:
        problems.append(f'is neither a zip file nor a text in UTF-8 ({error})')
    except csv.Error as error:
        problems.append(f'line {reader.line_num}: {error}')
    return []


def _detect_form(header, problems):
    """Return the name of the format whose header this is, or else of the one with as many columns, or None."""
    for name, format in SUBMISSION_FORMATS.items():
        if header == format.header:
            return name
    expected = ' or '.join(','.join(format.header) for format in SUBMISSION_FORMATS.values())
    problems.append(f'line 1: the header should be {expected}, got {",".join(header)[:200]!r}')
    return next((name for name, format in SUBMISSION_FORMATS.items() if len(header) == len(format.header)), None)


def _check_row(row, format):
    """Yield what is wrong within one line."""
    if len(row) != len(format.header):
        yield f'{len(row)} columns instead of {len(format.header)}' if row else 'is empty'
        return
    if not row[0].strip():
        yield f'{format.id_column} is empty'
    labels = dict(zip(format.columns, row[1:]))
    for column, label in labels.items():
        if not re.fullmatch('[0-9]{1,9}', label):
            yield f'{column} is {label!r}, which is no whole number'
        elif int(label) >= format.columns[column]:
            yield f'{column} is {label}, which is not one of 0 to {format.columns[column] - 1}'
    actions = [label for column, label in labels.items() if column.startswith('action_pred')]
    if len({label.lstrip('0') for label in actions}) < len(actions):
        yield f'the actions {", ".join(actions)} are not all different'


def _check_ids(ids, names, ann_file, problems):
    """Add what is wrong with the first column as a whole; ``names`` are those of the list, if there is one."""
    first_lines = {}
    for line, clip in ids:
        first = first_lines.setdefault(clip, line)
        if first != line:
            problems.append(f'line {line}: {clip} stands already in line {first}')
    if names is None:
        return
    stems = [os.path.splitext(name)[0] for name in names]
    # Either kind will do, but the same in every row.
    listed = max(names, stems, key=lambda kind: sum(clip in first_lines for clip in kind))
    known = set(listed)
    problems += [
        f'line {line}: {clip!r} is no clip of {ann_file}, whose clips read {listed[0]!r}'
        for clip, line in first_lines.items()
        if clip not in known
    ]
    missing = [name for name in listed if name not in first_lines]
    if missing:
        problems.append(f'{len(missing):,} of the {len(listed):,} clips of {ann_file} missing: {first_few(missing)}')
