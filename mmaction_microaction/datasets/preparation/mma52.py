"""Puts the downloaded MMA-52 into the folder that the configs read."""

import os
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from mmaction_microaction.datasets.mma52_dataset import SHORTER_BY
from mmaction_microaction.structures.detection_annotations import is_detection_table, read_detection_annotations
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import format_count

from .ma52 import place_clips, read_journal

SPLIT_SIZES = {'train': 4534, 'val': 1475, 'test': 519}
"""Number of videos in each split of MMA-52, in the tables of the authors' baseline."""


def find_table(split: str, folders: Sequence[Path]) -> Path:
    """Find the table of a split in some folders or their subfolders.

    Args:
        split (str): Name of the split, ``'train'``, ``'val'`` or ``'test'``.
        folders (Sequence[Path]): Paths of the folders, in the order in which they are searched.

    Returns:
        Path: Path of the table.

    Raises:
        FileNotFoundError: If no folder contains the table.
    """
    for folder in folders:
        for path in sorted(folder.rglob(f'{split}.csv')):
            if not is_hidden(path, folder) and is_detection_table(path):
                return path
    raise FileNotFoundError(
        f'{split}.csv is not in {" or ".join(map(str, folders))}. It comes with the baseline of the challenge of 2024 '
        '(github.com/VUT-HFUT/MAC_2024_baseline, MMAD/PointTAD/data/mmad_video/anns) instead of the videos: download '
        'it and pass its folder with --lists.'
    )


def find_mma52_videos(names: Sequence[str], source: Path) -> dict[str, tuple[Path, str | None]]:
    """Find videos by their names, which say their split, in the zip archives of a folder, or else anywhere below it.

    Args:
        names (Sequence[str]): File names.
        source (Path): Path of the folder.

    Returns:
        dict[str, tuple[Path, str | None]]: For each name that was found, the path of the file and None, or the path of
        the archive and the name of the member.

    Raises:
        ValueError: If an archive is damaged.
    """
    wanted, found = set(names), {}
    for archive in sorted(source.glob('*.zip')):
        if is_hidden(archive, source):
            continue
        try:
            with zipfile.ZipFile(archive) as file:
                members = file.namelist()
        except zipfile.BadZipFile as error:
            raise ValueError(f'{archive} is damaged or incomplete ({error}); download it again.') from None
        for member in members:
            name = os.path.basename(member)
            if name in wanted:
                found.setdefault(name, (archive, member))
    for path in sorted(source.rglob('*.mp4')):
        if path.name in wanted and not is_hidden(path.parent, source):
            found.setdefault(path.name, (path, None))
    return found


def prepare_mma52_split(
    split: str,
    source: Path,
    lists: Path,
    out: Path,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, list[str]]:
    """Put the videos and the table of a split in place, and check that all videos can be read.

    A second run is fast, and an interrupted run is continued, see :func:`.prepare_split`.

    Args:
        split (str): Name of the split, ``'train'``, ``'val'`` or ``'test'``.
        source (Path): Path of the folder with the videos, see :func:`find_mma52_videos`.
        lists (Path): Path of a folder that is searched for the table before ``source`` and ``out``.
        out (Path): Path of the folder in which ``videos_{split}/`` and ``{split}.csv`` are written.
        workers (int): Number of worker processes.
        progress (Callable[[int, int], None], optional): Function that is called with the number of finished videos and
            the total number of videos. Defaults to None.

    Returns:
        tuple[int, list[str]]: Number of new videos, and the names of all videos that are shorter than the table says,
        as some of the release are.

    Raises:
        FileNotFoundError: If the table is missing.
        OSError: If a file cannot be written, for example on a full disk.
        ValueError: If the table is malformed or has the wrong number of videos, if videos are missing or cannot be
            decoded, or if a worker was killed.
    """
    table = find_table(split, list(dict.fromkeys([lists, source, out])))
    videos = read_detection_annotations(table)
    if len(videos) != SPLIT_SIZES[split]:
        raise ValueError(
            f'{table}: {format_count(len(videos), "video")}, but MMA-52 has {SPLIT_SIZES[split]:,} in {split}. An '
            'older release of the tables has other videos.'
        )
    names = [video.filename for video in videos]
    new = place_clips(split, table, names, partial(find_mma52_videos, names), source, out, workers, progress)
    checked = read_journal(out / f'.checked_{split}.jsonl')
    shorter = [
        video.filename
        for video in videos
        if checked[video.filename].get('seconds', video.duration) < video.duration - SHORTER_BY
    ]
    return new, shorter
