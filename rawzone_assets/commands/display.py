"""Tables and the progress of long work, drawn by rich, which is imported when there is something to draw.

Tables are for a screenful; lists that may have a million lines print them one by one and need no rich.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from rawzone_assets.commands.surroundings import printable

_UNCUT = 1000
"""A width beyond every table: neither a pipe's reader nor a narrow terminal is served by cut names."""


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[str] = ()) -> None:
    """A table on standard output; the columns named in ``numbers`` are set flush right."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    # Cells hold names of landed files, which are no markup.
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=_UNCUT)
    with console.capture() as drawn:  # rich would end the process with 1 when it cannot write
        console.print(table)
    click.echo(drawn.get(), nl=False)


@contextmanager
def byte_progress(doing: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, fed with (done, total) bytes; ``None`` when it is no terminal."""
    with _bar(doing, in_bytes=True) as progress:
        yield progress


@contextmanager
def file_progress(doing: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, fed with (done, total) files; ``None`` when it is no terminal."""
    with _bar(doing, in_bytes=False) as progress:
        yield progress


@contextmanager
def _bar(doing: str, *, in_bytes: bool) -> Iterator[Callable[[int, int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress as drawn  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    columns = (
        drawn.TextColumn("{task.description}"),
        drawn.BarColumn(),
        drawn.DownloadColumn() if in_bytes else drawn.MofNCompleteColumn(),
        drawn.TimeRemainingColumn(),
    )
    with drawn.Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
