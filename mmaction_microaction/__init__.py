"""Micro-action recognition for MMAction2: importing the package registers its components."""

import os
import sys
from functools import cache

from .version import __version__

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'register_all_modules', 'submission']

# Since version 1.29, ONNX Runtime sends statistics of use to Microsoft on Linux and macOS, too. Its function
# disable_telemetry_events() comes too late for the first of them; the variable has to be set before it is imported.
os.environ['ORT_DISABLE_TELEMETRY'] = '1'


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
