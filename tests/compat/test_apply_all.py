"""Tests of the dependencies that fix defects, and of the documented list of replaced functions."""

import inspect
import re
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType

from helpers.compat import last_line
from helpers.processes import run_python
from helpers.support import ROOT

from mmaction_microaction import compat


def test_undeclared_dependencies_are_declared():
    from importlib.metadata import requires

    declared = {requirement.split(';')[0].strip() for requirement in requires('mmaction-microaction')}
    assert 'importlib_metadata' in declared
    assert any(requirement.startswith('setuptools') and '<80.9' in requirement for requirement in declared)
    assert 'pip<27' in declared
    import importlib_metadata  # noqa: F401
    import pkg_resources  # noqa: F401


def test_scripts_run_if_pip_lacks_a_module_that_mim_imports():
    # pip 27 removes this module.
    without = (
        'import sys; sys.modules["pip._vendor.pkg_resources"] = None; sys.argv = ["test.py", "--help"]; import runpy; '
    )
    mim = run_python(without + 'import mim')
    assert "No module named 'pip._vendor.pkg_resources'" in last_line(mim) or 'import of pip._vendor' in last_line(mim)
    script = run_python(without + f'runpy.run_path({str(ROOT / "tools" / "test.py")!r}, run_name="__main__")')
    assert 'MMAction2 test' in script.stdout


def test_replaced_functions_are_documented():
    table = (ROOT / 'docs' / 'safety.md').read_text().partition('## What importing')[2]
    rows = [line.split('|')[1] for line in table.splitlines() if line.startswith('| `mm')]
    names = [name for row in rows for name in re.findall(r'`(mm[\w.]+)`', row)]
    for name in names:
        found = resolve_name(name)
        # after_test_epoch is MMEngine's own function in a decorator. is_cuda_available is replaced only without a GPU.
        if isinstance(found, FunctionType) and not name.endswith(('after_test_epoch', 'is_cuda_available')):
            files = [found.__code__.co_filename]
            while hasattr(found, '__wrapped__'):  # functions that are replaced more than once
                found = found.__wrapped__
                files.append(found.__code__.co_filename)
            assert any(Path(file).parent == Path(compat.__file__).parent for file in files), name
    # The table names what each function replaces. silence_mmcv_lite replaces nothing.
    steps = re.findall(r'^    (\w+)\.(\w+)\(\)$', inspect.getsource(compat.apply_all), re.MULTILINE)
    assert len(steps) > 20
    replaced = [
        inspect.getsource(getattr(getattr(compat, module), step))
        for module, step in steps
        if step != 'silence_mmcv_lite'
    ]
    assert all(any(name.rpartition('.')[2] in source for name in [*names, 'DRN', 'add_safe_globals', 'adjust_hue'])
               for source in replaced)  # fmt: skip
