"""Names of files as figures can show them: short, different, and drawable."""

from itertools import zip_longest
from pathlib import Path


def shorten(name, length=30):
    """Cut a name in its middle, since it is at its ends that most names differ.

    Args:
        name (str): The name, as file systems hold it; what is not text in UTF-8 becomes question marks.
        length (int): Characters, at most. Defaults to 30, what legends have room for.

    Returns:
        str: The name.
    """
    name = name.encode('utf-8', 'replace').decode('utf-8')
    end = (length - 1) // 2
    return name if len(name) <= length else f'{name[: length - 1 - end]}…{name[len(name) - end :]}'


def tell_apart(paths):
    """Name files by their stems or, if those are equal, by the nearest folders that are not.

    Args:
        paths (Sequence[str | Path]): The files, one or two.

    Returns:
        list[str]: Shortened names; they differ unless the files are the same.
    """
    parts = [(*path.parts[:-1], path.stem) for path in (Path(path).resolve() for path in paths)]
    levels = list(zip(*map(reversed, parts)))
    names = next((names for names in levels if len(set(names)) == len(names)), levels[0])
    short = [shorten(name) for name in names]
    if len(set(short)) < len(set(names)):
        shared = next(place for place, letters in enumerate(zip_longest(*names)) if len(set(letters)) > 1)
        short = [shorten(f'…{name[shared:]}') for name in names]
    return short
