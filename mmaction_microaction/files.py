"""Files that are never half written, and those that cannot be written at all."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path, content):
    """Write a file so that it is either complete or as before.

    What a link points to is written. A pipe or a device, such as ``/dev/stdout``, is written to as it is.

    Args:
        path (str | Path): The file.
        content (bytes): All of it.

    Raises:
        OSError: If it cannot be written.
    """
    path = Path(path)
    if _is_special(path):
        path.write_bytes(content)
        return
    path = path.resolve() if path.is_symlink() else path
    unfinished = path.with_name(path.name + '.part')
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()  # on a full disk, half a file is in the way of the next try
        raise OSError(error.errno, f'{error.strerror or error}; the file is as before', str(path)) from None


def as_text_cell(text):
    """Keep a spreadsheet from taking a text, such as the name of a stranger's video, for a formula.

    Args:
        text (str): The text of a cell.

    Returns:
        str: The same, behind an apostrophe if a spreadsheet would run it.
    """
    # Excel and LibreOffice pass over spaces and control characters before a formula; wide signs count as signs.
    start = text.lstrip(''.join(map(chr, range(33))) + '\ufeff\xa0')[:1]
    return f"'{text}" if start in tuple('=+-@\uff1d\uff0b\uff0d\uff20') or text[:1] in ('\t', '\r', '\n') else text


def check_writable(path):
    """Find out before long work that its result could not be written; writes nothing.

    Args:
        path (str | Path): The file that is to be written.

    Raises:
        OSError: If it is a folder, or its own folder is missing or cannot be written to.
    """
    path = Path(path)
    if _is_special(path):
        return
    path = path.resolve() if path.is_symlink() else path
    if path.is_dir():
        raise OSError(f'{path} cannot be written, since it is a folder; name a file')
    if not path.parent.is_dir():
        raise OSError(f'{path} cannot be written, since {path.parent} is no folder; make it, or name another file')
    if not os.access(path.parent, os.W_OK):
        raise OSError(f'{path} cannot be written, since {path.parent} is write-protected; name another file')


def _is_special(path):
    """Say whether something is there that is neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def make_folder(path):
    """Make a folder, and those above it, unless it is there.

    Args:
        path (str | Path): The folder.

    Raises:
        OSError: If it cannot be made, for instance since a file has its name.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f'{path} cannot be a folder ({error.strerror}: {error.filename}); name another') from None
