"""Finds and reads label sets: those of this package, and files of users."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mmaction_microaction.utils.paths import find_guide
from mmaction_microaction.utils.untrusted import read_limited

from .label_set import LabelSet

MAX_SIZE = 2**22
"""Largest size of a file in bytes. A label set of 10,000 actions has 1 MiB."""

_FOLDER = Path(__file__).parent


def list_label_sets() -> list[str]:
    """Return the names of the label sets of this package.

    Examples:
        >>> list_label_sets()
        ['imigue', 'ma52', 'ma52_rest', 'smg']
    """
    return sorted([*(path.stem for path in _FOLDER.glob('*.yaml')), MA52_REST.name])


def get_label_set(label_set: str | Path | Mapping[str, Any] | LabelSet | None = None) -> LabelSet:
    """Return a label set.

    Args:
        label_set (str | Path | Mapping[str, Any] | LabelSet, optional): Name of a label set of this package, path of a
            file, content as from :meth:`LabelSet.to_dict`, or a label set, which is returned as it is. Defaults to
            None: the label set of MA-52.

    Returns:
        LabelSet: The label set.

    Raises:
        FileNotFoundError: If there is no such file, nor a label set of this name.
        ValueError: If the content is malformed.

    Examples:
        >>> get_label_set('ma52').title
        'MA-52'
        >>> get_label_set({'name': 'gestures', 'actions': ['nodding', 'waving']}).names
        ('nodding', 'waving')
    """
    if label_set is None:
        return MA52
    if isinstance(label_set, LabelSet):
        return label_set
    if isinstance(label_set, Mapping):
        return LabelSet.from_dict(label_set)
    if str(label_set) == MA52_REST.name:
        return MA52_REST
    if str(label_set) in list_label_sets():
        return _read_shipped(str(label_set))
    path = Path(label_set)
    if path.suffix not in ('.yaml', '.yml', '.txt'):
        raise FileNotFoundError(
            f'{label_set}: no such label set. The package has {", ".join(list_label_sets())}; {_remedy()}'
        )
    return _read(path)


def find_label_set(metainfo: Mapping[str, Any] | None, num_classes: int, where: str) -> LabelSet:
    """Return the label set of a dataset, a checkpoint or an exported network.

    Args:
        metainfo (Mapping[str, Any] | None): Metadata, with or without ``label_set``. Datasets of this package have it
            in ``metainfo``, and MMEngine saves it in every checkpoint as ``dataset_meta``.
        num_classes (int): Number of classes of the network or of the scores.
        where (str): File or object that the metadata is from, for the error message.

    Returns:
        LabelSet: The label set of the metadata. Without one, the label set of MA-52 if the number of classes is the
        number of its actions.

    Raises:
        ValueError: If the label set is malformed or has another number of actions, or there is none and the number of
            classes is not that of MA-52.

    Examples:
        >>> find_label_set(None, 52, 'old.pth').name
        'ma52'
        >>> find_label_set({'label_set': {'name': 'gestures', 'actions': ['nodding', 'waving']}}, 2, 'new.pth').names
        ('nodding', 'waving')
    """
    content = (metainfo or {}).get('label_set')
    if content is None:
        if num_classes == len(MA52):
            return MA52
        raise ValueError(
            f'{where} does not say what its {num_classes} classes are; name their label set, as a file or one of '
            f'{", ".join(list_label_sets())}: label_set of the dataset in a config, --label-set of a command'
        )
    label_set = content if isinstance(content, LabelSet) else LabelSet.from_dict(content, f'{where}: its label set')
    if len(label_set) != num_classes:
        raise ValueError(
            f'{where}: the label set {label_set.name} has {len(label_set)} actions, but there are {num_classes} '
            'classes; num_classes of the head must be the number of actions'
        )
    return label_set


@cache
def _read_shipped(name: str) -> LabelSet:
    return _read(_FOLDER / f'{name}.yaml')


def _read(path: Path) -> LabelSet:
    """Read a label set from a file of a user or of this package."""
    try:
        text = read_limited(path, MAX_SIZE, 'a label set').decode('utf-8-sig')
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such label set. {_remedy()}') from None
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} is not a text file in UTF-8 ({error}); save it as UTF-8') from None
    if path.suffix == '.txt':
        return LabelSet.from_dict({'name': path.stem, 'actions': _parse_lines(text, path)}, str(path))
    try:
        content = yaml.safe_load(text)  # not CSafeLoader, which crashes on deeply nested lists
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f'{path} is not YAML ({" ".join(str(error).split())[:200]}). {_remedy()}') from None
    if isinstance(content, list):
        content = {'actions': content}
    if isinstance(content, dict):
        content = {'name': path.stem, **content}
    return LabelSet.from_dict(content, str(path))


def _parse_lines(text: str, path: Path) -> list[dict[str, str]]:
    """Return the actions of a text file: one name per line and, after a tab, the group.

    ``#`` at the beginning of a line or after a space begins a comment, unless a digit follows.
    """
    actions = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = [field.strip() for field in re.sub(r'(^|\s)#(?!\d).*', '', line).rstrip().split('\t')]
        if not any(fields):
            continue
        if len(fields) > 2 or not all(fields):
            raise ValueError(f'{path}, line {number}: expected a name and, after one tab, a group, got {line!r:.80}')
        actions.append(dict(zip(('name', 'group'), fields)))
    return actions


MA52 = _read_shipped('ma52')
"""Label set of MA-52: 52 micro-actions of 7 body parts."""
MA52_REST = MA52.with_rest()
"""Label set of MA-52 and, as the last of 53 actions, ``rest``, for networks that find actions in videos."""


def is_ma52(label_set: LabelSet) -> bool:
    """Return whether a label set is that of MA-52, with or without ``rest``."""
    return label_set in (MA52, MA52_REST)


def _remedy() -> str:
    return (
        f'{find_guide("docs/own_classes.md")} describes such files: a YAML file (.yaml) with "actions", or a text file '
        '(.txt) with one name per line and, after a tab, its group'
    )
