"""Clips in folders of classes, ``class/clip.mp4``: their names, their label set and their subjects."""

import csv
import os
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.label_sets import LabelSet, normalize_name
from mmaction_microaction.structures.annotations import read_lines
from mmaction_microaction.structures.list_rows import NAME_TITLES
from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import first_few, format_count
from mmaction_microaction.video.files import VIDEO_ENDINGS

SUBJECT_TITLES = ('subject', 'subject_id', 'person', 'person_id', 'participant', 'participant_id')
"""Titles of the column of subjects, in the order of preference."""


class ClassFolders(NamedTuple):
    """Content of a folder that contains one folder per class."""

    clips: dict[str, str]
    """Folder of the class of each video, such as ``'waving'`` or ``'hands/waving'``, by the path of the video. All
    are relative and have slashes."""
    other_files: list[str]
    """Paths of the files that are no videos, are hidden, or are in the trash."""
    without_clips: list[str]
    """Folders of classes without videos."""


def find_class_folders(folder: str | Path, groups: bool = False) -> ClassFolders:
    """Find the videos of a folder that contains one folder per class.

    The folder of a class may have subfolders, for example one per person. Links to folders are followed.

    Args:
        folder (str | Path): Path of the folder.
        groups (bool): Whether the folders of the classes are in folders of groups, ``group/class/clip.mp4``. Defaults
            to False.

    Returns:
        ClassFolders: The videos and other files, each sorted by path.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If a video is outside of the folders of classes, or there is no video.
    """
    if not Path(folder).is_dir():
        raise FileNotFoundError(f'{folder}: no such folder; pass the folder that contains one folder per class')
    depth = 2 if groups else 1
    clips, other_files = {}, []
    files, folders = _walk(folder)
    for path in files:
        parts = path.split('/')
        if is_hidden(Path(path), Path()) or not path.lower().endswith(VIDEO_ENDINGS):
            other_files.append(path)
        elif len(parts) > depth:
            clips[path] = '/'.join(parts[:depth])
        else:
            wanted = 'GROUP/CLASS' if groups else 'CLASS'
            raise ValueError(
                f'{folder}/{path} is not in the folder of a class; move it to {folder}/{wanted}/{parts[-1]}'
                + ('; without groups, leave out --groups' if groups else '')
            )
    if not clips:
        raise ValueError(
            f'{folder} contains no video ({", ".join(VIDEO_ENDINGS)}) among its '
            f'{format_count(len(other_files), "file")}; put the videos of each class into a folder of its name. '
            'Frames of videos cannot be read; make videos of them'
        )
    classes = {path for path in folders if path.count('/') == depth - 1 and not is_hidden(Path(path), Path())}
    return ClassFolders(clips, other_files, sorted(classes - set(clips.values())))


def _walk(folder: str | Path) -> tuple[list[str], list[str]]:
    """Return the relative paths of all files and of all subfolders of a folder, both sorted."""
    files, folders = [], []
    for parent, folder_names, file_names in os.walk(folder, followlinks=True):
        for name in folder_names:
            child = Path(parent, name)
            if child.is_symlink() and Path(parent).resolve().is_relative_to(child.resolve()):
                raise ValueError(f'{child} is a link to a folder that contains it; remove the link')
        files += [Path(parent, name).relative_to(folder).as_posix() for name in file_names]
        folders += [Path(parent, name).relative_to(folder).as_posix() for name in folder_names]
    return sorted(files), sorted(folders)


def make_label_set(name: str, folders: Sequence[str]) -> LabelSet:
    """Make a label set of the folders of classes, in alphabetical order, with numbers by their value.

    The name of an action is the name of its folder, with spaces for underscores. The name of a group is the folder
    above.

    Args:
        name (str): Name of the label set.
        folders (Sequence[str]): Folders of the classes, such as ``'waving'`` or ``'hands/waving'``.

    Returns:
        LabelSet: Label set with one action per folder.

    Raises:
        ValueError: If the names of two folders differ only in case, spaces, hyphens or underscores, or a name cannot
            be that of an action.

    Examples:
        >>> make_label_set('gestures', ['waving', 'arms_akimbo']).names
        ('arms akimbo', 'waving')
    """
    seen, actions = {}, []
    for folder in sorted(folders, key=_sort_key):
        key = normalize_name(_to_name(folder))
        if key in seen:
            raise ValueError(
                f'the folders {seen[key]} and {folder} are the same class, since their names differ at most in case, '
                'spaces, hyphens and underscores; rename or merge them'
            )
        seen[key] = folder
        group = folder.rpartition('/')[0]
        actions.append({'name': _to_name(folder), **({'group': _to_name(group)} if group else {})})
    return LabelSet.from_dict({'name': name, 'actions': actions}, name)


