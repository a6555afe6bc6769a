import runpy
import sys
import warnings

import pytest
from helpers.people import no_search  # noqa: F401 (a fixture)
from helpers.support import ROOT


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs a tool in this process and returns its exit status, output and errors."""

    def run(tool, *arguments):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        monkeypatch.setattr(warnings, 'showwarning', warnings.showwarning)
        try:
            runpy.run_path(str(ROOT / 'tools' / f'{tool}.py'), run_name='__main__')
            status = 0
        except SystemExit as stop:
            # Python converts the status like this when it exits.
            status = stop.code
            if isinstance(status, str):
                print(status, file=sys.stderr)
                status = 1
        return status, *capsys.readouterr()

    return run
