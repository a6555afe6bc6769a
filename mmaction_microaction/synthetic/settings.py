"""What the settings of all datasets share: the size of the videos, the seed and the JSON form."""

from dataclasses import asdict

_MIN_SIDE, _MAX_SIDE = 64, 2160


def video_size(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a video.

    Args:
        size (int | tuple[int, int]): Width of the 5:6 portrait of MA-52, such as 112 for 112 x 134 or 1080 for
            1080 x 1296, or width and height of any other format.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        ValueError: If a side is odd or not between 64 and 2160.

    Examples:
        >>> video_size(112)
        (112, 134)
        >>> video_size((320, 240))
        (320, 240)
    """
    width, height = (size, 2 * round(size * 1296 / 1080 / 2)) if isinstance(size, int) else size
    _check_size((width, height))
    return width, height


def parse_video_size(text: str) -> tuple[int, int]:
    """Return the width and height that an option of a command states.

    Args:
        text (str): Width of the 5:6 portrait of MA-52, such as ``112``, or width and height, such as ``112x134``.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        ValueError: If the text has another form, or a side is odd or not between 64 and 2160.

    Examples:
        >>> parse_video_size('112'), parse_video_size('320x240')
        ((112, 134), (320, 240))
    """
    try:
        sides = [int(side) for side in text.lower().split('x')]
        if len(sides) > 2:
            raise ValueError
    except ValueError:
        raise ValueError(f'size {text!r} is neither a width in pixels, such as 112, nor WxH, such as 112x134') from None
    return video_size(sides[0] if len(sides) == 1 else tuple(sides))


def _check_size(size: tuple[int, int]) -> None:
    """Raise a ValueError unless H.264 can encode the size (even sides) and the renderer can draw it."""
    width, height = size
    if any(side % 2 or not _MIN_SIDE <= side <= _MAX_SIDE for side in size):
        raise ValueError(
            f'size {width}x{height}: width and height must be even numbers from {_MIN_SIDE} to {_MAX_SIDE}'
        )


class DatasetSettings:
    """Base of the settings dataclasses, which have the fields ``size`` and ``seed``."""

    def __post_init__(self) -> None:
        _check_size(self.size)
        if self.seed < 0:
            raise ValueError(f'seed {self.seed}: must not be negative')

    def to_dict(self) -> dict[str, object]:
        """Return the settings, ready for JSON."""
        return {**asdict(self), 'size': list(self.size)}
