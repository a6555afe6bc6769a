"""Files in a folder that are not those of its user: copies of systems and programs, and what was deleted."""

from pathlib import Path

_TRASH = ('$recycle.bin', '#recycle', '@recycle')  # of Windows, Synology and QNAP; that of Linux and macOS has a dot


def is_hidden(path: Path, folder: Path) -> bool:
    """Return whether a file below a folder is hidden, or in a hidden folder or the trash.

    Names that begin with a dot are hidden. macOS writes ``._a.mp4`` beside ``a.mp4`` on foreign disks, and Excel writes
    ``~$a.xlsx`` while ``a.xlsx`` is open. On external disks, deleted files are in folders such as ``.Trash-1000``.

    Args:
        path (Path): Path of the file.
        folder (Path): The folder, whose own name does not matter.

    Returns:
        bool: Whether a search of the folder should leave the file out.

    Examples:
        >>> folder = Path('interviews')
        >>> is_hidden(folder / '.Trash-1000/files/a.mp4', folder), is_hidden(folder / 'week1/a.mp4', folder)
        (True, False)
    """
    parts = path.relative_to(folder).parts
    return any(part.startswith(('.', '~$')) or part.casefold() in _TRASH for part in parts)
