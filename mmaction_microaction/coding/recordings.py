"""Recordings: the videos of files and folders, of which some may be joined."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mmaction_microaction.video.sources import find_videos

JOINING = ('gopro', 'numbered')
"""Rules by which files are joined, see :func:`find_recordings`."""
_GOPRO_FIRST = re.compile(r'GOPR(\d{4})', re.IGNORECASE)
_GOPRO_CHAPTER = re.compile(r'G[HXPLS](\d\d)(\d{4})', re.IGNORECASE)
_NUMBERED = re.compile(r'(.*?)(\d+)')


class Recording(NamedTuple):
    """A recording of one or several video files."""

    name: str
    """Path of the first file relative to the given folder, without suffix and with ``/`` between folders."""
    media: tuple[Path, ...]
    """The files, in the order in which they follow each other."""

    @property
    def size(self) -> int:
        """Size of all files in bytes."""
        return sum(file.stat().st_size for file in self.media)

    def __str__(self) -> str:
        first = PurePosixPath(self.name).with_name(self.media[0].name).as_posix()
        return ' + '.join([first, *(file.name for file in self.media[1:])])


def find_recordings(paths: Sequence[str | Path], join: Iterable[str] = ()) -> list[Recording]:
    """List the recordings among files and folders.

    Cameras split a long recording into several files. There are three ways to join them:

    - ``'gopro'``: files that a GoPro names as chapters of one recording, such as GX010042.MP4 and GX020042.MP4.
    - ``'numbered'``: the files of one folder whose names are equal up to the number at their end, and whose numbers
      follow each other, such as 00000.MTS and 00001.MTS. This is for cameras with a folder for each recording. It would
      also join P01.mp4 and P02.mp4.
    - ``'A1.mp4+A2.mp4'``: these files, in this order. They are named as in ``paths``, or relative to a folder in it.

    Args:
        paths (Sequence[str | Path]): Video files, and folders that are searched with their subfolders.
        join (Iterable[str]): How files are joined. Defaults to none.

    Returns:
        list[Recording]: The recordings, in the order of their first files.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder contains no video, two recordings would have the same name, or files cannot be joined.
    """
    videos = find_videos(paths)
    groups: list[list[Path]] = [[video] for video in videos]
    for rule in join:
        if rule == 'gopro':
            groups = _join_neighbours(groups, _is_next_chapter)
        elif rule == 'numbered':
            groups = _join_neighbours(groups, _is_next_number)
        else:
            groups = _join_listed(groups, rule, videos)
    recordings = [Recording(videos[files[0]].with_suffix('').as_posix(), tuple(files)) for files in groups]
    first: dict[str, Recording] = {}
    for recording in recordings:
        # Windows and macOS do not distinguish capital letters in the names of the results.
        other = first.setdefault(recording.name.casefold(), recording)
        if other is not recording:
            raise ValueError(
                f'{other.media[0]} and {recording.media[0]} would both be coded as {recording.name}; rename one, or '
                'pass their common parent folder'
            )
    return recordings


def _join_neighbours(groups: list[list[Path]], follows: Callable[[Path, Path], bool]) -> list[list[Path]]:
    """Join groups whose files follow each other."""
    joined = []
    # Chapters are not neighbours by name: GX010001, GX010002, GX020001. Numbers may lack zeros: 9, 10.
    for files in sorted(groups, key=lambda files: _natural_key(files[0])):
        previous = next((group for group in joined if follows(group[-1], files[0])), None)
        if previous is None:
            joined.append([*files])
        else:
            previous += files
    return joined


def _natural_key(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts numbers within names by their values."""
    parts = re.split(r'(\d+)', path.as_posix().casefold())
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def _is_next_chapter(file: Path, following: Path) -> bool:
    if (file.parent, file.suffix.lower()) != (following.parent, following.suffix.lower()):
        return False
    after = _GOPRO_CHAPTER.fullmatch(following.stem)
    first, chapter = _GOPRO_FIRST.fullmatch(file.stem), _GOPRO_CHAPTER.fullmatch(file.stem)
    if not after:
        return False
    if first:  # HERO5 and earlier: GOPR0042 is followed by GP010042.
        return after[2] == first[1] and int(after[1]) == 1 and following.stem[:2].upper() == 'GP'
    return bool(
        chapter
        and chapter[2] == after[2]
        and int(after[1]) == int(chapter[1]) + 1
        and file.stem[:2].upper() == following.stem[:2].upper()
    )


def _is_next_number(file: Path, following: Path) -> bool:
    if (file.parent, file.suffix.lower()) != (following.parent, following.suffix.lower()):
        return False
    one, other = (_NUMBERED.fullmatch(path.stem) for path in (file, following))
    return bool(one and other and one[1] == other[1] and int(other[2]) == int(one[2]) + 1)


def _join_listed(groups: list[list[Path]], text: str, videos: Mapping[Path, Path]) -> list[list[Path]]:
    """Join the files that a text lists."""
    names = [name.strip() for name in text.split('+')]
    if len(names) < 2 or not all(names):
        raise ValueError(
            f'--join {text}: expected {", ".join(JOINING)}, or at least two files with + between them, such as '
            '"A1.mp4+A2.mp4"'
        )
    files = [_find_file(name, text, videos) for name in names]
    if len(set(files)) < len(files):
        raise ValueError(f'--join {text}: a file is listed twice')
    used = next((file for file in files if [file] not in groups), None)
    if used is not None:
        raise ValueError(f'--join {text}: {used.name} is already joined with other files')
    return [files if group == [files[0]] else group for group in groups if group[0] not in files[1:]]


def _find_file(name: str, text: str, videos: Mapping[Path, Path]) -> Path:
    wanted = PurePosixPath(name.replace('\\', '/'))
    found = [path for path, relative in videos.items() if PurePosixPath(relative.as_posix()) == wanted]
    found = found or [path for path in videos if path == Path(name) or path.name == name]
    if len(found) != 1:
        problem = 'is not one of the videos' if not found else f'is the name of {len(found)} videos; add its folder'
        raise ValueError(f'--join {text}: {name} {problem}')
    return found[0]
