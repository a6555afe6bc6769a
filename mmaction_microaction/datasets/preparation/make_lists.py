"""Makes the label set and the annotation lists of a folder of clips, for training, validation, test and folds."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from mmaction_microaction.label_sets import LabelSet, get_label_set
from mmaction_microaction.structures.list_rows import ListReader
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.messages import first_few, format_count, last_line
from mmaction_microaction.utils.parallel import ordered_map
from mmaction_microaction.video.sparse_decoding import READ_ERRORS, decode, open_video

from .class_folders import find_class_folders, find_labels, find_subjects, make_label_set, read_subjects
from .splits import hold_out, make_folds

LABEL_SET_FILE = 'label_set.yaml'
"""Name of the file of the label set."""


class SplitSettings(NamedTuple):
    """How clips are divided."""

    val: float = 0.2
    """Share of clips in val, of all clips."""
    test: float = 0.0
    """Share of clips in test, of all clips. No test list is written if it is 0."""
    folds: int | str | None = None
    """Number of folds, or ``'subjects'`` for one fold per subject, instead of train and val."""
    seed: int = 0
    """Random seed."""


_DEFAULT = SplitSettings()


class ClipLists(NamedTuple):
    """Clips of a folder, and how they are divided."""

    label_set: LabelSet
    """Label set of the labels."""
    clips: list[str]
    """Path of each clip below the folder."""
    labels: np.ndarray
    """Label of each clip, shape (N,)."""
    subjects: list[str] | None
    """Subject of each clip, or None if the subjects are not known."""
    splits: dict[str, np.ndarray]
    """Indices of the clips of each list: ``train``, ``val`` and ``test``, or ``fold1/train``, ``fold1/val``, …"""

    def count_subjects(self, indices: Sequence[int]) -> int | None:
        """Return the number of subjects of some clips, or None if the subjects are not known."""
        return None if self.subjects is None else len({self.subjects[index] for index in indices})


def collect_lists(
    folder: str | Path,
    settings: SplitSettings = _DEFAULT,
    subjects: str | None = None,
    groups: bool = False,
    label_set: str | None = None,
    name: str = 'labels',
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ClipLists:
    """Find the clips of a folder with one folder per class, and divide them.

    The first and the last frame of every video are decoded. Videos that cannot be read are left out.

    Args:
        folder (str | Path): Path of the folder, see :func:`find_class_folders`.
        settings (SplitSettings): How the clips are divided. Defaults to 20 % in val.
        subjects (str, optional): Regular expression or ``.csv`` file, see :func:`find_subjects` and
            :func:`read_subjects`. Defaults to None: the subjects are not known.
        groups (bool): Whether the folders of classes are in folders of groups. Defaults to False.
        label_set (str, optional): Name or file of a label set whose names or codes are those of the folders. Defaults
            to None: the folders are the label set.
        name (str): Name of the label set of the folders. Defaults to ``'labels'``.
        workers (int): Number of processes that check the videos. Defaults to 1.
        progress (Callable[[int, int], None], optional): Function that is called with the number of checked videos and
            their total. Defaults to None.

    Returns:
        ClipLists: The clips and their splits.

    Raises:
        FileNotFoundError: If the folder, the table of subjects or the label set is missing.
        ValueError: If the folder, the subjects or the label set are malformed, no video can be read, or there are too
            few clips or subjects for the splits.

    Warns:
        UserWarning: About videos and other files that are left out, classes that lack clips or subjects, and splits
            that share subjects.
    """
    found = find_class_folders(folder, groups)
    names = list(found.clips)
    # What can be wrong without a video is checked first, since decoding takes longer.
    chosen = None if label_set is None else get_label_set(label_set)
    if chosen is not None:
        find_labels(chosen, sorted(set(found.clips.values())))
    by_clip = None
    if subjects is not None:
        by_clip = (read_subjects if subjects.endswith('.csv') else find_subjects)(subjects, names)
    find_error = partial(_find_error, folder)
    errors = dict(zip(names, ordered_map(find_error, names, workers, spawn=False, progress=progress)))
    clips = [name for name in names if not errors[name]]
    if not clips:
        raise ValueError(
            f'{folder}: of {format_count(len(names), "video")}, none can be read: {first_few(errors.values(), 2)}'
        )
    _warn_about_files(folder, found.other_files, found.without_clips, [error for error in errors.values() if error])

    if not groups and subjects is None and all(clip.count('/') > 1 for clip in clips):
        warnings.warn(
            f'every video is in a subfolder of its class, as {clips[0]} is; if the subfolders are the classes, use '
            '--groups',
            stacklevel=2,
        )

    folders = sorted({found.clips[clip] for clip in clips})
    chosen = chosen or make_label_set(name, folders)
    labels_of_folders = find_labels(chosen, folders)
    labels = np.array([labels_of_folders[found.clips[clip]] for clip in clips])
    subjects_of_clips = by_clip and [by_clip[clip] for clip in clips]
    result = ClipLists(chosen, clips, labels, subjects_of_clips, _split(labels, subjects_of_clips, settings))
    _warn_about_classes(result)
    if subjects is None:
        warnings.warn(
            'the clips of a person can be in train and in val, so scores can be too high; name the subjects with '
            '--subjects',
            stacklevel=2,
        )
    return result


def _find_error(folder: str | Path, name: str) -> str | None:
    """Return why a video cannot be read, or None if its first and its last frame can be decoded."""
    path = Path(folder, name)
    try:
        if not path.stat().st_size:
            return f'{name} (an empty file)'
        video = open_video(path)
        for _ in decode(video, {0, video.num_frames - 1}):
            pass
    except READ_ERRORS as error:
        return f'{name} ({last_line(error)})'
    return None


def _split(labels: np.ndarray, subjects: list[str] | None, settings: SplitSettings) -> dict[str, np.ndarray]:
    """Return the indices of the clips of each list. The clips of test are set aside first."""
    rest, test = np.arange(len(labels)), None
    if settings.test:
        rest, test = hold_out(labels, subjects, settings.test, settings.seed)
    arguments = labels[rest], None if subjects is None else [subjects[index] for index in rest]
    splits = {}
    if settings.folds is None:
        parts = hold_out(*arguments, settings.val / (1 - settings.test), settings.seed)
        splits.update(zip(('train', 'val'), (rest[part] for part in parts)))
    else:
        num_folds = None if settings.folds == 'subjects' else settings.folds
        for number, parts in enumerate(make_folds(*arguments, num_folds, settings.seed), start=1):
            splits.update(zip((f'fold{number}/train', f'fold{number}/val'), (rest[part] for part in parts)))
    return splits if test is None else {**splits, 'test': test}


def _warn_about_files(
    folder: str | Path, other_files: Sequence[str], without_clips: Sequence[str], unreadable: Sequence[str]
) -> None:
    """Report everything that gets into no list."""
    if unreadable:
        warnings.warn(
            f'{format_count(len(unreadable), "video")} left out, since reading failed: '
            f'{first_few(unreadable, separator="; ")}',
            stacklevel=3,
        )
    if other_files:
        endings = Counter(Path(name).suffix.lower() or 'no ending' for name in other_files)
        kinds = first_few(f'{ending}: {count:,}' for ending, count in endings.most_common())
        warnings.warn(
            f'{format_count(len(other_files), "file")} of {folder} left out, hidden or no video ({kinds}): '
            f'{first_few(other_files, 3)}',
            stacklevel=3,
        )
    if without_clips:
        warnings.warn(f'{first_few(without_clips)}: no video, so this is no class', stacklevel=3)


def _warn_about_classes(lists: ClipLists) -> None:
    """Report classes that cannot be trained or scored, and classes whose clips are all of one person."""
    names = np.array(lists.label_set.names)
    absent = np.setdiff1d(np.arange(len(names)), lists.labels)
    if len(absent):
        warnings.warn(f'{format_count(len(absent), "class")} without a clip: {first_few(names[absent])}', stacklevel=3)
    present = np.unique(lists.labels)
    if lists.subjects is not None:
        single = [names[label] for label in present if lists.count_subjects(np.flatnonzero(lists.labels == label)) < 2]
        if single:
            warnings.warn(
                f'classes with clips of only one subject ({len(single)}), which cannot be both in train and in val: '
                f'{first_few(single)}',
                stacklevel=3,
            )
    missing = {
        split: first_few(names[np.setdiff1d(present, lists.labels[indices])])
        for split, indices in lists.splits.items()
        if len(np.setdiff1d(present, lists.labels[indices]))
    }
    if missing:
        details = first_few((f'{split} lacks {classes}' for split, classes in missing.items()), separator='; ')
        warnings.warn(f'some lists lack classes: {details}', stacklevel=3)


def write_lists(lists: ClipLists, out: str | Path) -> list[Path]:
    """Write the label set and the lists.

    Args:
        lists (ClipLists): The clips and their splits.
        out (str | Path): Path of a folder, for ``label_set.yaml``, ``train_list_videos.txt`` and so on. Files that
            have the right content already are accepted.

    Returns:
        list[Path]: Paths of the files.

    Raises:
        FileExistsError: If the folder contains other lists, or another label set.
        OSError: If a file cannot be written.
        ValueError: If a list cannot contain the name of a clip.
    """
    out = Path(out)
    content = lists.label_set.to_dict()
    if not lists.label_set.has_groups:
        del content['group_term']
    files = {out / LABEL_SET_FILE: yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)}
    for split, indices in lists.splits.items():
        rows = [(lists.clips[index], int(lists.labels[index])) for index in indices]
        files[out / f'{split}_list_videos.txt'] = _to_text(rows, lists.label_set)
    old = {*out.glob('*_list_videos.txt'), *out.glob('fold*/*_list_videos.txt'), *out.glob(LABEL_SET_FILE)}
    for path in sorted(old):
        if path not in files or path.read_bytes() != files[path].encode():
            raise FileExistsError(
                f'{path} exists and is of another run, with other clips or options; choose another folder, or delete '
                'the lists and the label set there'
            )
    for path, text in files.items():
        make_folder(path.parent)
        write_whole(path, text.encode())
    return list(files)


def _to_text(rows: list[tuple[str, int]], label_set: LabelSet) -> str:
    """Return the content of a list, which is read again to make sure that every name survives."""
    lines = [f'{name} {label}' for name, label in rows]
    read = ListReader(label_set).read(lines)
    for row, (name, label) in zip(read, rows):
        if (row.name, row.label) != (name, label) or not _is_one_line(name):
            raise ValueError(
                f'{name!r}: a list cannot contain this name; rename the file or its folder without line breaks, '
                'spaces at the beginning and bytes that are no UTF-8'
            )
    return ''.join(f'{line}\n' for line in lines)


def _is_one_line(name: str) -> bool:
    """Return whether a name can be a line of a text file. The file system may return bytes that are no text."""
    try:
        return name.encode().splitlines() == [name.encode()]
    except UnicodeEncodeError:
        return False
