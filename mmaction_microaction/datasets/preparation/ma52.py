"""Puts the downloaded MA-52, zipped or unpacked, into the folder that the configs read."""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.utils.files import atomic_write, lock_for_link, make_folder
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import first_few, format_count, last_line
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.sparse_decoding import READ_ERRORS, decode, open_video

SPLIT_SIZES = {'train': 11250, 'val': 5586, 'test': 5586}
"""Number of clips in each split of MA-52 (Guo et al., section III)."""
UNPACK_ERRORS = (EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""Exceptions that reading a damaged member of an archive may raise."""


def find_list(split: str, folders: Sequence[Path]) -> Path:
    """Find the annotation list of a split in some folders or their subfolders.

    Args:
        split (str): Name of the split, ``'train'``, ``'val'`` or ``'test'``.
        folders (Sequence[Path]): Paths of the folders, in the order in which they are searched.

    Returns:
        Path: Path of the list.

    Raises:
        FileNotFoundError: If no folder contains the list.
    """
    name = f'{split}_list_videos.txt'
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            if not is_hidden(path, folder):
                return path
    searched = ' or '.join(str(folder) if folder.is_dir() else f'{folder} (no such folder)' for folder in folders)
    raise FileNotFoundError(
        f'{name} is not in {searched}. It comes with the code of MA-52 '
        '(github.com/VUT-HFUT/Micro-Action) instead of the videos: download it and pass its folder with --lists.'
    )


def find_clips(split: str, source: Path) -> dict[str, tuple[Path, str | None]]:
    """Find the clips of a split in its zip archive, or else in its folder.

    Args:
        split (str): Name of the split, ``'train'``, ``'val'`` or ``'test'``.
        source (Path): Path of the folder with ``{split}.zip``, ``{split}/`` or ``videos_{split}/``.

    Returns:
        dict[str, tuple[Path, str | None]]: For each base name, the path of the file and None, or the path of the
        archive and the name of the member.

    Raises:
        FileNotFoundError: If ``source`` contains neither the archive nor a folder.
        ValueError: If the archive is damaged, or two clips have the same base name.
    """
    archive = source / f'{split}.zip'
    if archive.is_file():
        try:
            with zipfile.ZipFile(archive) as file:
                members = [member for member in file.namelist() if member.endswith('.mp4')]
        except zipfile.BadZipFile as error:
            raise ValueError(f'{archive} is damaged or incomplete ({error}); download it again.') from None
        return {name: (archive, member) for name, member in _by_base_name(members, archive).items()}
    for folder in (source / split, source / f'videos_{split}'):
        if folder.is_dir():
            # The names of clips may begin with a dot.
            paths = [path for path in sorted(folder.rglob('*.mp4')) if not is_hidden(path.parent, folder)]
            return {name: (path, None) for name, path in _by_base_name(paths, folder).items()}
    raise FileNotFoundError(
        f'{source} contains neither {split}.zip nor {split}/ nor videos_{split}/. Download the split, or skip it with '
        '--splits.'
    )


def _by_base_name(paths, source):
    """Return the paths by base name, which must be unique."""
    found = {}
    for path in paths:
        name = os.path.basename(path)
        if name in found:
            raise ValueError(f'{source} contains {name} twice: {found[name]} and {path}. Delete one of them')
        found[name] = path
    return found


def prepare_split(
    split: str,
    source: Path,
    lists: Path,
    out: Path,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Put the clips and the list of a split in place, and check that all clips can be read.

    Clips that are in place and were checked before are skipped, so a second run is fast and an interrupted run is
    continued.

    Args:
        split (str): Name of the split, ``'train'``, ``'val'`` or ``'test'``.
        source (Path): Path of the folder with the clips, see :func:`find_clips`.
        lists (Path): Path of a folder that is searched for the list before ``source`` and ``out``.
        out (Path): Path of the folder in which ``videos_{split}/`` and ``{split}_list_videos.txt`` are written.
        workers (int): Number of worker processes.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips and
            the total number of clips. Defaults to None.

    Returns:
        int: Number of new clips.

    Raises:
        FileNotFoundError: If the list, or the archive and the folder, are missing.
        OSError: If a file cannot be written, for example on a full disk.
        ValueError: If the list is malformed or has the wrong length, if clips are missing or cannot be decoded, or if
            a worker was killed.
    """
    list_file = find_list(split, list(dict.fromkeys([lists, source, out])))
    names = [annotation.filename for annotation in read_annotations(list_file)]
    if len(names) != SPLIT_SIZES[split]:
        raise ValueError(
            f'{list_file}: {format_count(len(names), "clip")}, but MA-52 has {SPLIT_SIZES[split]:,} in {split}.'
        )
    find = partial(find_clips, split)
    return place_clips(split, list_file, names, find, source, out, workers, progress)


def place_clips(
    split: str,
    list_file: Path,
    names: Sequence[str],
    find: Callable[[Path], dict[str, tuple[Path, str | None]]],
    source: Path,
    out: Path,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Put the clips and the list of a split of any data set in place, and check that all clips can be read.

    Args:
        split (str): Name of the split.
        list_file (Path): Path of the list.
        names (Sequence[str]): File names of its clips.
        find (Callable[[Path], dict[str, tuple[Path, str | None]]]): Function that finds clips in ``source`` as
            :func:`find_clips` does. It is called only if clips are missing.
        source (Path): Path of the folder with the clips.
        out (Path): Path of the folder to fill.
        workers (int): Number of worker processes.
        progress (Callable[[int, int], None], optional): See :func:`prepare_split`. Defaults to None.

    Returns:
        int: Number of new clips.

    Raises:
        OSError: See :func:`prepare_split`.
        ValueError: If clips are missing or cannot be decoded, or a worker was killed.
    """
    folder, journal = out / f'videos_{split}', out / f'.checked_{split}.jsonl'
    make_folder(folder)
    target = out / list_file.name
    if not target.exists() or target.read_bytes() != list_file.read_bytes():
        with _name_file(target), atomic_write(target) as unfinished:
            shutil.copyfile(list_file, unfinished)

    checked = read_journal(journal)
    waiting = [name for name in names if _size(folder / name) != checked.get(name, {}).get('size', -1)]
    if not waiting:
        return 0
    clips = find(source)
    missing = [name for name in waiting if name not in clips]
    if missing:
        raise ValueError(
            f'{len(missing):,} of the {len(names):,} clips of {list_file} are not in {source}: '
            f'{first_few(missing)}. Download the split again.'
        )

    unreadable = []
    with open(journal, 'ab', 0) as file:
        tasks = [(*clips[name], folder / name) for name in waiting]
        results = ordered_map(_place_and_check, tasks, workers, spawn=False, progress=progress)
        for name, (seconds, error) in zip(waiting, results):
            if error:
                unreadable.append(f'{name} ({error})')
            else:
                # The newline comes first because a killed run may have left an incomplete line.
                line = '\n' + json.dumps({'name': name, 'size': _size(folder / name), 'seconds': seconds})
                with _name_file(journal):
                    file.write(line.encode())
    if unreadable:
        raise ValueError(
            f'{len(unreadable):,} of the {len(names):,} clips of {split} cannot be decoded: '
            f'{first_few(unreadable, separator="; ")}. Download the split again.'
        )
    return len(waiting)


def _place_and_check(task):
    """Put a clip in place if its first and last frame can be decoded. Return its seconds, and the reason if not."""
    path, member, target = task
    try:
        # If the download and the target are the same file, perhaps under two paths, it is only checked.
        if member is None and target.exists() and os.path.samefile(path, target):
            return _check(target, target.name), None
        if target.is_symlink():
            target.unlink()  # otherwise the file to which it points would be overwritten
        with _name_file(target), lock_for_link(path), atomic_write(target) as unfinished:
            _fetch(path, member, unfinished)
            return _check(unfinished, target.name), None
    except UNPACK_ERRORS as error:
        return None, last_line(error)


def _check(path, name) -> float:
    """Decode the first and the last frame of a clip, and return its seconds.

    Errors contain ``name`` instead of the temporary name.
    """
    try:
        video = open_video(path)
        for _ in decode(video, {0, video.num_frames - 1}):
            pass
        return video.num_frames / video.fps
    except READ_ERRORS as error:
        raise RuntimeError(last_line(error).replace(path.name, name)) from None


@lru_cache(maxsize=4)
def _open_archive(path):
    """Open an archive, once in each process."""
    return zipfile.ZipFile(path)


def _fetch(path, member, target) -> None:
    """Unpack a member of an archive, or create a hard link to a file, or a copy if hard links are not possible."""
    if member is not None:
        with _open_archive(path).open(member) as packed, open(target, 'wb') as file:
            shutil.copyfileobj(packed, file)  # in chunks, whatever its size
        return
    # The unfinished file keeps its lock until the link replaces it. The name of the link shows what it is in case the
    # process is killed.
    link = target.with_name(f'.link{target.name[-28:]}')
    try:
        os.link(os.path.realpath(path), link)  # of the file itself: a relative symbolic link would point elsewhere
    except OSError:
        shutil.copyfile(path, target)
    else:
        link.replace(target)


@contextmanager
def _name_file(path):
    """Make an error of the file system name the file that could not be written, and the remedy."""
    try:
        yield
    except OSError as error:
        raise OSError(
            f'{path} cannot be put in place ({error}). Fix this and run again; finished clips are kept.'
        ) from None


def _size(path):
    """Return the size of a file in bytes, or None if it does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """Read what is known about the clips that were checked. An incomplete line of a killed run is ignored.

    Args:
        path (Path): Path of the journal, ``.checked_{split}.jsonl``, which need not exist.

    Returns:
        dict[str, dict[str, Any]]: For each name, ``size`` in bytes and, unless an older version has checked the clip,
        ``seconds``.
    """
    checked = {}
    if path.exists():
        for line in path.read_text(encoding='utf-8').split('\n'):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            checked[entry['name']] = entry
    return checked
