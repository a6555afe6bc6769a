"""Texts for error messages and warnings."""

import sys
import warnings
from collections.abc import Iterable


def first_few(names: Iterable, limit: int = 5, separator: str = ', ') -> str:
    """Join the first few of several names, followed by an ellipsis if there are more.

    Args:
        names (Iterable): Names, or anything that can be written as text.
        limit (int): Largest number of names that are written. Defaults to 5.
        separator (str): Text between two names. Defaults to a comma and a space.

    Returns:
        str: The names in one line, for example ``'a.mp4, b.mp4, …'``.

    Examples:
        >>> first_few(['a.mp4', 'b.mp4', 'c.mp4'], limit=2)
        'a.mp4, b.mp4, …'
    """
    names = [str(name) for name in names]
    return separator.join([*names[:limit], '…'] if len(names) > limit else names)


def pluralize(noun: str) -> str:
    """Return the plural of a regular English noun.

    Examples:
        >>> pluralize('body part'), pluralize('family'), pluralize('class')
        ('body parts', 'families', 'classes')
    """
    if noun.endswith('y') and noun[-2:-1] not in ('a', 'e', 'i', 'o', 'u'):
        return f'{noun[:-1]}ies'
    return f'{noun}es' if noun.endswith(('s', 'x', 'z', 'ch', 'sh')) else f'{noun}s'


def format_count(number: int, noun: str) -> str:
    """Return a number with the noun for what it counts, which is in the plural unless the number is 1.

    Examples:
        >>> format_count(1, 'video'), format_count(2000, 'body part')
        ('1 video', '2,000 body parts')
    """
    return f'{number:,} {noun if number == 1 else pluralize(noun)}'


def last_line(error: BaseException) -> str:
    """Return the last line of an exception's message, or its class name if the message is empty."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()


def describe_error(error: Exception) -> str:
    """Return why a video could not be processed, from the error of any library.

    Args:
        error (Exception): The error.

    Returns:
        str: One line.
    """
    text = ' '.join(str(error).split())
    if isinstance(error, MemoryError):
        return f'not enough memory ({text}); make the video smaller or shorter'
    return text if isinstance(error, (OSError, ValueError)) and text else f'{type(error).__name__}: {text}'


def warn_in_one_line() -> None:
    """Print warnings to standard error as ``warning: MESSAGE``, without the position in the code."""
    warnings.showwarning = lambda message, *_: print(f'warning: {message}', file=sys.stderr)
