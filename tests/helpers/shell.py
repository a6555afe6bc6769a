"""Programs for shells that run in processes which have already imported PyTorch; see :mod:`helpers.processes`."""

import contextlib
import os
import signal
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.processes import start

# A program asks for a process with its arguments, environment and working folder, and waits for the end of the process.
STUB = """#!/bin/bash
folder=$(mktemp -d {folder}/XXXXXX)
mkfifo $folder/status
printf '%s\\0' "${{0##*/}}" "$@" > $folder/command
env -0 > $folder/environment
pwd > $folder/cwd
echo $folder > {folder}/requests
read status < $folder/status
cat $folder/output
cat $folder/errors >&2
exit $status
"""

# What the process does. mim and torchrun start their processes with sys.executable.
PROGRAM = """
import os, runpy, sys
import torch
if 'OMP_NUM_THREADS' in os.environ:
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
sys.path[:0] = filter(None, os.environ.get('PYTHONPATH', '').split(os.pathsep))
_, sys.executable, name, *args = sys.argv
if name != 'python':
    args.insert(0, name)
elif args[0] == '-u':
    del args[0]
if args[0] == '-c':
    sys.path.insert(0, '')
    sys.argv = ['-c', *args[2:]]
    exec(args[1], {'__name__': '__main__'})
elif args[0] == '-m':
    sys.argv = args[1:]
    runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
else:
    sys.argv = args
    runpy.run_path(sys.argv[0], run_name='__main__')
"""


@contextlib.contextmanager
def quick_programs():
    """Yield an environment for :mod:`subprocess` in which ``python``, ``mim`` and ``microaction`` start quickly.

    This Python only takes ``-u``, ``-c``, ``-m`` and the paths of scripts. A program prints its output at its end.

    Yields:
        dict[str, str]: Environment.
    """
    with TemporaryDirectory(prefix='programs') as folder:
        programs = Path(folder, 'bin')
        programs.mkdir()
        for name in ('python', 'mim', 'microaction'):
            (programs / name).write_text(STUB.format(folder=folder))
            (programs / name).chmod(0o755)
        requests = Path(folder, 'requests')
        os.mkfifo(requests)
        server = threading.Thread(target=_serve, args=(requests, programs / 'python'), daemon=True)
        server.start()
        try:
            yield dict(os.environ, PATH=f'{programs}{os.pathsep}{os.environ["PATH"]}')
        finally:
            requests.write_text('end\n')
            server.join()


def _serve(requests, python):
    running = {}
    pipe = os.open(requests, os.O_RDWR)  # A pipe that is only read ends with its first writer.
    while True:
        for ready in wait([pipe, *running]):
            if ready == pipe:
                for line in os.read(pipe, 65536).decode().splitlines():
                    if line == 'end':
                        os.close(pipe)
                        for process, _ in running.values():
                            os.killpg(process.pid, signal.SIGKILL)
                        return
                    process = _start(Path(line), python)
                    running[process.sentinel] = process, Path(line)
            else:
                process, folder = running.pop(ready)
                (folder / 'status').write_text(f'{process.exitcode % 256}\n')


def _start(folder, python):
    name, *args = (folder / 'command').read_text().split('\0')[:-1]
    if name != 'python':
        name = Path(sys.executable).parent / name
    variables = (folder / 'environment').read_text().split('\0')[:-1]
    options = dict(cwd=(folder / 'cwd').read_text().removesuffix('\n'), env=dict(v.split('=', 1) for v in variables))
    return start(PROGRAM, python, name, *args, output=folder / 'output', errors=folder / 'errors', **options)
