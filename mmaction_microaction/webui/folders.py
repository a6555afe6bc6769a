"""The private folder of a server, which is deleted when the server ends."""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX = 'micro-actions-'
"""Start of the names of private folders."""
LOCK = 'lock'
"""Name of the lock file in a private folder."""


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """Create a folder that no other user can read, and delete it at the end.

    The folders of servers that were killed are deleted first. They are found by their lock file: the operating system
    releases the lock of a process when the process ends.

    Yields:
        Path: Path of the folder.
    """
    remove_abandoned(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as root:
        root = Path(root)
        with open(root / f'{LOCK}.new', 'w') as lock:
            if fcntl:
                # The lock is held before the file has the name that other servers look for.
                fcntl.flock(lock, fcntl.LOCK_EX)
                os.rename(lock.name, root / LOCK)
            yield root


def remove_abandoned(temporary: str | Path) -> None:
    """Delete the folders of servers that no longer run. Folders of other users, and folders without a lock file, stay.

    Args:
        temporary (str | Path): Folder that contains the folders of the servers.
    """
    if fcntl is None:
        return
    for root in Path(temporary).glob(f'{PREFIX}*'):
        with contextlib.suppress(OSError):
            status = root.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            with open(os.open(root / LOCK, os.O_RDWR | os.O_NOFOLLOW), 'r+') as lock:
                # Raises BlockingIOError, an OSError, if the server still runs.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(root, ignore_errors=True)
