"""How a CSV file is written: its encoding, what stands between its columns, and the sign of its decimals.

Each can be told. What is not told is seen from the file, and where two answers fit alike, the file is refused and the
option named that says which.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from immutabledict import immutabledict

from bayesknee.errors import TableError, name_hint, printable, quoted

LOOK: Final = 2**16  # bytes at the start of a file that are looked at first
LOOKED_AT: Final = 50  # rows among them that must split alike: a separator in a text shows soon; judged
BLOCK: Final = 2**22  # bytes that are decoded at once; fewer mean more calls. Judged
# Files in other encodings are held in memory as UTF-8, so that no copy of patients lies on a disk. Judged
MOST_BYTES: Final = 2**28
UTF8: Final = "utf-8"
# The encodings that people name, and Python's names. Windows-1252 is Latin-1 with the quotes and dashes that Windows
# puts where Latin-1 has control characters; browsers read the one as the other, too (WHATWG Encoding).
ENCODINGS: Final[Mapping[str, str]] = immutabledict(
    {
        "utf-8": UTF8,
        "utf-8-sig": UTF8,
        "utf8": UTF8,
        "utf-16": "utf-16",
        "utf16": "utf-16",
        "utf-16-le": "utf-16-le",
        "utf-16-be": "utf-16-be",
        "latin-1": "cp1252",
        "latin1": "cp1252",
        "iso-8859-1": "cp1252",
        "windows-1252": "cp1252",
        "cp1252": "cp1252",
    }
)
NAMES: Final = immutabledict(
    {"utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Latin-1 (Windows-1252)"}
)
SEPARATORS: Final[Mapping[str, str]] = immutabledict({",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"})
SEPARATOR_WORDS: Final[Mapping[str, str]] = immutabledict(
    {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|"}
)
DECIMALS: Final[Mapping[str, str]] = immutabledict({".": ".", ",": ",", "point": ".", "comma": ","})
LONGEST_CELL: Final = 2**31 - 1  # characters; Python's own limit is 131,072
_MARKS: Final = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BROKEN: Final = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of a byte that is no UTF-8
_BEYOND_ASCII: Final = re.compile("[^\0-\x7f\udc80-\udcff]")


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written, as far as it is told; what is empty is seen from the file.

    Attributes:
        encoding: as Python calls it.
        separator: the sign between columns.
        decimal: the sign of decimals, a point or a comma.
    """

    encoding: str = ""
    separator: str = ""
    decimal: str = ""

    @classmethod
    def told(cls, encoding: str = "", separator: str = "", decimal: str = "") -> CsvForm:
        """The form in the words of an option or a map.

        Raises:
            TableError: a word that means none.
        """
        return cls(
            _meant("encoding", encoding.lower(), ENCODINGS),
            _meant("separator", separator, {**dict(zip(SEPARATORS, SEPARATORS, strict=True)), **SEPARATOR_WORDS}),
            _meant("decimal", decimal, DECIMALS),
        )

    def over(self, other: CsvForm) -> CsvForm:
        """This form, completed by another one."""
        return CsvForm(
            self.encoding or other.encoding, self.separator or other.separator, self.decimal or other.decimal
        )


SEEN: Final = CsvForm()  # all of it is seen from the file


def _meant(what: str, word: str, known: Mapping[str, str]) -> str:
    if word and word not in known:
        told = ", ".join(map(repr, known))
        raise TableError(f"{what} {quoted(word)}; expected one of {told}; {name_hint(word, known, 'name one of them')}")
    return known.get(word, "")


@dataclass(frozen=True)
class CsvText:
    """The text of a CSV file, whose form is known.

    Attributes:
        path: of the file.
        encoding, separator: how it is written.
        decimal: the sign of its decimals.
        is_decimal_told: whether somebody said so.
        utf8: the text in UTF-8 where the file is in another encoding; else None.
    """

    path: Path
    encoding: str
    separator: str
    decimal: str = "."
    is_decimal_told: bool = False
    utf8: bytes | None = None

    @property
    def name(self) -> str:
        return printable(self.path.name)

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8."""
        return self.path.stat().st_size if self.utf8 is None else len(self.utf8)

    def open(self) -> BinaryIO:
        """The text in UTF-8, as a file."""
        return self.path.open("rb") if self.utf8 is None else io.BytesIO(self.utf8)

    def rows(self) -> Iterator[list[str]]:
        """The rows, the header first, blank lines left out.

        Raises:
            OSError, csv.Error, UnicodeDecodeError: it cannot be read.
        """
        before = csv.field_size_limit(LONGEST_CELL)
        try:
            with io.TextIOWrapper(self.open(), encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=self.separator)
                yield from (row for row in reader if len(row) > 1 or "".join(row).strip())
        finally:
            csv.field_size_limit(before)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was seen of the form and may be wrong."""
        if self.encoding == UTF8:
            return ()
        return (f"{self.name} is not in UTF-8; it was read as {NAMES[self.encoding]}; --encoding tells another",)


