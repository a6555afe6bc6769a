"""Names and passwords of the people who may open the page."""

import os
from pathlib import Path

from mmaction_microaction.utils.untrusted import read_limited

VARIABLE = 'MICROACTION_WEB_PASSWORDS'
"""Environment variable with the passwords, instead of a file."""


def read_passwords(path: str | Path | None = None) -> list[tuple[str, str]] | None:
    """Read passwords from a file or, without one, from the environment variable :data:`VARIABLE`.

    There is no option for a password itself, since the list of processes shows options to all users of a machine.

    Args:
        path (str | Path, optional): Text file with a line ``NAME:PASSWORD`` for each person. Empty lines and lines that
            begin with ``#`` are comments. Defaults to None.

    Returns:
        list[tuple[str, str]] | None: Names and passwords. None if the page has no password.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If a line has another form, a name is listed twice, or there is no line.
    """
    if path is not None:
        source, text = str(path), read_limited(path, 2**20, 'passwords').decode('utf-8-sig')
    elif VARIABLE in os.environ:
        source, text = f'the environment variable {VARIABLE}', os.environ[VARIABLE]
    else:
        return None
    passwords = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        name, colon, password = line.partition(':')
        # Neither message shows a password.
        if not (name.strip() and colon and password):
            raise ValueError(f'{source}, line {number}: expected NAME:PASSWORD')
        if name.strip() in passwords:
            raise ValueError(
                f'{source}, line {number}: the name {name.strip()} is listed twice; remove one of the lines'
            )
        passwords[name.strip()] = password
    if not passwords:
        raise ValueError(f'{source} contains no line NAME:PASSWORD, so nobody could open the page')
    return list(passwords.items())
