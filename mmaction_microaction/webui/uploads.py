"""Clips that visitors upload: which are accepted, and when they are deleted."""

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from .limits import LimitedVideo


class Uploads:
    """A folder that contains only files of visitors. Files that no visitor needs any more are deleted.

    Args:
        folder (str | Path): Folder in which uploaded files arrive.
        max_seconds (float): Maximum duration of a video in seconds.
        max_megabytes (float): Maximum size of a file in megabytes.
        max_minutes (float): Maximum time in minutes that a network works on a clip. Defaults to 240.
        max_files (int): Maximum number of videos of a visitor. Defaults to 20.
    """

    def __init__(
        self,
        folder: str | Path,
        max_seconds: float,
        max_megabytes: float,
        max_minutes: float = 240,
        max_files: int = 20,
    ):
        self.folder = Path(folder).resolve()
        self.max_seconds, self.max_megabytes, self.max_minutes = max_seconds, max_megabytes, max_minutes
        self.max_files = max_files
        self._held = {}
        self._lock = threading.Lock()

    def hold(self, visitor: str, path: str | Path) -> LimitedVideo:
        """Check a clip, and keep it for a visitor besides earlier files. A refused clip is deleted.

        Args:
            visitor (str): Session of the visitor.
            path (str | Path): Path of an uploaded file, or of an example, which is never deleted.

        Returns:
            LimitedVideo: The clip.

        Raises:
            ValueError: If the file is not a video, or exceeds a limit. The message is for the visitor and names no
                folder.
        """
        self.add(visitor, path)
        try:
            return self.open(path)
        except BaseException:
            self.drop(visitor, path)
            raise

    def add(self, visitor: str, *paths: str | Path) -> None:
        """Hold more files for a visitor, such as results."""
        with self._lock:
            self._hold(visitor, [*self._held.get(visitor, []), *map(Path, paths)])

    def drop(self, visitor: str, *paths: str | Path) -> None:
        """Delete files of a visitor, unless another visitor uses them too. The other files of the visitor stay."""
        dropped = set(map(Path, paths))
        with self._lock:
            self._hold(visitor, [path for path in self._held.get(visitor, []) if path not in dropped])

    def holds(self, visitor: str, path: str | Path) -> bool:
        """Return whether a file is held for a visitor. It is not if the visitor closed the page."""
        return Path(path) in self._held.get(visitor, ())

    def touch(self, visitor: str, *paths: str | Path) -> None:
        """Note that a visitor uses the held files now, so that they are not deleted as old.

        Args:
            visitor (str): Session of the visitor.
            *paths (str | Path): Further files that the visitor uses, such as an upload that a waiting call names.
        """
        with self._lock:
            for path in (*self._held.get(visitor, ()), *map(Path, paths)):
                # A visitor may name any path, also one that is none.
                with suppress(OSError, ValueError):
                    # Examples are files of the user of the server, and stay as they are.
                    if self.folder in path.resolve().parents:
                        os.utime(path)

    def release(self, visitor: str) -> None:
        """Delete the files of a visitor, unless another visitor uses them too."""
        with self._lock:
            self._hold(visitor, [])

    def open(self, path: str | Path) -> LimitedVideo:
        """Open a clip, whose frames end with an error after ``max_minutes``.

        Args:
            path (str | Path): Path of the clip.

        Returns:
            LimitedVideo: The clip.

        Raises:
            ValueError: If the file no longer exists, is not a video, or exceeds a limit. The message is for the visitor
                and names no folder.
        """
        path = Path(path)
        name = path.name
        if not path.is_file():
            raise ValueError(
                f'{name} is no longer here: an upload is deleted after a while without use, and after a call of the '
                'API. Upload it again.'
            )
        size = path.stat().st_size
        if not size:
            raise ValueError(f'{name} is empty (0 bytes); upload another file.')
        if size > self.max_megabytes * 1e6:
            raise ValueError(
                f'{name} has {size / 1e6:.1f} MB, but at most {self.max_megabytes:g} MB are allowed; cut or compress '
                'it.'
            )
        try:
            return LimitedVideo(path, self.max_seconds, self.max_minutes)
        except (OSError, ValueError) as error:
            raise ValueError(str(error).replace(str(path), name)) from None

    def size(self) -> int:
        """Return the total size of all files in bytes."""
        return sum(stat.st_size for _, stat in self._files())

    def delete_older(self, minutes: float) -> None:
        """Delete the files that were not used for a number of minutes, whether or not they are held or complete.

        Deleted files are no longer held, since clients without a page never release them.

        Args:
            minutes (float): Maximum time since a file was written, or since :meth:`touch`, in minutes.
        """
        end = time.time() - 60 * minutes
        with self._lock:
            for path, stat in self._files():
                if stat.st_mtime <= end:
                    _delete(path, self.folder)
            held = {visitor: [path for path in paths if path.exists()] for visitor, paths in self._held.items()}
            self._held = {visitor: paths for visitor, paths in held.items() if paths}

    def _files(self):
        # os.walk follows no links, and ignores folders that are deleted meanwhile.
        for folder, _, names in os.walk(self.folder):
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    yield path, path.lstat()

    def _hold(self, visitor, paths):
        dropped = self._held.pop(visitor, [])
        if paths:
            self._held[visitor] = paths
        # Visitors share the examples, and a visitor with several pages open may share a file between them.
        kept = {path for held in self._held.values() for path in held}
        for path in dropped:
            if path not in kept and self.folder in path.resolve().parents:
                _delete(path, self.folder)


def _delete(path, root):
    """Delete a file, and its own folder unless that is the root."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        if path.parent.resolve() != root:
            path.parent.rmdir()
