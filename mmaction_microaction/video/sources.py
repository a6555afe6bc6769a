"""Finds video files in folders."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from .files import list_videos


def find_videos(paths: Sequence[str | Path]) -> dict[Path, Path]:
    """List the video files among files and folders.

    A warning counts the other files of a folder.

    Args:
        paths (Sequence[str | Path]): Paths of files, and of folders, which are searched with their subfolders.

    Returns:
        dict[Path, Path]: For each file, in order, its path relative to the given folder, or its name.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder contains no video.
    """
    found = {}
    for path in map(Path, paths):
        if path.is_dir():
            videos, others = list_videos(path, recursive=True)
            if others:
                skipped = '1 file that is not a video' if others == 1 else f'{others:,} files that are not videos'
                warnings.warn(f'{path} has {skipped}; only videos are read', stacklevel=2)
            found.update((video, video.relative_to(path)) for video in videos)
        elif path.exists():
            found[path] = Path(path.name)
        else:
            raise FileNotFoundError(f'{path}: no such file or folder')
    return found
