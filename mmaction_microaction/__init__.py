"""Micro-action recognition for MMAction2: importing the package registers its components."""

from .utils import environment
from .version import __version__

# Before compat, which imports MMEngine and so OpenCV, whose error messages are less helpful.
environment.check()

from . import compat  # noqa: E402

compat.apply_all()

# After compat, without which MMAction2's modules cannot be imported.
from . import datasets, engine, evaluation, models, submission  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models', 'submission']
