"""Python in processes of their own that have imported PyTorch and MMEngine already, which takes longer than most tests.

They begin as copies of a server process that has imported these, but nothing of MMAction2 or of this package.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.support import ROOT

_context = multiprocessing.get_context('forkserver')
_context.set_forkserver_preload(['cv2', 'mmengine.runner', 'mmengine.visualization', 'scipy.stats'])


def run_tool(name, *args, **kwargs):
    """Run ``tools/NAME`` to the end; takes and returns what :func:`run_python` does."""
    return run_python(ROOT / 'tools' / name, *args, **kwargs)


def run_python(what, *args, timeout=600, **kwargs):
    """Start a process as :func:`start` does and wait for its end.

    Returns:
        subprocess.CompletedProcess: How it ended, with output and errors as text.
    """
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, 'output'), Path(folder, 'errors')
        process = start(what, *args, output=output, errors=errors, **kwargs)
        process.join(timeout)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(what), timeout, output.read_text(), errors.read_text())
        return subprocess.CompletedProcess(str(what), process.exitcode, output.read_text(), errors.read_text())


def start(what, *args, output, errors, cwd=None, env=None):
    """Start a process, which also leads a group of its own.

    Args:
        what (str | Path): Python code, or the path of a script.
        args: Of the command line.
        output (Path): File for its output.
        errors (Path): File for its errors; may be that of the output.
        cwd (Path | None): Its working folder. Defaults to None, for the present one.
        env (dict | None): Its environment, which comes too late for Python's own settings. Defaults to None, for the
            present one.

    Returns:
        multiprocessing.Process: The process.
    """
    options = dict(output=output, errors=errors, cwd=cwd or os.getcwd(), env=dict(os.environ if env is None else env))
    process = _context.Process(target=_execute, args=(what, [str(arg) for arg in args]), kwargs=options)
    process.start()
    return process


def _execute(what, args, output, errors, cwd, env):
    # Linux's default, which is another for children of a server.
    multiprocessing.set_start_method('fork', force=True)
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for path, descriptor in ((output, sys.stdout.fileno()), (errors, sys.stderr.fileno())):
        with open(path, 'ab') as file:
            os.dup2(file.fileno(), descriptor)
    if isinstance(what, str):
        sys.argv = ['-c', *args]
        exec(what, {'__name__': '__main__'})
    else:
        sys.argv = [str(what), *args]
        runpy.run_path(str(what), run_name='__main__')
