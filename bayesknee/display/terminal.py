"""What the terminal at hand can show, and text made for it. Needs rich, so only what prints text imports this."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final, TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

NARROWEST: Final = 40
_STICKY: Final = "\ue000"


def console_for(file: TextIO | None = None) -> Console:
    """A console on `file`, or on standard output: COLUMNS and NO_COLOR count, and no colour goes into a pipe."""
    console = Console(file=file or sys.stdout, highlight=False, markup=False, emoji=False)
    console.width = max(console.width, NARROWEST)
    return console


def rendered(console: Console, *parts: RenderableType) -> str:
    """`parts` one below the other as text for `console`, without blanks at the ends of lines."""
    with console.capture() as capture:
        console.print(Group(*parts))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().replace(_STICKY, " ").splitlines())


def sticky(text: str) -> str:
    """The same, but no line ends between a figure and its percent sign: rich takes the no-break space for a space."""
    return text.replace(" %", f"{_STICKY}%")


def unbroken(text: str) -> str:
    """The same, but no line ends within it."""
    return text.replace(" ", _STICKY)


def is_fancy(console: Console) -> bool:
    """Whether characters beyond ASCII will come out right: a terminal that speaks UTF-8."""
    return console.is_terminal and console.encoding.startswith("utf")


def bar(share: float, width: int, *, fancy: bool) -> Text:
    """A bar of `share` of `width`: eighths of a block where they can be shown, else signs of ASCII."""
    if fancy:
        eighths = round(share * width * 8)
        return Text("█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip(), style="cyan")
    return Text("#" * round(share * width))


def columns(count: int = 2) -> Table:
    """An empty table without lines; its columns are two blanks apart, and their words wrap."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(count):
        table.add_column(overflow="fold")
    return table


def numbered(width: int) -> Table:
    """An empty table without lines: a column of that width for bullets or numbers, then one whose words wrap."""
    table = Table.grid(padding=0)
    table.add_column(width=width)
    table.add_column(overflow="fold")
    return table


def warning_lines(messages: Iterable[str]) -> Iterator[RenderableType]:
    """What a reader must be warned of."""
    for message in messages:
        yield Text(sticky(f"\nWarning: {message}"), style="bold red")
