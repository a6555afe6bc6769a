"""Every public function has an example in its docstring, and the printed numbers are correct."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from mmaction_microaction.evaluation import functional

MODULES = [
    importlib.import_module(f'{functional.__name__}.{m.name}') for m in pkgutil.iter_modules(functional.__path__)
]
FUNCTIONS = [name for name in functional.__all__ if inspect.isfunction(getattr(functional, name))]


@pytest.mark.parametrize('module', MODULES, ids=lambda module: module.__name__.rpartition('.')[2])
def test_examples_print_the_documented_output(module):
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize('name', FUNCTIONS)
def test_every_function_has_an_example(name):
    assert doctest.DocTestFinder(recurse=False).find(getattr(functional, name))[0].examples
