"""The clips that visitors send: which are taken, and that none stays."""

import threading
from pathlib import Path

from mmaction_microaction.videos import Video


class Uploads:
    """Files of visitors, in a folder that holds nothing else. Whatever is not held for a visitor any more is deleted.

    Args:
        folder (str | Path): Where uploaded files arrive.
        max_seconds (float): Longer videos are refused.
        max_megabytes (float): So are larger ones.
    """

    def __init__(self, folder, max_seconds, max_megabytes):
        self.folder = Path(folder).resolve()
        self.max_seconds, self.max_megabytes = max_seconds, max_megabytes
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
        except ValueError:
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
        try:
            seconds = Video(path).duration
        except ValueError:
            raise ValueError(f'{name} cannot be read as a video; upload another file, such as an MP4.') from None
        if seconds > self.max_seconds:
            raise ValueError(
                f'{name} is {seconds:.1f} seconds long, but at most {self.max_seconds:g} are taken; cut it into pieces.'
            )

    def _hold(self, visitor, paths):
        dropped = self._held.pop(visitor, [])
        if paths:
            self._held[visitor] = paths
        # Two visitors who send the same file share it.
        kept = {path for held in self._held.values() for path in held}
        for path in dropped:
            if path not in kept and self.folder in path.resolve().parents:
                path.unlink(missing_ok=True)
