"""Annotation lists of clips: reading and checking."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmaction_microaction.label_sets import MA52, LabelSet
from mmaction_microaction.utils.paths import find_guide
from mmaction_microaction.utils.untrusted import read_limited

from .list_rows import UNKNOWN, ListReader, ListRow

MAX_LIST_SIZE = 2**25
"""Largest size of a list in bytes. The list of MA-52's training clips has 250,000."""

# SSSS_BB_NNNN.mp4: subject, body part and running number. MA-52 counts body parts from 0.
_NAME = re.compile(r'\d{4}_(?P<body_part>\d{2})_\d{4}\.mp4')
_ANONYMIZED_NAME = re.compile(r'test\d{4}\.mp4')


class Annotation(NamedTuple):
    """One line of an annotation list."""

    filename: str
    """Path of the clip, absolute or relative to the video folder of the split."""
    label: int
    """Fine label, or -1 if the label is unknown."""


def read_annotations(
    path: str | Path, check_names: bool = True, unlabeled: bool = False, label_set: LabelSet = MA52
) -> list[Annotation]:
    """Read a list of clips with their labels, in any format of :class:`.ListReader`.

    Args:
        path (str | Path): Path of the list.
        check_names (bool): Whether the body part in a name of the form ``SSSS_BB_NNNN.mp4`` must match the label.
            BB is the body part, counted from 0; all 16,836 labelled clips of MA-52 agree. Other names and other label
            sets are not checked. Defaults to True.
        unlabeled (bool): Whether a list without labels is accepted, for clips to predict. Defaults to False.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        list[Annotation]: Annotation of each clip, in the order of the list.

    Raises:
        FileNotFoundError: If the list does not exist.
        ValueError: If the list is empty, or a line is malformed, repeats a name, or has a label that is not a fine
            label or contradicts the name. The message contains the file, all such lines, and the remedies.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, 'list.txt')
        ...     _ = path.write_text('0001_01_0001.mp4 9\\n0002_03_0001.mp4 24\\n')
        ...     read_annotations(path)
        [Annotation(filename='0001_01_0001.mp4', label=9), Annotation(filename='0002_03_0001.mp4', label=24)]
    """
    if str(path).endswith(('.pkl', '.pickle')):
        raise ValueError(
            f'{path} is a pickle, such as a file of poses, but a list of clips is a text file. Besides the list, '
            'PoseClipDataset reads poses, as pose_file; PoseDataset of MMAction2 needs no list.'
        )
    remedy = (
        f'{find_guide("data/ma52/README.md")} explains how to get MA-52; "microaction lists" makes lists of your own '
        'clips.'
        if label_set == MA52
        else f'"microaction lists" makes lists of the actions of {label_set.title} from folders of clips.'
    )
    lines = read_lines(path, remedy, '"name.mp4 label"')
    rows = ListReader(label_set).read(lines)
    if not rows:
        raise ValueError(f'{path} is empty; it should contain one "name.mp4 label" per line')

    check_names = check_names and label_set == MA52
    unlabeled = unlabeled and all(row.label == UNKNOWN for row in rows if row.name)
    first_lines, problems, remedies = {}, {}, []
    for row in rows:
        problem = _find_problem(row, unlabeled, check_names, label_set)
        first = first_lines.setdefault(row.name, row.line)
        if not problem and first != row.line:
            problem = f'{row.name} is already listed in line {first}', 'remove one of the two'
        if problem:
            problems[row.line], remedy = problem
            remedies += [remedy] if remedy not in remedies else []
    if problems:
        labels = {row.label for row in rows}
        if len(label_set) in labels and 0 not in labels:
            remedies.insert(0, 'subtract 1 from each label, since these labels seem to count from 1')
        problems = {line: f'line {line}: {problem}' for line, problem in problems.items()}
        raise ValueError(f'{path}, {enumerate_lines(problems)}. To do: {"; ".join(remedies)}.')
    return [Annotation(row.name, row.label) for row in rows]


