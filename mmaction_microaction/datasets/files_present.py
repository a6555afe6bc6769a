"""The check that every file of a list is there."""

import os


def check_files(folder, filenames, what, remedy, place='folder'):
    """Make sure that a folder holds the files of an annotation list.

    Args:
        folder (str): The folder.
        filenames (list[str]): Paths below it.
        what (str): What the files are, in the plural, and of which list; for errors.
        remedy (str): What to do where they are missing; for errors.
        place (str): What the folder could be instead; for errors.

    Raises:
        FileNotFoundError: If the folder or some of the files are missing. The message names the first five.
    """
    try:
        present = set(os.listdir(folder or '.'))
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(
            f'{folder}: no such {place}. It should hold the {len(filenames):,} {what}: {remedy}.'
        ) from None
    # One listing answers for a flat folder; only files in sub-folders need a look of their own.
    missing = [name for name in filenames if name not in present and not os.path.isfile(f'{folder}/{name}')]
    if missing:
        raise FileNotFoundError(
            f'{folder}: {len(missing):,} of the {len(filenames):,} {what} are missing: {", ".join(missing[:5])}'
            f'{", …" if len(missing) > 5 else ""}. Correct the list, or {remedy}.'
        )
