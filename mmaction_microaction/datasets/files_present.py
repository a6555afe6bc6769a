"""The check that every file of a list is there."""

import os
import unicodedata

from mmaction_microaction.utils.messages import first_few


def check_files(folder, filenames, what, remedy, place='folder'):
    """Make sure that a folder holds the files of an annotation list.

    Args:
        folder (str): The folder.
        filenames (list[str]): Paths below it, or absolute ones.
        what (str): What the files are, in the plural, and of which list; for errors.
        remedy (str): What to do where they are missing; for errors.
        place (str): What the folder could be instead; for errors.

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
                f'{folder}: no such {place}. It should hold the {len(filenames):,} {what}: {remedy}.'
            ) from None
    # One listing answers for a flat folder; only links and files in other folders need a look of their own.
    missing = [name for name in filenames if name not in present and not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise FileNotFoundError(
            f'{folder}: {len(missing):,} of the {len(filenames):,} {what} are missing: '
            f'{first_few(missing)}. {_guess(folder, missing, [*present, *others])}Correct the list, or {remedy}.'
        )


def _guess(folder, missing, present):
    """Say why files may be missing, in a sentence or not at all."""
    for name in missing[:100]:
        # A line of MMAction2's RawframeDataset has a folder, its number of frames and a label.
        for path in (name, name.rpartition(' ')[0]):
            if path and os.path.isdir(os.path.join(folder, path)):
                return (
                    f'{path} is a folder, perhaps of frames, which RawframeDataset of MMAction2 reads and this project '
                    'does not: make videos of them. '
                )
    known = {_normalise(name): name for name in present}
    for name in missing:
        if _normalise(name) in known:
            return f'There is {known[_normalise(name)]!r}, which differs from {name!r} in case or in its accents. '
    return ''


def _normalise(name):
    """Take away from a name what file systems may not tell apart."""
    return unicodedata.normalize('NFC', name).casefold()
