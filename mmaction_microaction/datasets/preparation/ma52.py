"""From the downloaded MA-52, zipped or unpacked, to the folder that the configs read."""

import json
import os
import shutil
import zipfile
import zlib
from contextlib import contextmanager
from functools import lru_cache

import av

from mmaction_microaction.structures.annotations import read_annotations
from mmaction_microaction.utils.files import atomic_write, hold, make_folder
from mmaction_microaction.utils.messages import first_few, last_line
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.sampling import decode, open_video

SPLIT_SIZES = {'train': 11250, 'val': 5586, 'test': 5586}
"""Clips per split of MA-52 (Guo et al., section III)."""
UNREADABLE = (OSError, ValueError, RuntimeError, av.error.FFmpegError)
"""What opening or decoding a clip may raise."""
DAMAGED = (EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged member of an archive may raise."""


def find_list(split, folders):
    """Find a split's annotation list anywhere below some folders.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        folders (Sequence[Path]): Where to look, in this order.

    Returns:
        Path: The list.

    Raises:
        FileNotFoundError: If no folder holds it.
    """
    name = f'{split}_list_videos.txt'
    for folder in folders:
        for path in sorted(folder.rglob(name)):
            return path
    raise FileNotFoundError(
        f'{name} is not below {" or ".join(map(str, folders))}. It comes with the code of MA-52 '
        '(github.com/VUT-HFUT/Micro-Action) rather than with the videos: download it and name its folder with --lists.'
    )


def find_clips(split, source):
    """Find a split's clips in its zip archive, or else in its folder.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        source (Path): Holds ``{split}.zip``, ``{split}/`` or ``videos_{split}/``.

    Returns:
        dict[str, tuple[Path, str | None]]: By base name, the file; or the archive and the member's name in it.

    Raises:
        FileNotFoundError: If there is neither.
        ValueError: If the archive is damaged.
    """
    archive = source / f'{split}.zip'
    if archive.is_file():
        try:
            with zipfile.ZipFile(archive) as file:
                members = [member for member in file.namelist() if member.endswith('.mp4')]
        except zipfile.BadZipFile as error:
            raise ValueError(f'{archive} is damaged or incomplete ({error}); download it again.') from None
        return {os.path.basename(member): (archive, member) for member in members}
    for folder in (source / split, source / f'videos_{split}'):
        if folder.is_dir():
            return {path.name: (path, None) for path in folder.rglob('*.mp4')}
    raise FileNotFoundError(
        f'{source} holds none of {split}.zip, {split}/ and videos_{split}/. Download the split, or leave it out with '
        '--splits.'
    )


def prepare_split(split, source, lists, out, workers, progress=None):
    """Put one split in place and make sure that all of it can be read.

    A clip that is in place and has been read before is left alone, so a second run is quick and an interrupted one goes
    on where it was.

    Args:
        split (str): ``'train'``, ``'val'`` or ``'test'``.
        source (Path): See :func:`find_clips`.
        lists (Path): Where to look for the list, besides ``source`` and ``out``.
        out (Path): Receives ``videos_{split}/`` and ``{split}_list_videos.txt``.
        workers (int): Processes.
        progress (Callable[[int, int], None], optional): Called with the number of clips done and their total.

    Returns:
        int: How many clips were new.

    Raises:
        FileNotFoundError: If the list, the archive or the folder is missing.
        OSError: If a file cannot be put in place, on a full disk for one. The message names it.
        ValueError: If the list is malformed or has the wrong length, or clips are missing or cannot be decoded, or a
            worker was killed.
    """
    list_file = find_list(split, list(dict.fromkeys([lists, source, out])))
    names = [annotation.filename for annotation in read_annotations(list_file)]
    if len(names) != SPLIT_SIZES[split]:
        raise ValueError(f'{list_file}: {len(names):,} clips, but MA-52 has {SPLIT_SIZES[split]:,} in {split}.')
    folder, journal = out / f'videos_{split}', out / f'.checked_{split}.jsonl'
    make_folder(folder)
    target = out / list_file.name
    if not target.exists() or target.read_bytes() != list_file.read_bytes():
        with _naming(target), atomic_write(target) as unfinished:
            shutil.copyfile(list_file, unfinished)

    checked = _read_journal(journal)
    waiting = [name for name in names if _size(folder / name) != checked.get(name, -1)]
    if not waiting:
        return 0
    clips = find_clips(split, source)
    missing = [name for name in waiting if name not in clips]
    if missing:
        raise ValueError(
            f'{len(missing):,} of the {len(names):,} clips of {list_file} are not in {source}: '
            f'{first_few(missing)}. Download the split again.'
        )

    unreadable = []
    with open(journal, 'ab', 0) as file:
        tasks = [(*clips[name], folder / name) for name in waiting]
        for name, error in zip(waiting, ordered_map(_place_and_check, tasks, workers, spawn=False, progress=progress)):
            if error:
                unreadable.append(f'{name} ({error})')
            else:
                # The newline comes first, in case a killed run left half a line.
                line = '\n' + json.dumps({'name': name, 'size': _size(folder / name)})
                with _naming(journal):
                    file.write(line.encode())
    if unreadable:
        raise ValueError(
            f'{len(unreadable):,} of the {len(names):,} clips of {split} cannot be decoded: '
            f'{first_few(unreadable, separator="; ")}. Download the split again.'
        )
    return len(waiting)


def _place_and_check(task):
    """Put one clip in place unless its first or last frame cannot be decoded, and return what went wrong, if any."""
    path, member, target = task
    try:
        # A download that is already where the configs read it, perhaps under another name, is only checked.
        if member is None and target.exists() and os.path.samefile(path, target):
            _check(target, target.name)
            return None
        if target.is_symlink():
            target.unlink()  # or the file that it points to would be written
        with _naming(target), hold(path), atomic_write(target) as unfinished:
            _fetch(path, member, unfinished)
            _check(unfinished, target.name)
    except DAMAGED as error:
        return last_line(error)
    return None


def _check(path, name):
    """Decode the first and the last frame of a clip; an error of it tells the name that the clip is to have."""
    try:
        video = open_video(str(path))
        for _ in decode(video, {0, video.num_frames - 1}):
            pass
    except UNREADABLE as error:
        raise RuntimeError(last_line(error).replace(path.name, name)) from None


@lru_cache(maxsize=4)
def _open_archive(path):
    """Open an archive once per process."""
    return zipfile.ZipFile(path)


def _fetch(path, member, target):
    """Unpack a member of an archive; or make a second name for a file, or a copy where the file system has none."""
    if member is not None:
        with _open_archive(path).open(member) as packed, open(target, 'wb') as file:
            shutil.copyfileobj(packed, file)  # piece by piece, whatever its size
        return
    # Until it has a second name, the unfinished file stays locked; that of the link tells what it is if this is killed.
    second = target.with_name(f'.link{target.name[-28:]}')
    try:
        os.link(os.path.realpath(path), second)  # not a second name of a link, which may point nowhere from there
    except OSError:
        shutil.copyfile(path, target)
    else:
        second.replace(target)


@contextmanager
def _naming(path):
    """Let an error of the file system name the file that was to be written, and say what to do."""
    try:
        yield
    except OSError as error:
        raise OSError(
            f'{path} cannot be put in place ({error}). Put this right and run again; what is done is kept.'
        ) from None


def _size(path):
    """Return the size of a file in bytes, or None if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _read_journal(path):
    """Return the size of every clip that was checked before; a line cut off by a kill is ignored."""
    checked = {}
    if path.exists():
        for line in path.read_text().split('\n'):
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            checked[entry['name']] = entry['size']
    return checked
