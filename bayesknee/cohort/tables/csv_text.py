"""Whether a CSV file is text that can be read without doubt: every quote in its place.

A quote that is not closed makes one cell of the rows below it, up to the next quote. Readers take that without a word,
so the quotes are looked at before anything is read: one that opens a cell follows a separator or the end of a line, one
that closes it comes before these, and a quote within is written twice (RFC 4180).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.cohort.tables.csv_form import CsvText
from bayesknee.errors import TableError

BLOCK: Final = 2**22  # bytes: what is made of a block is a few times as large; fewer mean more calls. Judged
QUOTE: Final = b'"'
AROUND: Final = b'\n\r"'  # with the separator, what may stand before an opening quote, and after a closing one

# What a spreadsheet may run as a formula, but for a plain number with a sign. The remedy, an apostrophe before it, is
# that of OWASP ("CSV injection"). No look-ahead: pyarrow's patterns have none.
FORMULA: Final = r"(?s)^([=@\t\r].*|[+-]([^0-9.].*|[0-9.]+[^0-9.].*))$"


class _TextBlock(NamedTuple):
    """Some bytes of a file, a byte before and a byte after them, and the number of their first line."""

    before: bytes
    content: bytes
    after: bytes
    line: int

    def line_at(self, place: int) -> int:
        return self.line + self.content.count(b"\n", 0, place)


def check_text(text: CsvText) -> None:
    """Looks at all of a CSV file, and keeps none of it.

    Raises:
        TableError: a byte that is no text, or a quote is not where one can be; tells the line.
        OSError: it cannot be read.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = _Quotes(text)
    with text.open() as file:
        for block in _blocks(file):
            _decode(decoder, block, text.path)
            quotes.check(block)
    quotes.finish()
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise TableError(not_utf8(text.path)) from None


def not_utf8(path: Path, line: int | None = None) -> str:
    """The error text for a file in another encoding."""
    place = "" if line is None else f" in line {line:,}"
    return f"{path.name} is not in UTF-8{place}; save it again in that encoding"


def no_file(path: Path) -> str:
    """Why a table cannot be read where something is that is no file; empty where it can."""
    is_other = path.exists() and not path.is_file()
    return f"{str(path)!r} is a folder, pipe or device; expected a file: it is read twice" if is_other else ""


def empty(path: Path) -> str:
    """The error text for an empty file."""
    return f"{path.name} is empty; expected a header and a row for each patient"


def no_rows(path: Path) -> str:
    """The error text for a file of one line."""
    return f"{path.name} has a header and no rows; expected one for each patient"


def other_length(fields: int, expected: int) -> str:
    """The error text for a row that is shorter or longer than the header."""
    return f"{fields} field{'s' * (fields != 1)} where the header has {expected}"


def no_formula(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: with an apostrophe before it if it looks like one."""
    return f"'{text}" if re.match(FORMULA, text) else text


def _blocks(file: BinaryIO) -> Iterator[_TextBlock]:
    """The file, a piece after the other; its end counts as the end of a line."""
    mark = codecs.BOM_UTF8
    before, line, content = b"\n", 1, file.read(len(mark)).removeprefix(mark) + file.read(BLOCK)
    while content:
        following = file.read(BLOCK)
        yield _TextBlock(before, content, following[:1] or b"\n", line)
        before, line, content = content[-1:], line + content.count(b"\n"), following


def _decode(decoder: codecs.IncrementalDecoder, block: _TextBlock, path: Path) -> None:
    try:
        decoder.decode(block.content)
    except UnicodeDecodeError as error:
        raise TableError(not_utf8(path, block.line_at(error.start))) from None
    if b"\0" in block.content:
        raise TableError(not_utf8(path, block.line_at(block.content.index(b"\0"))))


class _Quotes:
    """Quotes by turns open and close; one written twice within a cell does both."""

    def __init__(self, text: CsvText) -> None:
        self._path = text.path
        self._around = np.frombuffer(AROUND + text.separator.encode(), np.uint8)
        self._count = 0
        self._line = 0  # of the last one that opened

    def check(self, block: _TextBlock) -> None:
        if QUOTE not in block.content:
            return
        around = np.frombuffer(block.before + block.content + block.after, np.uint8)
        places = np.flatnonzero(around[1:-1] == QUOTE[0])
        opens = (np.arange(len(places)) + self._count) % 2 == 0
        neighbours = np.where(opens, around[places], around[places + 2])
        self._refuse(block, places, opens, np.flatnonzero(~np.isin(neighbours, self._around)))
        self._count += len(places)
        if opens.any():
            self._line = block.line_at(int(places[opens][-1]))

    def _refuse(
        self, block: _TextBlock, places: NDArray[np.intp], opens: NDArray[np.bool_], misplaced: NDArray[np.intp]
    ) -> None:
        if not len(misplaced):
            return
        first = int(misplaced[0])
        if opens[first]:
            line = block.line_at(int(places[first]))
            raise TableError(
                f"{self._path.name}, line {line:,}: a quote in the middle of a cell; put the whole cell in quotes, and "
                "write a quote within it twice"
            )
        raise TableError(self._not_closed(block.line_at(int(places[first - 1])) if first else self._line))

    def finish(self) -> None:
        """Whether the last one is closed."""
        if self._count % 2:
            raise TableError(self._not_closed(self._line))

    def _not_closed(self, line: int) -> str:
        return (
            f"{self._path.name}, line {line:,}: a quote opens a cell and is not closed at its end; close it there, and "
            "write a quote within a cell twice"
        )
