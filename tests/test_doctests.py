"""The examples in docstrings print what they show."""

import doctest
import importlib

import pytest
from helpers.support import ROOT

PACKAGE = ROOT / 'mmaction_microaction'
# evaluation.functional has a test that also requires an example of every function.
MODULES = [
    '.'.join(path.relative_to(ROOT).with_suffix('').parts)
    for path in sorted(PACKAGE.rglob('*.py'))
    if '>>> ' in path.read_text(encoding='utf-8') and not {'.mim', 'functional'} & set(path.parts)
]


@pytest.mark.parametrize('name', MODULES)
def test_examples_print_what_they_show(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
