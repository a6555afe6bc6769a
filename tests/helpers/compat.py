"""Code for processes with or without this package, that is, with or without its changes to other libraries."""

import pytest
import torch

WITH = 'import mmaction_microaction; '
"""Import of the package, as a prefix of other code."""

WITHOUT_DRN = (
    'import sys, types, warnings; warnings.simplefilter("ignore"); '
    'sys.modules.update({"mmaction.models.localizers.drn": types.ModuleType("drn"), '
    '"mmaction.models.localizers.drn.drn": types.SimpleNamespace(DRN=None)}); '
)
"""Placeholder for DRN, without which neither mmaction.datasets nor mmaction.models can be imported."""

cpu_only = pytest.mark.skipif(torch.cuda.is_available(), reason='the defect appears only without CUDA')


def last_line(process):
    """Return the last line of the standard error of a process."""
    return process.stderr.strip().splitlines()[-1]
