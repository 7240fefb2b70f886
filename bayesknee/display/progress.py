"""A progress bar with a rate, on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bayesknee.cohort.resumable_parts import Progress, RowCounts


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """A bar on standard error while the block runs; None where that is no terminal.

    Args:
        what: is done to rows, such as `scored`.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rows]:,} rows " + what + ", {task.fields[rate]:,.0f} a second")
    columns = (BarColumn(), TaskProgressColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0, rows=0, rate=0.0)

        def update(share: float, counts: RowCounts) -> None:
            rows = counts.scored + counts.rejected
            elapsed = bar.tasks[task].elapsed or 0.0
            bar.update(task, completed=share, rows=rows, rate=rows / elapsed if elapsed else 0.0)

        yield update


@contextmanager
def counted_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error that is told how many more are done; silent where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(what), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)
