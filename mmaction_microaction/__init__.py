"""Micro-action recognition for MMAction2: importing the package registers its components."""

from mmaction_microaction import environment

from .version import __version__

# Before compat, since MMEngine imports OpenCV and says less.
environment.check()

from mmaction_microaction import compat  # noqa: E402

compat.apply_all()

# Only now can MMAction2's own modules be imported, and ours registered beside them.
from mmaction_microaction import datasets, engine, evaluation, models  # noqa: E402

__all__ = ['__version__', 'datasets', 'engine', 'evaluation', 'models']
