"""Handling of the signals that end a program, so that its results can be kept."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ending_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call a function at the first SIGINT, SIGTERM or SIGHUP, and end the program at the second.

    A signal that is ignored already, such as SIGHUP under nohup, stays ignored.

    Args:
        stop (Callable[[], None]): Function that is called between any two steps of the main thread, so it should only
            set a flag.
    """

    def handle_first(*_: Any) -> None:
        for number in previous_handlers:
            signal.signal(number, signal.SIG_DFL)
        stop()

    numbers = [getattr(signal, name) for name in ('SIGINT', 'SIGTERM', 'SIGHUP') if hasattr(signal, name)]
    handlers = {number: signal.getsignal(number) for number in numbers}
    previous_handlers = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}
    for number in previous_handlers:
        signal.signal(number, handle_first)
    try:
        yield
    finally:
        for number, handler in previous_handlers.items():
            signal.signal(number, handler)
