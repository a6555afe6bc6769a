"""Checks that every file of a list exists, or that a store contains it."""

import os
import unicodedata

from mmaction_microaction.utils.messages import first_few

from .frame_store import FrameStore
from .store_files import Store


def check_files(folder: str, filenames: list[str], what: str, remedy: str, place: str = 'folder') -> None:
    """Raise an error unless a folder contains the files of an annotation list.

    Args:
        folder (str): Path of the folder.
        filenames (list[str]): Paths relative to the folder, or absolute ones.
        what (str): Plural noun for the files, with the name of their list, for messages.
        remedy (str): Instruction for missing files, for messages.
        place (str): Noun for the folder, for messages. Defaults to ``'folder'``.

    Raises:
        FileNotFoundError: If the folder or some of the files are missing. The message names the first five.
    """
    present, others = set(), []
    if not all(map(os.path.isabs, filenames)):
        try:
            with os.scandir(folder or '.') as entries:
                for entry in entries:
                    (present.add if entry.is_file(follow_symlinks=False) else others.append)(entry.name)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(
                f'{folder}: no such {place}. It should contain the {len(filenames):,} {what}; {remedy}.'
            ) from None
    # One listing is enough for a flat folder. Only links and files in other folders are looked up one by one.
    missing = [name for name in filenames if name not in present and not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise FileNotFoundError(
            f'{folder}: {len(missing):,} of the {len(filenames):,} {what} are missing: '
            f'{first_few(missing)}. {_guess(folder, missing, [*present, *others])}Correct the list, or {remedy}.'
        )


def check_frames(path: str, names: list[str], ann_file: str) -> None:
    """Raise an error unless a frame store contains the clips of an annotation list, see :func:`check_store`."""
    remedy = 'set data_prefix.video to the frame store of this list, or write it with "microaction frames"'
    check_store(FrameStore(path), names, ann_file, remedy)


def check_store(store: Store, names: list[str], ann_file: str, remedy: str) -> None:
    """Raise an error unless a store contains the clips of an annotation list.

    Args:
        store (Store): The store.
        names (list[str]): Names of the clips.
        ann_file (str): Path of the list, for messages.
        remedy (str): Instruction for a store of another list, for messages.

    Raises:
        ValueError: If clips are missing, or the store is damaged.
    """
    present = store.names()
    missing = [name for name in names if name not in present]
    if missing:
        raise ValueError(
            f'{store.path}: {len(missing):,} of the {len(names):,} {store.format.key_table} of {ann_file} are missing, '
            f'starting with {missing[0]}. Is it the {store.format.kind} of another list? Then {remedy}.'
        )


def _guess(folder, missing, present):
    """Return a sentence on why files may be missing, or an empty string."""
    for name in missing[:100]:
        # A line of MMAction2's RawframeDataset contains a folder, its number of frames and a label.
        for path in (name, name.rpartition(' ')[0]):
            if path and os.path.isdir(os.path.join(folder, path)):
                return (
                    f'{path} is a folder, perhaps of frames for RawframeDataset of MMAction2, which this project does '
                    'not read: convert them to videos. '
                )
    known = {_normalize(name): name for name in present}
    for name in missing:
        if _normalize(name) in known:
            return f'There is {known[_normalize(name)]!r}, which differs from {name!r} only in case or accents. '
    return ''


def _normalize(name):
    """Remove the differences between names that file systems may ignore."""
    return unicodedata.normalize('NFC', name).casefold()
