"""Log of a run overnight: lines with time stamps, in a file and on the screen, and the time that is left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from mmaction_microaction.utils.progress import progress_bar
from mmaction_microaction.utils.times import format_duration

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

REPORT_SECONDS = 300
"""Seconds between two lines about the progress of one recording."""


class TimeLeft:
    """Estimates the time that is left, from the bytes of video that were processed up to now.

    Args:
        total (int): Size in bytes of all videos that have to be processed.
        clock (Callable[[], float]): Function that returns the time in seconds. Defaults to ``time.monotonic``.

    Examples:
        >>> now = iter([0.0, 60.0])
        >>> left = TimeLeft(400, clock=lambda: next(now))
        >>> left.finish(100)
        >>> str(left)
        '00:03:00 left'
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._done, self._part = total, 0, 0.0
        self._clock, self._start = clock, clock()

    def advance(self, part: float) -> None:
        """Set the number of processed bytes of the current video."""
        self._part = part

    def finish(self, size: int) -> None:
        """Add a finished video to those that were processed."""
        self._done, self._part = self._done + size, 0.0

    def drop(self, size: int) -> None:
        """Leave out a video that failed."""
        self._total, self._part = self._total - size, 0.0

    def __str__(self) -> str:
        """Return the time that is left, or ``''`` before anything was processed."""
        done = self._done + self._part
        if done <= 0:
            return ''
        return f'{format_duration((self._clock() - self._start) * max(self._total - done, 0) / done)} left'


class RunLog:
    """Log of a run.

    Args:
        path (Path): File to which the lines are appended.
        console (Console, optional): Screen. Defaults to None: the lines are not shown.

    Raises:
        OSError: If the file cannot be written.
        ValueError: If another run uses the file.
    """

    def __init__(self, path: Path, console: Console | None = None) -> None:
        self._file = open(path, 'a', encoding='utf-8', errors='backslashreplace')  # noqa: SIM115 (closed by close)
        self._console = console
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._file.close()
                raise ValueError(
                    f'another run is writing into {path.parent}; wait for its end, or use another --out'
                ) from None
            except OSError:  # The file system has no locks.
                pass

    def __enter__(self) -> 'RunLog':
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, text: str, style: str | None = None, details: str = '', on_screen: bool = True) -> None:
        """Write a line.

        Args:
            text (str): The line.
            style (str, optional): Style of the line on the screen, such as ``'red'``. Defaults to None.
            details (str): Lines that are only written to the file. Defaults to none.
            on_screen (bool): Whether the line is also written to the screen. Defaults to True.
        """
        stamp = time.strftime('%Y-%m-%d %H:%M:%S')
        self._file.write(f'{stamp} {text}\n{details}')
        self._file.flush()
        if self._console and on_screen:
            self._console.print(escape(f'{stamp} {text}'), style=style)

    @contextmanager
    def following(self, text: str, size: int, left: TimeLeft) -> Iterator[Callable[[int, int], None]]:
        """Show the progress of a recording: a bar in a terminal, and a line now and then elsewhere and in the file.

        Args:
            text (str): Number and name of the recording.
            size (int): Its size in bytes.
            left (TimeLeft): Estimate of the time that is left.

        Yields:
            Callable[[int, int], None]: Function to be called with the work that is done and the total.
        """
        self.write(' … '.join(filter(None, [text, str(left)])))
        is_terminal = self._console is not None and self._console.is_terminal
        due = time.monotonic() + REPORT_SECONDS
        with progress_bar(text, self._console) if is_terminal else nullcontext() as show:

            def progress(done: int, total: int) -> None:
                nonlocal due
                left.advance(size * done / max(total, 1))
                if show:
                    show(done, total)
                if time.monotonic() >= due:
                    due = time.monotonic() + REPORT_SECONDS
                    self.write(f'{text} {100 * done // max(total, 1)} % … {left}')

            yield progress
