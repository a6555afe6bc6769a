"""Parsing of lists of clips, written as ``name label`` lines or as tables."""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mmaction_microaction.label_sets import MA52, LabelSet, normalize_name
from mmaction_microaction.video.files import VIDEO_ENDINGS

# Titles of the columns, in the order of preference.
NAME_TITLES = (
    'video', 'filename', 'file', 'clip', 'path', 'video_path', 'video_name', 'file_name', 'name', 'vid',
    'video_id', 'id',
)  # fmt: skip
LABEL_TITLES = (
    'label', 'labels', 'fine_label', 'action', 'action_label', 'class', 'class_id', 'class_name', 'category', 'target',
    'code',
)  # fmt: skip

UNKNOWN = -1
"""Label of a clip whose action is unknown, as in MMAction2."""
_NUMBER = re.compile(r'[+-]?[0-9]{1,9}(\.0*)?')  # spreadsheets may write 9.0


class ListRow(NamedTuple):
    """Row of a list."""

    line: int
    """Line number, from 1."""
    name: str | None
    """Name of the clip. None if the line is malformed."""
    label: int | None
    """Label, which may be out of range. :data:`UNKNOWN` if the row has none, None if its text is not a label."""
    text: str
    """Text of the line."""


class ListReader:
    """Splits each line of a list into the name of a clip and its label.

    A list is a table if its first line is a header that names the columns, or has two fields and the second is a
    label. The delimiter of a table is a comma, a semicolon or, below a header, a tab; fields may be quoted. Any other
    list has lines ``name label``, separated by any number of spaces and tabs. A label is a number, or the code or name
    of an action, such as ``B1``.

    Args:
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Examples:
        >>> ListReader().read(['a.mp4 9', 'b.mp4 shaking legs'])[1].label
        24
    """

    def __init__(self, label_set: LabelSet = MA52) -> None:
        named = {
            **{normalize_name(action.code): action.index for action in label_set.actions},
            **{normalize_name(action.name): action.index for action in label_set.actions},
        }
        # A number is an index, even if it is also the name of another action.
        self._labels = {name: label for name, label in named.items() if not _NUMBER.fullmatch(name)}
        self._labels.update((str(action.index), action.index) for action in label_set.actions)
        # A line may end with the name "head up" although there is an action "up".
        names = [normalize_name(action.name) for action in label_set.actions]
        self._last_words = {name.rpartition(' ')[2] for name in names if ' ' in name}
        keys = '|'.join(_spaced(key) for action in label_set.actions for key in (action.code, action.name))
        # The name matches as little as possible, so that a label of several words is matched completely.
        self._plain = re.compile(
            rf'(?P<name>.*?[^ \t])[ \t]+(?P<label>[+-]?[0-9]{{1,9}}(?:\.0*)?|{keys})',
            re.DOTALL | re.IGNORECASE,
        )

    def read(self, lines: Sequence[str]) -> list[ListRow]:
        """Read the rows of a list.

        Args:
            lines (Sequence[str]): Lines of the list.

        Returns:
            list[ListRow]: Row of each line that is not empty, without the header.
        """
        first = next((index for index, line in enumerate(lines) if line.strip()), None)
        if first is None:
            return []
        delimiter, columns, width, has_header = self._detect_format(lines[first].strip())
        start = first + has_header
        if delimiter is None:
            return [
                self._parse_plain_row(line_number, line.strip())
                for line_number, line in enumerate(lines[start:], start + 1)
                if line.strip()
            ]
        return list(self._parse_table(lines, start, delimiter, *columns, width))

    def _detect_format(self, line: str) -> tuple[str | None, tuple[int, int] | None, int | None, bool]:
        """Return the delimiter, the columns of name and label, the width, and whether the first line is a header.

        The delimiter is None if the list is not a table.
        """
        for delimiter in '\t;,':
            fields = _split_fields(line, delimiter)
            titles = [field.casefold().replace(' ', '_') for field in fields]
            name, label = (
                next((titles.index(title) for title in wanted if title in titles), None)
                for wanted in (NAME_TITLES, LABEL_TITLES)
            )
            if name is not None and (label is not None or len(fields) == 1):
                return delimiter, (name, label), len(fields), True
            if delimiter != '\t' and len(fields) == 2 and fields[0] and self.parse_label(fields[1]) is not None:
                return delimiter, (0, 1), 2, False
        words = line.casefold().split()
        return None, None, None, len(words) == 2 and words[0] in NAME_TITLES and words[1] in LABEL_TITLES

    def _parse_table(
        self, lines: Sequence[str], start: int, delimiter: str, name_column: int, label_column: int, width: int
    ) -> Iterator[ListRow]:
        """Yield the rows of a table from index ``start``. A row with more fields than ``width`` is malformed."""
        reader = csv.reader((f'{line}\n' for line in lines[start:]), delimiter=delimiter, skipinitialspace=True)
        while True:
            index = start + reader.line_num  # of the first line of the row, since quoted fields may have several
            try:
                fields = [field.strip() for field in next(reader)]
            except StopIteration:
                return
            except csv.Error:
                yield ListRow(index + 1, None, None, lines[index])
                continue
            if not any(fields):
                continue
            text = delimiter.join(fields)
            if name_column >= len(fields) or not fields[name_column] or any(fields[width:]):
                yield ListRow(index + 1, None, None, text)
                continue
            label = fields[label_column] if label_column is not None and label_column < len(fields) else ''
            yield ListRow(index + 1, fields[name_column], self.parse_label(label) if label else UNKNOWN, text)

    def _parse_plain_row(self, line_number: int, line: str) -> ListRow:
        """Return the row of a line ``name label`` or ``name``."""
        name, _, label = line.rpartition(' ')
        # A fast path for almost all lines.
        if label in self._labels and label not in self._last_words and name and not name[-1].isspace():
            return ListRow(line_number, name, self._labels[label], line)
        match = self._plain.fullmatch(line)
        if match and match['name']:
            return ListRow(line_number, match['name'].strip(), self.parse_label(match['label']), line)
        if len(line.split()) == 1 or line.lower().endswith(VIDEO_ENDINGS):
            return ListRow(line_number, line, UNKNOWN, line)
        return ListRow(line_number, None, None, line)

    def parse_label(self, text: str) -> int | None:
        """Parse a label.

        Args:
            text (str): Number, or code or name of an action in upper or lower case. The words of a name may be
                separated by spaces, hyphens or underscores.

        Returns:
            int | None: Label. A number is not checked to be the label of an action. None if the text is not a label.
        """
        if _NUMBER.fullmatch(text):
            return int(text.partition('.')[0])
        return self._labels.get(normalize_name(text))


def _spaced(name: str) -> str:
    """Return a regular expression for a name whose words may be separated by a space, a hyphen or an underscore."""
    return '[ _-]'.join(re.escape(word) for word in re.split('[ _-]+', name))


def _split_fields(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line, or an empty list if the line is not a row of a table."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return []
