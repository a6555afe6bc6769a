"""The private folder of a server, which does not outlive it."""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

PREFIX, LOCK = 'micro-actions-', 'lock'


@contextlib.contextmanager
def private_folder():
    """Make a folder that nobody else can read, delete it at the end, and those of servers that were killed now.

    A server holds a lock in its folder, which ends with its process, however that ends.

    Yields:
        Path: The folder.
    """
    remove_abandoned(tempfile.gettempdir())
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as root:
        root = Path(root)
        with open(root / f'{LOCK}.new', 'w') as lock:
            if fcntl:
                # Before anybody sees it.
                fcntl.flock(lock, fcntl.LOCK_EX)
                os.rename(lock.name, root / LOCK)
            yield root


def remove_abandoned(temporary):
    """Delete the folders of servers that are gone; those of other users, and what is only called so, stay.

    Args:
        temporary (str | Path): Where they are.
    """
    if fcntl is None:
        return
    for root in Path(temporary).glob(f'{PREFIX}*'):
        with contextlib.suppress(OSError):
            status = root.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            with open(os.open(root / LOCK, os.O_RDWR | os.O_NOFOLLOW), 'r+') as lock:
                # BlockingIOError if its server lives.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(root, ignore_errors=True)
