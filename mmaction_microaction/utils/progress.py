"""Progress bars in the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress


@contextmanager
def progress_bar(description: str, console: Console | None = None) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar while a block runs.

    Args:
        description (str): Text before the bar.
        console (Console, optional): Console of a bar that disappears at the end. Defaults to None: the
            bar is drawn on standard output and stays.

    Yields:
        Callable[[int, int], None]: Function to be called with the number of finished tasks and the total.
    """
    with Progress(console=console, transient=console is not None) as progress:
        task = progress.add_task(escape(description), total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