def _find_problem(row: ListRow, unlabeled: bool, check_names: bool, label_set: LabelSet) -> tuple[str, str] | None:
    """Return the problem of a single line and its remedy, or None if the line is correct."""
    if row.name is None or row.label is None or (row.label == UNKNOWN and not unlabeled):
        shown = f'{row.text[:80]!r}{"…" if len(row.text) > 80 else ""}'
        wanted = 'the name of a clip, with or without a label' if unlabeled else 'the name of a clip and a label'
        return f'expected {wanted}, got {shown}', (
            f'write a name, a space and a label, which is {_describe_labels(label_set)}; or write a table of two '
            'columns, or one whose header has the columns "video" and "label"'
        )
    count = len(label_set)
    if row.label != UNKNOWN and not 0 <= row.label < count:
        return (
            f'label {row.label} of {row.name} is not one of the {count} fine labels 0 to {count - 1}',
            'correct the label' if label_set == MA52 else f'correct the label, or the label set {label_set.name}',
        )
    name = _NAME.fullmatch(row.name.rpartition('/')[2]) if check_names and row.label != UNKNOWN else None
    if name and int(name['body_part']) != label_set.fine_to_coarse[row.label]:
        part = int(label_set.fine_to_coarse[row.label])
        return (
            f'the name {row.name} means body part {int(name["body_part"])}, but label {row.label} belongs to {part} '
            f'({label_set.groups[part]})',
            'correct the line, or set check_names=False of the dataset if your names count body parts in another way',
        )
    return None


def _describe_labels(label_set: LabelSet) -> str:
    """Describe the labels that a list may contain, with an example of each kind."""
    example = label_set.actions[min(9, len(label_set) - 1)]
    kinds = [f'a number from 0 to {len(label_set) - 1}']
    if example.code != str(example.index):
        kinds.append(f'a code such as {example.code}')
    return f'{", ".join(kinds)} or a name such as "{example.name}"'


def enumerate_lines(problems: dict[int, str], limit: int = 10) -> str:
    """Describe the problems of a list: the first in full, and the others by the numbers of their lines.

    Args:
        problems (dict[int, str]): Description of each problem by its line number.
        limit (int): Number of problems that are described in full. Defaults to 10.

    Returns:
        str: Description in one line.
    """
    lines = sorted(problems)
    ranges = []
    for line in lines[limit:]:
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    others = ', '.join(str(first) if first == last else f'{first}-{last}' for first, last in ranges)
    text = '; '.join(problems[line] for line in lines[:limit])
    return f'{text}; and {len(lines) - limit:,} more, in lines {others}' if others else text


def read_lines(path: str | Path, remedy: str, content: str) -> list[str]:
    """Read the lines of a list.

    Args:
        path (str | Path): Path of the list.
        remedy (str): Sentence on where such lists come from, for the error message.
        content (str): Description of the content of a line, for the error message.

    Returns:
        list[str]: Lines of the list, at least one.

    Raises:
        FileNotFoundError: If the list does not exist.
        ValueError: If the list is empty, not a text, or larger than :data:`MAX_LIST_SIZE`.
    """
    try:
        text = read_limited(path, MAX_LIST_SIZE, 'an annotation list').decode('utf-8-sig')
        # Not splitlines(), which also splits at characters that a name or a JSON string may contain, such as U+2028.
        lines = re.split('\r\n|\n|\r', text.removesuffix('\n').removesuffix('\r')) if text else []
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such annotation list. {remedy}') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file in UTF-8 ({error}); save the list as UTF-8') from None
    if not lines:
        raise ValueError(f'{path} is empty; it should contain one {content} per line')
    return lines


def fingerprint_list(
    path: str | Path, annotations: Sequence[tuple], indices: int | Sequence[int] | None = None
) -> dict[str, Any]:
    """Return the fingerprint of a list.

    Args:
        path (str | Path): Path of the list.
        annotations (Sequence[tuple]): Annotations of the list.
        indices (int | Sequence[int], optional): Which of them the dataset uses, as in MMEngine's ``BaseDataset``.
            Defaults to None: all.

    Returns:
        dict[str, Any]: Path of the list as ``ann_file``, number of its annotations as ``num_clips``, and their
        ``sha256``, which does not depend on the format of the file.
    """
    if isinstance(indices, int):
        annotations = annotations[:indices] if indices >= 0 else annotations[indices:]
    elif indices is not None:
        annotations = [annotations[index] for index in indices]
    sha256 = hashlib.sha256()
    for annotation in annotations:
        sha256.update(repr(tuple(annotation)).encode())
    return dict(ann_file=str(path), num_clips=len(annotations), sha256=sha256.hexdigest())


def is_anonymized(annotations: Sequence[Annotation], label_set: LabelSet = MA52) -> bool:
    """Return whether a list has no labels, or placeholders, as the list of the challenge's test split has.

    Args:
        annotations (Sequence[Annotation]): All annotations of the list.
        label_set (LabelSet): Label set of the labels. Defaults to that of MA-52.

    Returns:
        bool: True if every label is unknown, or, for MA-52, every label is 0 and every name like ``test0000.mp4``.
    """
    if all(label == UNKNOWN for _, label in annotations):
        return True
    return label_set == MA52 and all(
        label == 0 and _ANONYMIZED_NAME.fullmatch(filename) for filename, label in annotations
    )
