"""Times as people read them."""

import math


def format_clock(seconds: float, tenths: bool = False) -> str:
    """Format a time in a video as players show it.

    The rest is cut off, so that a player that goes there has not passed the time.

    Args:
        seconds (float): Seconds from the start of the video.
        tenths (bool): Whether tenths of a second are shown. Defaults to False.

    Returns:
        str: Hours, if there are any, minutes and seconds.

    Examples:
        >>> format_clock(75.25), format_clock(75.25, tenths=True), format_clock(3675)
        ('1:15', '1:15.2', '1:01:15')
    """
    count = math.floor(seconds * 10 + 1e-6)
    minutes, rest = divmod(count, 600)
    hours, minutes = divmod(minutes, 60)
    clock = f'{hours}:{minutes:02d}' if hours else f'{minutes}'
    return f'{clock}:{rest // 10:02d}' + (f'.{rest % 10}' if tenths else '')


def format_duration(seconds: float) -> str:
    """Format a duration as hours, minutes and seconds.

    Examples:
        >>> format_duration(4325)
        '01:12:05'
    """
    seconds = round(seconds)
    return f'{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}'
