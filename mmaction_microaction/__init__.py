"""Micro-action recognition for MMAction2: importing the package registers its components."""

from .utils import environment
from .version import __version__

# Before compat, since MMEngine imports OpenCV and says less.
environment.check()

from . import compat  # noqa: E402

compat.apply_all()

# Only now can MMAction2's own modules be imported, and ours registered beside them.
from . import datasets, engine, evaluation, models, submission  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'submission']
