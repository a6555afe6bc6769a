"""Files that are never half written."""

import os
from pathlib import Path


def write_whole(path, content):
    """Write a file so that it is either complete or as before.

    Args:
        path (str | Path): The file.
        content (bytes): All of it.
    """
    path = Path(path)
    unfinished = path.with_name(path.name + '.part')
    try:
        unfinished.write_bytes(content)
    except OSError as error:
        unfinished.unlink(missing_ok=True)  # on a full disk, half a file is in the way of the next try
        raise OSError(error.errno, f'{error.strerror or error}; the file is as before', str(path)) from None
    os.replace(unfinished, path)
