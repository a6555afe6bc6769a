"""Entry point of the command ``microaction``, of the scripts in ``tools/`` and of worker processes.

Importing ``mmaction_microaction`` registers its components in MMAction2, which takes seconds. A command registers them
only before its work, so that ``--help`` and usage errors are answered at once, and workers that need no component do
not register any. This module tells the package so, and is therefore outside of it. The commands are in
``mmaction_microaction.cli``.
"""

import sys

importing = False
"""Whether this module imports the package without its components. Read by ``mmaction_microaction/__init__.py``."""


def main(command=None, prog=None):
    """Run the command that the arguments of this process name.

    Args:
        command (str, optional): Name of the command. Defaults to None, for the first argument of the process.
        prog (str, optional): Name of the program in usage lines. Defaults to None, for the name of the running script.
    """
    global importing
    sys.excepthook = _hide_interrupt
    importing = True
    try:
        from mmaction_microaction import cli
    finally:
        importing = False
    cli.main(command, prog=prog)


def start_worker(spawn, register):
    """Initialise a worker process of :func:`mmaction_microaction.utils.parallel.worker_pool`.

    Args:
        spawn (bool): Whether the worker is a new process.
        register (bool): Whether to register all components in a new process.
    """
    global importing
    importing = not register
    try:
        from mmaction_microaction.utils.parallel import initialize_worker
    finally:
        importing = False
    initialize_worker(spawn)


def _hide_interrupt(kind, error, traceback):
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


# Worker processes import this module too. While they start, Ctrl-C must not print a traceback for each of them.
# A program that has imported the package, and starts workers, keeps its own hook.
if 'mmaction_microaction' not in sys.modules:
    sys.excepthook = _hide_interrupt
