"""Micro-action recognition for MMAction2: importing the package registers its components."""

import sys
from functools import cache

from .version import __version__

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'register_all_modules', 'submission']


@cache
def register_all_modules() -> None:
    """Check the environment, apply the fixes of ``compat`` and register all components.

    Importing the package calls this function. Later calls do nothing.

    Raises:
        ImportError: If OpenCV or PyAV is missing or too old.
    """
    from .utils import environment

    # Before compat, since MMEngine imports OpenCV too and its error names no remedy.
    environment.check()

    from . import compat

    compat.apply_all()

    # Only now can MMAction2's own modules be imported, and ours registered beside them.
    from . import datasets, engine, evaluation, models, submission  # noqa: F401


# Registering takes seconds, so the command `microaction` calls the function itself, after it has read its arguments.
if not getattr(sys.modules.get('mmaction_microaction_command'), 'importing', False):
    register_all_modules()
