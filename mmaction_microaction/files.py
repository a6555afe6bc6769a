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
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
