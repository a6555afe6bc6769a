"""Crops of videos: the values of ``--crop``, and how networks say to what their training clips were cropped."""

from pathlib import Path
from typing import Literal

from mmaction_microaction.label_sets import LabelSet, is_ma52

Crop = Literal['auto', 'person', 'none'] | tuple[int, int, int, int]


def parse_crop(text: str) -> Crop:
    """Parse the value of ``--crop``.

    Args:
        text (str): ``'auto'``, ``'person'``, ``'none'``, or ``'X,Y,W,H'``.

    Returns:
        Crop: The word, or left and upper edge, width and height in pixels.

    Raises:
        ValueError: If the text is something else.

    Examples:
        >>> parse_crop('500,0,900,1080')
        (500, 0, 900, 1080)
    """
    if text in ('auto', 'person', 'none'):
        return text
    try:
        left, top, width, height = map(int, text.split(','))
    except ValueError:
        raise ValueError(f'crop is {text!r}, but must be auto, person, none, or X,Y,W,H in pixels') from None
    return check_crop((left, top, width, height))


def format_crop(crop: Crop) -> str:
    """Return the text that :func:`.parse_crop` parses.

    Examples:
        >>> format_crop((500, 0, 900, 1080)), format_crop('auto')
        ('500,0,900,1080', 'auto')
    """
    return crop if isinstance(crop, str) else ','.join(map(str, crop))


def find_trained_crop(text: str | None, label_set: LabelSet, source: str | Path) -> Crop | None:
    """Return how the clips were cropped on which a network was trained.

    Args:
        text (str | None): What the file of the network says, a value of ``--crop``. None if it says nothing.
        label_set (LabelSet): Label set of the network.
        source (str | Path): Path of the file, for messages.

    Returns:
        Crop | None: The crop. If the file says nothing, it is ``'auto'`` for a network of MA-52, and None, which means
        unknown, for others.

    Raises:
        ValueError: If the text is no crop.
    """
    if text is None:
        return 'auto' if is_ma52(label_set) else None
    try:
        return parse_crop(str(text))
    except ValueError:
        raise ValueError(f'{source} names a crop of its training clips that is unknown: {text!s:.40}') from None


def check_crop(crop: Crop) -> Crop:
    """Check a crop.

    Args:
        crop (Crop): The crop.

    Returns:
        Crop: The same crop.

    Raises:
        ValueError: If it is another word, or numbers that are no box.
    """
    if isinstance(crop, str):
        if crop not in ('auto', 'person', 'none'):
            raise ValueError(f'crop is {crop!r}, but must be auto, person, none, or four integers')
    elif len(crop) != 4 or min(crop) < 0 or min(crop[2:]) < 1:
        raise ValueError(f'crop is {crop}, but must be a box: X and Y at least 0, W and H at least 1')
    return crop
