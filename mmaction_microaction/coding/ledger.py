"""Record of the files that a run has written, so that no file that people have changed is overwritten."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.untrusted import parse_json, read_limited

FORMAT = 'microaction code state'
"""Name of the format, the value of ``format`` in the file."""
MAX_SIZE = 2**26
"""Largest size of the file in bytes."""
SECONDS_TO_WRITE = 60
"""Longest time in seconds that writing one file takes."""


class Ledger:
    """Writes the files of a folder, and knows which of them were changed afterwards.

    The record is itself a file. Before a file is written, the record says so; afterwards, it contains the hash of the
    file. So a run that is killed at any moment knows its own files when it is started again.

    Attributes:
        settings (dict[str, Any] | None): Settings of the run. None if there is no record yet.

    Args:
        path (Path): Path of the record.

    Raises:
        ValueError: If the file is not such a record.
    """

    settings: dict[str, Any] | None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = None
        self._files: dict[str, dict[str, Any]] = {}
        if path.exists():
            try:
                content = parse_json(read_limited(path, MAX_SIZE, 'a record'))
                if content['format'] != FORMAT:
                    raise ValueError(f'"format" is not "{FORMAT}"')
                self.settings, self._files = content['settings'], dict(content['files'])
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f'{path} is not the record of a run ({type(error).__name__}: {error}); move it out of the folder'
                ) from None

    def save(self) -> None:
        """Write the record.

        Raises:
            OSError: If it cannot be written.
        """
        content = {'format': FORMAT, 'settings': self.settings, 'files': self._files}
        write_whole(self.path, (json.dumps(content, indent=1) + '\n').encode())

    def is_own(self, path: Path) -> bool:
        """Return whether a file is as this program wrote it.

        Args:
            path (Path): Path of the file, which exists.

        Returns:
            bool: False if the file was changed since, or was never written by this program.
        """
        entry = self._files.get(self._key(path), {})
        if 'begun' in entry and 0 <= path.stat().st_mtime - entry['begun'] + 1 <= SECONDS_TO_WRITE:
            return True  # A run was killed after it wrote the file and before it recorded the hash.
        return entry.get('sha256') == hash_file(path)

    def hash_of(self, path: Path) -> str | None:
        """Return the hash of a file when it was written last, or None if it was not written."""
        return self._files.get(self._key(path), {}).get('sha256')

    def content_of(self, path: Path) -> Any:
        """Return what a file contained when it was written last, or None if that is not known."""
        return self._files.get(self._key(path), {}).get('content')

    def write(self, path: Path, write: Callable[[Path], None], content: Any = None) -> None:
        """Write a file, and record it.

        Args:
            path (Path): Path of the file.
            write (Callable[[Path], None]): Function that writes the file, completely or not at all.
            content (Any): What the file contains, for JSON. Defaults to None.

        Raises:
            OSError: If the file cannot be written.
        """
        make_folder(path.parent)
        key = self._key(path)
        self._files[key] = {**self._files.get(key, {}), 'begun': time.time()}
        self.save()
        write(path)
        self._files[key] = (
            {'sha256': hash_file(path)} if content is None else {'sha256': hash_file(path), 'content': content}
        )
        self.save()

    def set_aside(self, path: Path) -> Path | None:
        """Rename a file that people have changed, so that a new one can be written.

        Args:
            path (Path): Path of the file.

        Returns:
            Path | None: New path, which ends in ``.bak``. None if the file does not exist or was not changed.

        Raises:
            OSError: If the file cannot be renamed.
        """
        if not path.exists() or self.is_own(path):
            return None
        number = 1
        while (kept := path.with_name(f'{path.name}.{number}.bak')).exists():
            number += 1
        path.rename(kept)
        return kept

    def _key(self, path: Path) -> str:
        return path.relative_to(self.path.parent).as_posix()


def hash_file(path: str | Path) -> str:
    """Return the SHA-256 of a file.

    Args:
        path (str | Path): Path of the file.

    Returns:
        str: Hash in hexadecimal digits.
    """
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
