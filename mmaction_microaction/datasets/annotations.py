"""Reading and checking MA-52's annotation lists."""

import hashlib
import re
from typing import NamedTuple

from mmaction_microaction.taxonomy import BODY_PARTS, NUM_ACTIONS, fine_to_coarse
from mmaction_microaction.untrusted import read_limited

MAX_LIST_SIZE = 2**25
"""Bytes; that of MA-52's training clips has 250,000."""

# SSSS_BB_NNNN.mp4: subject, body part, running number; the real set counts body parts from 0.
_NAME = re.compile(r'\d{4}_(?P<body_part>\d{2})_\d{4}\.mp4')
_ANONYMISED_NAME = re.compile(r'test\d{4}\.mp4')


class Annotation(NamedTuple):
    """One line of an annotation list."""

    filename: str
    """Path of the clip below the split's video folder."""
    label: int
    """Fine label, 0 to 51."""


def read_annotations(path, check_names=True):
    """Read a list of ``name.mp4 label`` lines, in the released form: one space, any line ends, last newline optional.

    Args:
        path (str | Path): The list.
        check_names (bool): Whether a name of the form ``SSSS_BB_NNNN.mp4`` must agree with its label, BB being the body
            part counted from 0, as holds for all 16,836 labelled clips of MA-52. Other names are not checked.

    Returns:
        list[Annotation]: One per line, in order.

    Raises:
        FileNotFoundError: If there is no such list.
        ValueError: If the list is empty or a line is malformed, repeats a name, or has a label that is no fine label or
            contradicts the name. The message gives file, line number and remedy.
    """
    lines = read_lines(path, 'data/ma52/README.md says how to get MA-52 and where it goes.', '"name.mp4 label"')

    first_lines = {}
    annotations = []
    for number, line in enumerate(lines, start=1):
        annotation = _parse_line(line, f'{path}, line {number}', check_names)
        first = first_lines.setdefault(annotation.filename, number)
        if first != number:
            raise ValueError(
                f'{path}, line {number}: {annotation.filename} stands already in line {first}; remove one of the two.'
            )
        annotations.append(annotation)
    return annotations


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


def _parse_line(line, where, check_names):
    """Turn one line into an :class:`Annotation`; ``where`` names file and line in errors."""
    # From the right: a name may contain spaces, a label cannot.
    filename, separator, label = line.rpartition(' ')
    if not separator or not filename.strip() or not re.fullmatch(r'-?[0-9]{1,9}', label):
        raise ValueError(f'{where}: expected "name.mp4 label", one space between, got {line!r}; correct or remove it.')
    label = int(label)
    if not 0 <= label < NUM_ACTIONS:
        raise ValueError(
            f'{where}: label {label} of {filename} is not one of the {NUM_ACTIONS} fine labels 0 to {NUM_ACTIONS - 1}.'
        )
    name = _NAME.fullmatch(filename.rpartition('/')[2]) if check_names else None
    if name and int(name['body_part']) != fine_to_coarse[label]:
        part = int(fine_to_coarse[label])
        raise ValueError(
            f'{where}: the name {filename} says body part {int(name["body_part"])}, but label {label} belongs to '
            f'{part} ({BODY_PARTS[part]}). Correct the line; if your names count body parts otherwise, set '
            'check_names=False.'
        )
    return Annotation(filename, label)


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
    """Tell whether these are the lines of the challenge's test split, whose labels are placeholders.

    Args:
        annotations (Sequence[Annotation]): A whole list.

    Returns:
        bool: Whether every name is ``test0000.mp4``, ``test0001.mp4``, … and every label 0.
    """
    return all(label == 0 and _ANONYMISED_NAME.fullmatch(filename) for filename, label in annotations)
