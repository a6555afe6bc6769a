"""What the package needs of its environment, checked before anything else is imported."""

import re
from importlib.metadata import PackageNotFoundError, version

OLDEST_PYAV = 18
"""As in ``setup.py``. Frames of 14.0 do not tell their rotation; 17 refuses those with reserved tags of colour."""
_HEADLESS = 'pip install --force-reinstall --no-deps opencv-contrib-python-headless'


def check():
    """Refuse to be imported where pictures or videos could not be read.

    Raises:
        ImportError: If OpenCV cannot be imported, or PyAV is missing or too old. It names the remedy.
    """
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'OpenCV cannot be imported ({error}): {_HEADLESS}. Its usual wheels open windows and need libGL, which '
            'servers lack; the headless one takes their place.'
        ) from None
    try:
        found = version('av')
    except PackageNotFoundError:
        found = 'none'
    number = re.match(r'\d+', found)
    if not number or int(number[0]) < OLDEST_PYAV:
        needed = f'av>={OLDEST_PYAV}'
        raise ImportError(f'{needed} (PyAV) reads and writes videos, but installed is {found}: pip install "{needed}"')
