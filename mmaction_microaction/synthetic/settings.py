"""What the settings of both datasets share: the size of the videos, the seed and the JSON form."""

from dataclasses import asdict

_MIN_SIDE, _MAX_SIDE = 64, 2160


def video_size(size: int | str) -> tuple[int, int]:
    """Return the width and height of a video, given as on a command line.

    Args:
        size (int | str): Width of the 5:6 portrait of MA-52, such as ``112`` for 112 x 134 or ``1080`` for 1080 x 1296.
            ``'WxH'`` for any other format.

    Returns:
        tuple[int, int]: Width and height in pixels.

    Raises:
        ValueError: If the size is neither an integer nor WxH, or a side is odd or not between 64 and 2160.
    """
    text = str(size).lower()
    try:
        if 'x' in text:
            width, height = map(int, text.split('x'))
        else:
            width = int(text)
            height = 2 * round(width * 1296 / 1080 / 2)
    except ValueError:
        raise ValueError(f'size {size!r} is neither a width in pixels, such as 112, nor WxH, such as 112x134') from None
    _check_size((width, height))
    return width, height


def _check_size(size):
    """Raise a ValueError unless H.264 can encode the size (even sides) and the renderer can draw it."""
    width, height = size
    if any(side % 2 or not _MIN_SIDE <= side <= _MAX_SIDE for side in size):
        raise ValueError(
            f'size {width}x{height}: width and height must be even numbers from {_MIN_SIDE} to {_MAX_SIDE}'
        )


class DatasetSettings:
    """Base of the settings dataclasses, which have the fields ``size`` and ``seed``."""

    def __post_init__(self):
        _check_size(self.size)
        if self.seed < 0:
            raise ValueError(f'seed {self.seed}: must not be negative')

    def to_dict(self) -> dict[str, object]:
        """Return the settings, ready for JSON."""
        return {**asdict(self), 'size': list(self.size)}
