"""The clips that visitors send: which are taken, and that none stays."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from .limits import LimitedVideo, check_video


class Uploads:
    """Files of visitors, in a folder that holds nothing else. Whatever is not held for a visitor any more is deleted.

    Args:
        folder (str | Path): Where uploaded files arrive.
        max_seconds (float): Longer videos are refused.
        max_megabytes (float): So are larger ones.
        max_minutes (float): Longest time that a network works on a clip. Defaults to 20.
    """

    def __init__(self, folder, max_seconds, max_megabytes, max_minutes=20):
        self.folder = Path(folder).resolve()
        self.max_seconds, self.max_megabytes, self.max_minutes = max_seconds, max_megabytes, max_minutes
        self._held = {}
        self._lock = threading.Lock()

    def take(self, visitor, path):
        """Check a clip, and hold it for a visitor in place of the last one. One that is refused is deleted.

        Args:
            visitor (str): Whose it is.
            path (str | Path): An uploaded file, or one of the examples, which stay.

        Raises:
            ValueError: If it is no video, or too large or long. The message is for the visitor: one sentence, no paths.
        """
        with self._lock:
            self._hold(visitor, [Path(path)])
        try:
            self.check(path)
        except BaseException:
            self.forget(visitor)
            raise

    def add(self, visitor, *paths):
        """Hold more files for a visitor, such as results, for as long as the clip."""
        with self._lock:
            self._hold(visitor, [*self._held.get(visitor, []), *map(Path, paths)])

    def forget(self, visitor):
        """Delete what a visitor sent and got."""
        with self._lock:
            self._hold(visitor, [])

    def check(self, path):
        """Refuse what cannot be recognised; raises as :meth:`take`."""
        path = Path(path)
        name = path.name
        if not path.is_file():
            raise ValueError('The clip is no longer here: uploads are deleted after a while. Upload it once more.')
        size = path.stat().st_size
        if not size:
            raise ValueError(f'{name} is empty (0 bytes); upload another file.')
        if size > self.max_megabytes * 1e6:
            raise ValueError(
                f'{name} has {size / 1e6:.1f} MB, but at most {self.max_megabytes:g} MB are taken; cut or compress it.'
            )
        check_video(path, self.max_seconds)

    def open(self, path):
        """Open a clip that was checked.

        Args:
            path (str | Path): The clip.

        Returns:
            LimitedVideo: The video, whose frames end with an error when ``max_minutes`` are over.
        """
        return LimitedVideo(path, self.max_minutes)

    def size(self):
        """int: Bytes of all files."""
        return sum(stat.st_size for _, stat in self._files())

    def sweep(self, minutes):
        """Delete what is older, whether it is held for somebody, was never taken or did not arrive as a whole.

        Args:
            minutes (float): The age.
        """
        end = time.time() - 60 * minutes
        with self._lock:
            for path, stat in self._files():
                if stat.st_mtime <= end:
                    _delete(path, self.folder)

    def _files(self):
        # It follows no links, and bears it that folders are deleted meanwhile.
        for folder, _, names in os.walk(self.folder):
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    yield path, path.lstat()

    def _hold(self, visitor, paths):
        dropped = self._held.pop(visitor, [])
        if paths:
            self._held[visitor] = paths
        # Visitors share the examples, and their own files if they have several pages open.
        kept = {path for held in self._held.values() for path in held}
        for path in dropped:
            if path not in kept and self.folder in path.resolve().parents:
                _delete(path, self.folder)


def _delete(path, root):
    """Delete a file, and the folder that was made for it."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        if path.parent.resolve() != root:
            path.parent.rmdir()
