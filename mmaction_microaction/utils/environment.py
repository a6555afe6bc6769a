"""Check of the packages that read images and videos, before anything else is imported."""

import re
from importlib.metadata import PackageNotFoundError, version

OLDEST_PYAV = 18
"""Oldest supported major version of PyAV, as in ``setup.py``.

PyAV 14.0 does not report the rotation of frames, and PyAV 17 rejects frames whose colour tags are reserved values.
"""
_HEADLESS = 'pip install --force-reinstall --no-deps opencv-contrib-python-headless'


def check() -> None:
    """Check that OpenCV and a recent PyAV are installed.

    Raises:
        ImportError: If OpenCV cannot be imported, or PyAV is missing or too old. The message contains the command that
            installs it.
    """
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'OpenCV cannot be imported ({error}): {_HEADLESS}. The default wheels of OpenCV need libGL, which servers '
            'lack; the headless wheel does not.'
        ) from None
    try:
        installed = version('av')
    except PackageNotFoundError:
        installed = 'none'
    major = re.match(r'\d+', installed)
    if not major or int(major[0]) < OLDEST_PYAV:
        required = f'av>={OLDEST_PYAV}'
        raise ImportError(
            f'{required} (PyAV) is required, but the installed version is {installed}: pip install "{required}"'
        )
