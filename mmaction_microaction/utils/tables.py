"""Tables in a terminal."""

from collections.abc import Iterable, Sequence


def print_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown, wide enough that no name is divided.

    Args:
        titles (Sequence[str]): Titles of the columns.
        rows (Iterable[Sequence[object]]): Cells of each row.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*titles, box=box.MARKDOWN)
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    Console(width=1000, highlight=False, emoji=False).print(table)
