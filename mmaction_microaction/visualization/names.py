"""Names of files as figures show them: short, distinct, and drawable."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path


def shorten(name: str, length: int = 30) -> str:
    """Cut a long name in the middle, since most names differ at their ends.

    Args:
        name (str): Name to shorten. Characters that are not valid UTF-8 become question marks.
        length (int): Maximum number of characters. Defaults to 30, which fit into a legend.

    Returns:
        str: Shortened name.
    """
    name = name.encode('utf-8', 'replace').decode('utf-8')
    end = (length - 1) // 2
    return name if len(name) <= length else f'{name[: length - 1 - end]}…{name[len(name) - end :]}'


def distinct_names(paths: Sequence[str | Path]) -> list[str]:
    """Name files by their stems or, if the stems are equal, by the nearest folders that differ.

    Args:
        paths (Sequence[str | Path]): Paths of one file or more.

    Returns:
        list[str]: Shortened names, which differ unless the files are the same.
    """
    parts = [(*path.parts[:-1], path.stem) for path in (Path(path).resolve() for path in paths)]
    levels = list(zip(*map(reversed, parts)))
    names = next((names for names in levels if len(set(names)) == len(names)), levels[0])
    short_names = [shorten(name) for name in names]
    if len(set(short_names)) < len(set(names)):
        # They differ only in the middle, which is cut out: begin with the first character that differs.
        start = next(index for index, characters in enumerate(zip_longest(*names)) if len(set(characters)) > 1)
        short_names = [shorten(f'…{name[start:]}') for name in names]
    return short_names