def find_labels(label_set: LabelSet, folders: Sequence[str]) -> dict[str, int]:
    """Find the label of each folder of a class.

    Args:
        label_set (LabelSet): Label set whose names or codes are the names of the folders.
        folders (Sequence[str]): Folders of the classes.

    Returns:
        dict[str, int]: Label of each folder.

    Raises:
        ValueError: If a folder is not an action of the label set, or two folders are the same action.
    """
    actions = {normalize_name(action.code): action.index for action in label_set.actions}
    actions.update({normalize_name(action.name): action.index for action in label_set.actions})
    labels = {folder: actions.get(normalize_name(_to_name(folder))) for folder in folders}
    unknown = [folder for folder, label in labels.items() if label is None]
    if unknown:
        raise ValueError(
            f'{first_few(unknown)}: no such action in the label set {label_set.name}, which has '
            f'{first_few(label_set.names)}; rename the folder, or leave out --label-set'
        )
    count = Counter(labels.values())
    same = [folder for folder, label in labels.items() if count[label] > 1]
    if same:
        raise ValueError(f'the folders {first_few(same)} are the same action; merge them')
    return labels


def _sort_key(folder: str) -> tuple:
    parts = re.split('([0-9]+)', _to_name(folder).casefold())
    return [int(part) if part.isdecimal() else part for part in parts], folder


def _to_name(folder: str) -> str:
    """Return the name of a class or group from its folder."""
    # macOS decomposes the letters of file names.
    return ' '.join(unicodedata.normalize('NFC', folder.rpartition('/')[2]).replace('_', ' ').split())


def find_subjects(pattern: str, clips: Sequence[str]) -> dict[str, str]:
    """Find the subject of each clip in its path.

    Args:
        pattern (str): Regular expression with one group, which is the subject. It may match anywhere in the path.
        clips (Sequence[str]): Paths of the clips.

    Returns:
        dict[str, str]: Subject of each clip.

    Raises:
        ValueError: If the pattern is malformed, does not have exactly one group, or does not match every path.

    Examples:
        >>> find_subjects('(p[0-9]+)_', ['waving/p07_1.mp4'])
        {'waving/p07_1.mp4': 'p07'}
    """
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ValueError(f'{pattern!r} is no regular expression ({error})') from None
    if regex.groups != 1:
        raise ValueError(
            f'{pattern!r} has {regex.groups} groups; put the part that is the subject, and only that, in parentheses, '
            'as in "(p[0-9]+)_"'
        )
    matches = {clip: regex.search(clip) for clip in clips}
    missing = [clip for clip, match in matches.items() if not match or not match[1]]
    if missing:
        raise ValueError(
            f'{pattern!r} finds no subject in {len(missing):,} of {len(clips):,} paths: {first_few(missing)}; correct '
            'the pattern, or list the subjects in a .csv file'
        )
    return {clip: match[1] for clip, match in matches.items()}


def read_subjects(path: str | Path, clips: Sequence[str]) -> dict[str, str]:
    """Read the subject of each clip from a table.

    Args:
        path (str | Path): Path of a table whose header has a column such as ``clip`` and one such as ``subject``,
            separated by commas, semicolons or tabs. A clip is a path below the folder, or the name of a file that
            occurs once.
        clips (Sequence[str]): Paths of the clips.

    Returns:
        dict[str, str]: Subject of each clip.

    Raises:
        FileNotFoundError: If the table does not exist.
        ValueError: If the table lacks a column or a clip, or a row is malformed, ambiguous or contradicts another one.

    Warns:
        UserWarning: If rows name files that are no clips.
    """
    lines = read_lines(path, 'Pass a table with the columns clip and subject, or a pattern.', '"clip,subject"')
    reader = csv.DictReader((f'{line}\n' for line in lines), delimiter=max(',;\t', key=lines[0].count))
    columns = {title.strip().casefold().replace(' ', '_'): title for title in reader.fieldnames or () if title}
    clip_title, subject_title = (
        next((columns[title] for title in titles if title in columns), None) for titles in (NAME_TITLES, SUBJECT_TITLES)
    )
    if clip_title is None or subject_title is None:
        raise ValueError(f'{path}, line 1: expected the columns clip and subject, got {lines[0]!r:.80}')
    paths = _by_name(clips)
    subjects, unused = {}, []
    for row in reader:
        clip, subject = ((row[title] or '').strip() for title in (clip_title, subject_title))
        where = f'{path}, line {reader.line_num}'
        if not clip or not subject:
            raise ValueError(f'{where}: expected a clip and its subject, got {[clip, subject]}')
        found = paths.get(clip.replace('\\', '/'), [])
        if len(found) > 1:
            raise ValueError(f'{where}: {clip} is {first_few(found)}; write the path instead of the name')
        if not found:
            unused.append(clip)
        elif subjects.setdefault(found[0], subject) != subject:
            raise ValueError(f'{where}: {clip} has the subjects {subjects[found[0]]} and {subject}; remove one of them')
    missing = [clip for clip in clips if clip not in subjects]
    if missing:
        raise ValueError(
            f'{path} has no subject for {len(missing):,} of {len(clips):,} clips: {first_few(missing)}; add them'
        )
    if unused:
        warnings.warn(
            f'{path}: {format_count(len(unused), "row")} without a clip in the folder: {first_few(unused)}',
            stacklevel=2,
        )
    return subjects


def _by_name(clips: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the clips by their paths and by the names of their files."""
    found = {}
    for clip in clips:
        found.setdefault(clip.rpartition('/')[2], []).append(clip)
    return {**found, **{clip: [clip] for clip in clips}}
