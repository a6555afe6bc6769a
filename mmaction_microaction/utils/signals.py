"""Signals that end a program, in time to keep what it has done."""

import signal
from contextlib import contextmanager


@contextmanager
def ending_by_signals(stop):
    """Call a function at the first SIGINT, SIGTERM or SIGHUP, and end the program at once at the second.

    A signal that was ignored before, as nohup does with SIGHUP, stays ignored.

    Args:
        stop (Callable): Called without arguments, between any two steps of the main thread: it should only set a flag.
    """

    def first(*_):
        for number in before:
            signal.signal(number, signal.SIG_DFL)
        stop()

    known = [getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP') if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