def read_form(path: Path, told: CsvForm) -> CsvText:
    """A CSV file with its form, told or seen.

    Raises:
        TableError: text in no encoding that is known, or separators that may be two things.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(LOOK)
    encoding = told.encoding or _encoding(path, start)
    utf8 = None if encoding == UTF8 else _as_utf8(path, encoding)
    beginning = (start if utf8 is None else utf8)[:LOOK].decode("utf-8-sig", "replace")
    separator = told.separator or _separator(path, beginning, is_all=len(start) < LOOK)
    return CsvText(path, encoding, separator, told.decimal or _decimal(separator), bool(told.decimal), utf8)


def _decimal(separator: str) -> str:
    """Spreadsheets write semicolons where the comma is the sign of decimals."""
    return "," if separator == ";" else "."


# --- encodings -------------------------------------------------------------------------------------------------------


def _encoding(path: Path, start: bytes) -> str:
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        return _utf16(path, start)
    with path.open("rb") as file:
        broken, line = _broken_line(file)
    if not broken:
        return UTF8
    if line:
        told = f"{printable(path.name)} is not in UTF-8 in line {broken:,}, though line {line:,} is"
        raise TableError(f"{told}; save it again in one encoding, or name that with --encoding")
    return "cp1252"


def _utf16(path: Path, start: bytes) -> str:
    """Of UTF-16 without a mark, nearly each second byte is 0."""
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros.count(0) > 0.8 * len(zeros):
            return encoding
    raise TableError(not_text(path))


def not_text(path: Path) -> str:
    """The error text for a file that is no text in any encoding that is known."""
    known = "UTF-8, UTF-16 or Latin-1"
    return f"{printable(path.name)} is no text in {known}; save it again as CSV in UTF-8"


def _broken_line(file: BinaryIO) -> tuple[int, int]:
    """The first line with a byte that is no UTF-8, and the first with a sign of UTF-8 beyond ASCII; 0 for none."""
    decoder = codecs.getincrementaldecoder(UTF8)("surrogateescape")
    broken = beyond = 0
    line = 1
    while block := file.read(BLOCK):
        if not block.isascii() or not (broken or beyond):
            text = decoder.decode(block)
            broken = broken or _line_of(_BROKEN, text, line)
            beyond = beyond or _line_of(_BEYOND_ASCII, text, line)
        line += block.count(b"\n")
    if _BROKEN.search(decoder.decode(b"", final=True)):
        broken = broken or line
    return broken, beyond


def _line_of(pattern: re.Pattern[str], text: str, first: int) -> int:
    found = pattern.search(text)
    return first + text.count("\n", 0, found.start()) if found else 0


def _as_utf8(path: Path, encoding: str) -> bytes:
    if (size := path.stat().st_size) > MOST_BYTES:
        told = f"{printable(path.name)} has {size:,} bytes in {NAMES[encoding]}"
        raise TableError(f"{told}; expected at most {MOST_BYTES:,}, or UTF-8; save it again in UTF-8")
    try:
        return path.read_bytes().decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise TableError(not_text(path)) from None


# --- separators ------------------------------------------------------------------------------------------------------


def _separator(path: Path, beginning: str, *, is_all: bool) -> str:
    """The one sign that parts header and rows alike into most columns; a comma where none does."""
    lines = beginning if is_all else beginning[: beginning.rfind("\n") + 1] or beginning
    columns = {sign: _columns(lines, sign) for sign in SEPARATORS}
    alike = {sign: fields for sign, (fields, is_alike) in columns.items() if fields > 1 and is_alike}
    found = alike or {sign: fields for sign, (fields, _) in columns.items() if fields > 1}
    best = [sign for sign, fields in found.items() if fields == max(found.values())]
    if len(best) > 1 and alike:
        both = " and ".join(SEPARATORS[sign] for sign in best)
        told = f"{printable(path.name)}: {both} part its lines alike"
        raise TableError(f"{told}; expected one sign between columns; name it with --separator")
    return best[0] if best else ","


def _columns(lines: str, sign: str) -> tuple[int, bool]:
    """How many columns the header has with this sign, and whether the first rows have as many."""
    try:
        rows = [row for row in islice(csv.reader(io.StringIO(lines, newline=""), delimiter=sign), LOOKED_AT) if row]
    except csv.Error:
        return 0, False
    counts = [len(row) for row in rows]
    return (counts[0], len(set(counts)) == 1) if counts else (0, False)
