"""Names of recordings: paths without ending, of which some files know the last part only."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from mmaction_microaction.label_sets import normalize_name


def find_name(name: str, others: Iterable[str]) -> str | None:
    """Find a recording by its name. Case, hyphens and underscores do not matter.

    Args:
        name (str): Name of the recording, such as ``'week1/P07'`` or ``'P07'``.
        others (Iterable[str]): Names that are searched.

    Returns:
        str | None: The same name, or else the only one with the same last part. None if there is none, or several.

    Examples:
        >>> find_name('P07', ['week1/P07', 'week1/P08'])
        'week1/P07'
        >>> find_name('P07', ['week1/P07', 'week2/P07']) is None
        True
    """
    others = list(dict.fromkeys(others))
    found = [name] if name in others else [each for each in others if normalize_name(each) == normalize_name(name)]
    found = found or list_namesakes(name, others)
    return found[0] if len(found) == 1 else None


def list_namesakes(name: str, others: Iterable[str]) -> list[str]:
    """Return the recordings whose names have the same last part.

    Args:
        name (str): Name of a recording.
        others (Iterable[str]): Names that are searched.

    Returns:
        list[str]: The names with the same last part, in their order.
    """
    return [each for each in others if _last_part(each) == _last_part(name)]


def _last_part(name: str) -> str:
    return normalize_name(PurePosixPath(name).name)
