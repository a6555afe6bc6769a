"""Shows the progress of long work in a terminal."""

from contextlib import contextmanager

from rich.markup import escape
from rich.progress import Progress


@contextmanager
def progress_bar(description, console=None):
    """Show a progress bar for as long as a block runs.

    Args:
        description (str): Text before the bar.
        console (rich.console.Console, optional): Where to draw the bar, which disappears at the end. Defaults to
            None: standard output, where the bar stays.

    Yields:
        Callable[[int, int], None]: To be called with the number of tasks done and their total.
    """
    with Progress(console=console, transient=console is not None) as progress:
        task = progress.add_task(escape(description), total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
