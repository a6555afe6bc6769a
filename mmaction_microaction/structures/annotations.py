"""Reading and checking MA-52's annotation lists."""

import hashlib
import re
from typing import NamedTuple

from mmaction_microaction.label_sets.ma52 import ACTIONS, BODY_PARTS, FINE_TO_COARSE, NUM_ACTIONS
from mmaction_microaction.utils.untrusted import read_limited

from .list_rows import UNKNOWN, read_rows

MAX_LIST_SIZE = 2**25
"""Bytes; that of MA-52's training clips has 250,000."""

# SSSS_BB_NNNN.mp4: subject, body part, running number; the real set counts body parts from 0.
_NAME = re.compile(r'\d{4}_(?P<body_part>\d{2})_\d{4}\.mp4')
_ANONYMISED_NAME = re.compile(r'test\d{4}\.mp4')


class Annotation(NamedTuple):
    """One line of an annotation list."""

    filename: str
    """Path of the clip below the split's video folder, or an absolute one."""
    label: int
    """Fine label, 0 to 51, or -1 where it is not known."""


def read_annotations(path, check_names=True, unlabelled=False):
    """Read a list of clips with their labels, in any of the forms of ``list_rows.read_rows``.

    Args:
        path (str | Path): The list.
        check_names (bool): Whether a name of the form ``SSSS_BB_NNNN.mp4`` must agree with its label, BB being the body
            part counted from 0, as holds for all 16,836 labelled clips of MA-52. Other names are not checked.
        unlabelled (bool): Whether the list may be one without labels, as for clips that are to be predicted. Defaults
            to False.

    Returns:
        list[Annotation]: One per clip, in order.

    Raises:
        FileNotFoundError: If there is no such list.
        ValueError: If the list is empty or a line is malformed, repeats a name, or has a label that is no fine label or
            contradicts the name. The message gives the file, all such lines, and the remedies.
    """
    if str(path).endswith(('.pkl', '.pickle')):
        raise ValueError(
            f'{path} is a pickle, such as a list of skeletons: a list of clips is a text. PoseDataset of MMAction2 '
            'reads skeletons.'
        )
    lines = read_lines(path, 'data/ma52/README.md says how to get MA-52 and where it goes.', '"name.mp4 label"')
    rows = read_rows(lines)
    if not rows:
        raise ValueError(f'{path} is empty; it should hold one "name.mp4 label" per line.')

    unlabelled = unlabelled and all(row.label == UNKNOWN for row in rows if row.name)
    first_lines, problems, remedies = {}, {}, []
    for row in rows:
        problem = _find_problem(row, unlabelled, check_names)
        first = first_lines.setdefault(row.name, row.line)
        if not problem and first != row.line:
            problem = f'{row.name} stands already in line {first}', 'remove one of the two'
        if problem:
            problems[row.line], remedy = problem
            remedies += [remedy] if remedy not in remedies else []
    if problems:
        labels = {row.label for row in rows}
        if NUM_ACTIONS in labels and 0 not in labels:
            remedies.insert(0, 'these labels seem to count from 1: subtract 1 from each')
        problems = {line: f'line {line}: {problem}' for line, problem in problems.items()}
        raise ValueError(f'{path}, {enumerate_lines(problems)}. To do: {"; ".join(remedies)}.')
    return [Annotation(row.name, row.label) for row in rows]


def _find_problem(row, unlabelled, check_names):
    """Return what is wrong with a line by itself, and what to do, or else None."""
    if row.name is None or row.label is None or (row.label == UNKNOWN and not unlabelled):
        shown = f'{row.text[:80]!r}{"…" if len(row.text) > 80 else ""}'
        wrong = 'a label or none' if unlabelled else 'a label'
        return f'expected the name of a clip and {wrong}, got {shown}', (
            f'write name and label, with a space between, the label as 0 to {NUM_ACTIONS - 1}, as a code such as '
            f'{ACTIONS[9].code} or as a name such as "{ACTIONS[9].name}"; or a table of two columns, or with a header '
            'that has "video" and "label"'
        )
    if row.label != UNKNOWN and not 0 <= row.label < NUM_ACTIONS:
        return (
            f'label {row.label} of {row.name} is not one of the {NUM_ACTIONS} fine labels 0 to {NUM_ACTIONS - 1}',
            'correct the label',
        )
    name = _NAME.fullmatch(row.name.rpartition('/')[2]) if check_names and row.label != UNKNOWN else None
    if name and int(name['body_part']) != FINE_TO_COARSE[row.label]:
        part = int(FINE_TO_COARSE[row.label])
        return (
            f'the name {row.name} says body part {int(name["body_part"])}, but label {row.label} belongs to {part} '
            f'({BODY_PARTS[part]})',
            'correct the line, or, if your names count body parts otherwise, set check_names=False',
        )
    return None


def enumerate_lines(problems, shown=10):
    """Write what is wrong with a list: the first problems in full, of the others the numbers of their lines.

    Args:
        problems (dict[int, str]): What is wrong, with the number of its line in it, by this number.
        shown (int): How many are written in full. Defaults to 10.

    Returns:
        str: In one line.
    """
    lines = sorted(problems)
    ranges = []
    for line in lines[shown:]:
        if ranges and ranges[-1][1] == line - 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    others = ', '.join(str(first) if first == last else f'{first}-{last}' for first, last in ranges)
    text = '; '.join(problems[line] for line in lines[:shown])
    return f'{text}; likewise {len(lines) - shown:,} more, in lines {others}' if others else text


def read_lines(path, remedy, content):
    """Read the lines of a list.

    Args:
        path (str | Path): The list.
        remedy (str): A sentence on where such lists come from, for errors.
        content (str): What a line holds, for errors.

    Returns:
        list[str]: The lines, at least one.

    Raises:
        FileNotFoundError: If there is no such list.
        ValueError: If it is empty, no text, or larger than :data:`MAX_LIST_SIZE`.
    """
    try:
        text = read_limited(path, MAX_LIST_SIZE, 'an annotation list').decode('utf-8-sig')
        # Not splitlines(), which also takes for ends of lines what a name or a string of JSON may hold, as U+2028.
        lines = re.split('\r\n|\n|\r', text.removesuffix('\n').removesuffix('\r')) if text else []
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such annotation list. {remedy}') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file in UTF-8 ({error}); save the list as UTF-8.') from None
    if not lines:
        raise ValueError(f'{path} is empty; it should hold one {content} per line.')
    return lines


def identify(path, annotations):
    """Tell a list from others, by what is in it.

    Args:
        path (str | Path): The list.
        annotations (Sequence[tuple]): Its lines.

    Returns:
        dict: ``list``, its path; ``number`` of lines; and their ``sha256``, whatever the file's form.
    """
    sha256 = hashlib.sha256()
    for annotation in annotations:
        sha256.update(repr(tuple(annotation)).encode())
    return dict(list=str(path), number=len(annotations), sha256=sha256.hexdigest())


def is_anonymised(annotations):
    """Tell whether these are lines without labels, such as those of the challenge's test split, which has placeholders.

    Args:
        annotations (Sequence[Annotation]): A whole list.

    Returns:
        bool: Whether every label is unknown; or every name is ``test0000.mp4``, ``test0001.mp4``, … and every label 0.
    """
    if all(label == UNKNOWN for _, label in annotations):
        return True
    return all(label == 0 and _ANONYMISED_NAME.fullmatch(filename) for filename, label in annotations)
