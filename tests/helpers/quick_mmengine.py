"""Omits work of MMEngine that takes seconds in each run, and that tests do not need."""

import functools
from types import SimpleNamespace

from mmengine.config import config
from mmengine.dataset import base_dataset


def quicken_mmengine(setattr=setattr):
    """Leave configs unformatted, look up each config of MMAction2 once, and do not search for garbage.

    MMEngine formats the config of each run. For each config that inherits from one of MMAction2, it reads the lists of
    all of MMAction2's networks. For each dataset, it searches all objects of the process for garbage.

    Args:
        setattr (callable): Sets an attribute of a module, such as that of a MonkeyPatch.
    """
    setattr(config, 'FormatCode', functools.wraps(config.FormatCode)(_leave_unformatted))
    setattr(config, '_get_external_cfg_path', functools.cache(config._get_external_cfg_path))
    setattr(base_dataset, 'gc', SimpleNamespace(collect=lambda: None))


def _leave_unformatted(text, **style):
    return text, False
