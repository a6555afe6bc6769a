"""Separate Python processes that have already imported PyTorch, MMEngine and what a run needs of other packages.

These imports take longer than most tests. The processes are forked from a server process that has imported these
packages, but neither MMAction2 nor this package.
"""

import gc
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch.multiprocessing

from helpers.quick_mmengine import quicken_mmengine
from helpers.support import ROOT

_context = multiprocessing.get_context('forkserver')
_context.set_forkserver_preload(
    [
        'av',
        'cv2',
        'einops',
        'matplotlib.pyplot',  # for visualizers
        'mmcv',
        'mmengine.runner',
        'mmengine.visualization',
        'pkg_resources',  # for configs that inherit from ``mmaction::``
        'scipy.stats',
        'sklearn.metrics',
        'torch._dynamo',  # for optimizers
        'torch.utils.tensorboard',
        'torchvision',
        'yapf.yapflib.yapf_api',  # for configs that are written
    ]
)


def run_tool(name, *args, **kwargs):
    """Run ``tools/NAME``, and return the completed process. Other arguments are those of :func:`run_python`."""
    return run_python(ROOT / 'tools' / name, *args, **kwargs)


def run_python(what, *args, timeout=600, **kwargs):
    """Start a process with :func:`start`, and wait for its end.

    Returns:
        subprocess.CompletedProcess: Completed process, with its output and errors as text.
    """
    with TemporaryDirectory() as folder:
        output, errors = Path(folder, 'output'), Path(folder, 'errors')
        process = start(what, *args, output=output, errors=errors, **kwargs)
        process.join(timeout)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(str(what), timeout, output.read_text(), errors.read_text())
        return subprocess.CompletedProcess(str(what), process.exitcode, output.read_text(), errors.read_text())


def run_ranks(function, *args, processes=2):
    """Call a function in several processes, with the rank of the process before its other arguments."""
    torch.multiprocessing.start_processes(function, args, processes, start_method='forkserver')


def start(what, *args, output, errors, cwd=None, env=None):
    """Start a process, as the leader of its own process group.

    Args:
        what (str | Path): Python code, or the path of a script.
        *args: Command-line arguments.
        output (Path): File that receives standard output.
        errors (Path): File that receives standard error. It may be the same as ``output``.
        cwd (Path | None): Working folder. Defaults to None: the current one.
        env (dict | None): Environment. It is set after Python has started, so it cannot configure Python itself.
            Defaults to None: the current one.

    Returns:
        multiprocessing.Process: Started process.
    """
    options = dict(output=output, errors=errors, cwd=cwd or os.getcwd(), env=dict(os.environ if env is None else env))
    process = _context.Process(target=_execute, args=(what, [str(arg) for arg in args]), kwargs=options)
    process.start()
    return process


def _execute(what, args, output, errors, cwd, env):
    # The default on Linux. Processes that a server forks have another default.
    multiprocessing.set_start_method('fork', force=True)
    # As in conftest.py.
    gc.freeze()
    quicken_mmengine()
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
