import signal
import subprocess
import sys

import pytest
from helpers.support import ROOT

# The code does not import the whole package, which takes seconds.
CODE = """
import os, runpy, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN) if {ignored} else None
ending_by_signals = runpy.run_path({path!r})['ending_by_signals']
with ending_by_signals(lambda: print('results are written', flush=True)):
    for name in {names}:
        os.kill(os.getpid(), getattr(signal, name))
print('still there', flush=True)
"""


def run(*names, ignored=False):
    code = CODE.format(path=str(ROOT / 'mmaction_microaction/utils/signals.py'), names=names, ignored=ignored)
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)


@pytest.mark.parametrize('name', ['SIGINT', 'SIGTERM', 'SIGHUP'])
def test_second_signal_ends_the_process_at_once(name):
    one = run(name)
    assert (one.returncode, one.stdout) == (0, 'results are written\nstill there\n')
    two = run('SIGHUP', name)
    assert (two.returncode, two.stdout, two.stderr) == (-getattr(signal, name), 'results are written\n', '')


def test_ignored_signals_stay_ignored():
    assert run('SIGHUP', 'SIGHUP', ignored=True).stdout == 'still there\n'
