"""Entry point of the command ``microaction`` and of the scripts in ``tools/``.

Importing ``mmaction_microaction`` registers its components in MMAction2, which takes seconds. A command registers them
only before its work, so that ``--help`` and usage errors are answered at once. This module tells the package so, and is
therefore outside of it. The commands are in ``mmaction_microaction.cli``.
"""

import sys

importing = False
"""Whether the package is being imported by :func:`main`. Read by ``mmaction_microaction/__init__.py``."""


def main(command=None, prog=None):
    """Run the command that the arguments of this process name.

    Worker processes that are spawned do not call this function, so they register all components at import as usual.

    Args:
        command (str, optional): Name of the command. Defaults to None, for the first argument of the process.
        prog (str, optional): Name of the program in usage lines. Defaults to None, for the name of the running script.
    """
    global importing
    importing = True
    try:
        from mmaction_microaction import cli
    finally:
        importing = False
    cli.main(command, prog=prog)


def _hide_interrupt(kind, error, traceback):
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


# Worker processes import this module too. While they start, Ctrl-C must not print a traceback for each of them.
sys.excepthook = _hide_interrupt
