"""The forms in which people write lists of clips: as MMAction2's, or as tables."""

import csv
import re
from typing import NamedTuple

from mmaction_microaction.label_sets.ma52 import ACTIONS
from mmaction_microaction.video.files import VIDEO_ENDINGS

# In the order in which they are looked for.
NAME_TITLES = (
    'video', 'filename', 'file', 'clip', 'path', 'video_path', 'video_name', 'file_name', 'name', 'vid',
    'video_id', 'id',
)  # fmt: skip
LABEL_TITLES = (
    'label', 'labels', 'fine_label', 'action', 'action_label', 'class', 'class_id', 'class_name', 'category', 'target',
    'code',
)  # fmt: skip

UNKNOWN = -1
"""The label of a clip whose action is not known, as in MMAction2."""

_LABELS = {
    **{str(action.index): action.index for action in ACTIONS},
    **{action.code.casefold(): action.index for action in ACTIONS},
    **{action.name: action.index for action in ACTIONS},
}
_NAMES = '|'.join('[ _-]'.join(action.words) for action in ACTIONS)
_CODES = '|'.join(action.code for action in ACTIONS)
# The name comes first and takes as little as possible, so that a label of several words is found whole.
_PLAIN = re.compile(
    rf'(?P<name>.*?[^ \t])[ \t]+(?P<label>[+-]?[0-9]{{1,9}}(?:\.0*)?|{_CODES}|{_NAMES})', re.DOTALL | re.IGNORECASE
)


class Row(NamedTuple):
    """What a line says."""

    line: int
    """Number of the line, from 1."""
    name: str | None
    """Name of the clip, None where there is none to be found."""
    label: int | None
    """The number that is written there, or that of the code or name; :data:`UNKNOWN` where nothing is written, None
    where it is no label."""
    text: str
    """The line."""


def read_rows(lines):
    """Tell the name of the clip from its label in every line that is not empty.

    A list is read as lines ``name label``, with any number of spaces and tabs around the two; or, if its first line is
    a header that names the columns or has two fields of which the second is a label, as a table with commas,
    semicolons or, below a header, tabs between its fields, which may be quoted. A label is a number, a code such as
    ``B1`` or the name of an action.

    Args:
        lines (Sequence[str]): The list.

    Returns:
        list[Row]: One per line that is not empty, the header left out.
    """
    first = next((place for place, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return []
    delimiter, columns, width, header = _find_form(lines[first].strip())
    start = first + header
    if delimiter is None:
        return [
            _plain_row(number, line.strip()) for number, line in enumerate(lines[start:], start + 1) if line.strip()
        ]
    return list(_table_rows(lines, start, delimiter, *columns, width))


def _find_form(line):
    """Return, by the first line, a table's delimiter, columns of name and label and width, and whether it is a header.

    The delimiter is None if the list is no table.
    """
    for delimiter in '\t;,':
        fields = _fields(line, delimiter)
        titles = [field.casefold().replace(' ', '_') for field in fields]
        name, label = (
            next((titles.index(title) for title in wanted if title in titles), None)
            for wanted in (NAME_TITLES, LABEL_TITLES)
        )
        if name is not None and (label is not None or len(fields) == 1):
            return delimiter, (name, label), len(fields), True
        if delimiter != '\t' and len(fields) == 2 and fields[0] and parse_label(fields[1]) is not None:
            return delimiter, (0, 1), 2, False
    words = line.casefold().split()
    return None, None, None, len(words) == 2 and words[0] in NAME_TITLES and words[1] in LABEL_TITLES


def _fields(line, delimiter):
    """Return the fields of a line, or none where it cannot be read as a table."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return []


def _table_rows(lines, start, delimiter, name, label, width):
    """Yield the rows of a table, from a line on; more fields than its width make no row."""
    reader = csv.reader((f'{line}\n' for line in lines[start:]), delimiter=delimiter, skipinitialspace=True)
    while True:
        number = start + reader.line_num
        try:
            fields = [field.strip() for field in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            yield Row(number + 1, None, None, lines[number])
            continue
        if not any(fields):
            continue
        text = delimiter.join(fields)
        if name >= len(fields) or not fields[name] or any(fields[width:]):
            yield Row(number + 1, None, None, text)
            continue
        written = fields[label] if label is not None and label < len(fields) else ''
        yield Row(number + 1, fields[name], parse_label(written) if written else UNKNOWN, text)


def _plain_row(number, line):
    """Return the row of a line ``name label``, or ``name``."""
    name, _, label = line.rpartition(' ')
    if label in _LABELS and name and not name[-1].isspace():  # nearly all are so, and are read fast
        return Row(number, name, _LABELS[label], line)
    match = _PLAIN.fullmatch(line)
    if match and match['name']:
        return Row(number, match['name'].strip(), parse_label(match['label']), line)
    if len(line.split()) == 1 or line.lower().endswith(VIDEO_ENDINGS):
        return Row(number, line, UNKNOWN, line)
    return Row(number, None, None, line)


def parse_label(text):
    """Read a label.

    Args:
        text (str): A number, a code or the name of an action, in any case, with spaces, hyphens or underscores.

    Returns:
        int | None: The number, which may be of no action; None if the text is none of these.
    """
    if re.fullmatch(r'[+-]?[0-9]{1,9}(\.0*)?', text):  # spreadsheets may write 9.0
        return int(text.partition('.')[0])
    return _LABELS.get(re.sub('[ _-]+', ' ', text.casefold()))
