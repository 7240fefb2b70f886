"""Text in a terminal: wrapped to its width, and as much of it as fits its height, to be moved up and down."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

_STYLES: Final = re.compile(r"\x1b\[[0-9;]*m")
_END: Final = "\x1b[0m"
NARROWEST_TEXT: Final = 8  # columns of a line's words, however narrow the terminal and however long what stands before


def plain(text: str) -> str:
    """The same without styles of a terminal."""
    return _STYLES.sub("", text)


def wrapped(text: str, columns: int) -> list[str]:
    """The lines of a text with styles, none wider than so many columns; a line that is cut in two keeps its style."""
    return [part for line in text.splitlines() for part in _wrapped_line(line, columns)]


def _wrapped_line(line: str, columns: int) -> Iterator[str]:
    words = plain(line)
    if len(words) <= columns:
        yield line
        return
    style = "".join(_STYLES.findall(line)[:1])
    indent = " " * (len(words) - len(words.lstrip(" ")))
    for part in indented(words.strip(), columns, indent, indent):
        yield f"{style}{part}{_END}" if style else part


def indented(words: str, columns: int, first: str = "", later: str = "") -> list[str]:
    """Words in lines of so many columns, after what stands before the first line, and before the later ones."""
    width = max(columns - 1, len(first) + NARROWEST_TEXT, len(later) + NARROWEST_TEXT)
    return textwrap.wrap(words, width, initial_indent=first, subsequent_indent=later) or [first.rstrip()]


def part_told(first: int, last: int, count: int, columns: int) -> str:
    """Which part of so many lines is seen."""
    told = f" ({first} to {last} of {count}; up and down for more)"
    return told if len(told) < columns else f" ({first}-{last} of {count}) ..."


class Viewport:
    """The part of a text that is seen, where the terminal is too low for all of it."""

    def __init__(self) -> None:
        self._top = self._height = self._count = 0

    def lines(self, text: Sequence[str], room: int, columns: int, wanted: range | None = None) -> list[str]:
        """As much as fits, and which part of the text that is.

        Args:
            text: its lines.
            room: how many lines fit, 2 or more.
            columns: how wide the terminal is.
            wanted: lines that are to be seen; None where the text stays as it was moved.
        """
        self._count, self._height = len(text), room - 1
        if len(text) <= room:
            self._top = self._count = 0
            return list(text)
        if wanted is not None:
            self._top = max(min(self._top, wanted.start), wanted.stop - self._height)
            self._top = min(self._top, wanted.start)  # of a line that is taller than the room, its beginning
        self._top = min(max(self._top, 0), len(text) - self._height)
        seen = text[self._top : self._top + self._height]
        return [*seen, part_told(self._top + 1, self._top + len(seen), len(text), columns)]

    def sees(self, line: int) -> bool:
        """Whether a line of the text is seen."""
        return not self._count or self._top <= line < self._top + self._height

    def move(self, by: int) -> bool:
        """Moves by a page up or down, but for one line; whether there was any more."""
        before = self._top
        step = max(1, self._height - 1)
        self._top = min(max(self._top + by * step, 0), max(0, self._count - self._height))
        return self._top != before
