"""Reading files from elsewhere in no more memory than their size justifies."""

import json
import os


def read_limited(path, most, content):
    """Read a file that is known to be small.

    Args:
        path (str | Path): The file.
        most (int): Bytes that it may have.
        content (str): What such a file holds, for errors.

    Returns:
        bytes: All of it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is larger.
    """
    with open(path, 'rb') as file:
        data = file.read(most + 1)  # not its size: a pipe has none
    if len(data) > most:
        size = max(os.path.getsize(path), len(data))
        raise ValueError(
            f'{path} has {size / 2**20:,.0f} MiB, too much for {content}, which needs no more than '
            f'{most / 2**20:,.0f} MiB; is it the right file?'
        )
    return data


def parse_json(text):
    """Parse JSON.

    Args:
        text (str | bytes): JSON, in UTF-8 with or without a byte-order mark.

    Returns:
        Any: Its content.

    Raises:
        ValueError: If it is no JSON, or nested too deep to be read.
    """
    try:
        return json.loads(text.decode('utf-8-sig') if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError('its lists and objects are nested too deep') from None
