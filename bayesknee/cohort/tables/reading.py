"""Tables read in pieces, so that memory does not grow with them: CSV, Parquet and workbooks, and data frames.

What is read here is the table as it stands. What its columns mean to a network is for `bayesknee.cohort.tables.source`.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayesknee.cohort.extras import arrow_file, require
from bayesknee.cohort.tables.cells import Decimals, cell_text
from bayesknee.cohort.tables.csv_form import SEEN, CsvForm, CsvText, read_form
from bayesknee.cohort.tables.csv_text import check_text, empty, no_file, no_rows, not_utf8, other_length
from bayesknee.cohort.tables.workbook import other_book, read_sheet
from bayesknee.errors import TableError, printable, quoted
from bayesknee.lazy_types import DataType, RecordBatch, Schema, Table

CSV_SUFFIXES: Final = (".csv", ".tsv")
WORKBOOK: Final = ".xlsx"
SUFFIXES: Final = (*CSV_SUFFIXES, WORKBOOK, ".parquet")
PIECE: Final = 2**16  # rows at once: enough to share risk factors among patients, and 15 MB as codes
CSV_BLOCK: Final = 2**22  # bytes; a row must fit into one. More take memory, fewer refuse longer rows. Judged


@dataclass(frozen=True)
class Piece:
    """Some rows of a table, one after the other in the file.

    Attributes:
        number: of the piece, from 0.
        rows: their numbers in the file, from 1, the header and blank lines not counted; shape (rows,).
        table: their columns.
        broken: rows among them that are no rows of the table, by number, and why.
        read: which share of the file had been read after them, inside [0, 1].
    """

    number: int
    rows: NDArray[np.int64]
    table: Table
    broken: Mapping[int, str] = field(default_factory=dict)
    read: float = 0.0


class Columnar(Protocol):
    """A table that is read piece by piece.

    Attributes:
        name: for errors; printable.
        path: of its file; None for a data frame.
        names: of its columns.
        decimals: of its numbers.
        notes: what to know of how it was read.
    """

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def decimals(self) -> Decimals: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def check_kinds(self, key: Collection[str], read: Collection[str]) -> None:
        """Refuses columns that hold what no key, or no answer, can be."""
        ...

    def pieces(self, columns: Sequence[str], coded: Collection[str], rows: int = 0) -> Iterator[Piece]:
        """The rows with these columns, so many at once, or `PIECE`; `coded` ones are read by their distinct values."""
        ...


def check_suffix(path: Path, what: str, suffixes: Sequence[str]) -> str:
    """The format of a file, by its name.

    Raises:
        TableError: none of these.
    """
    if (suffix := path.suffix.lower()) not in suffixes:
        expected = f"{', '.join(suffixes[:-1])} nor {suffixes[-1]}"
        raise TableError(other_book(path) or f"{what} {str(path)!r} is neither {expected}; give it one of these names")
    return suffix


def read_table(source: object, form: CsvForm = SEEN, sheet: str = "") -> Columnar:
    """A table in a file, or a data frame of pandas, polars or Arrow.

    Raises:
        TableError: a file that cannot be read as a table; tells why and what to do.
    """
    require("pyarrow", "cohort")
    if not isinstance(source, (str, Path)):
        return FrameTable(frame_to_arrow(source))
    path = Path(source)
    suffix = check_suffix(path, "the input", SUFFIXES)
    with file_faults_told(path):
        if problem := no_file(path):
            raise TableError(problem)
        if path.stat().st_size == 0:
            raise TableError(empty(path))
        if suffix == ".parquet":
            return _parquet(path)
        return _workbook(path, sheet, form) if suffix == WORKBOOK else _csv(path, form)


@contextmanager
def file_faults_told(path: Path) -> Iterator[None]:
    """Faults of a file in our words."""
    name = printable(path.name)
    try:
        yield
    except UnicodeDecodeError:
        raise TableError(not_utf8(path)) from None
    except FileNotFoundError:
        raise TableError(f"cannot read {str(path)!r}: no such file; check its name") from None
    except (OSError, ValueError, csv.Error) as error:  # pyarrow's errors are such
        text = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
        if "UTF8" in text or "UTF-8" in text:
            raise TableError(not_utf8(path)) from None
        if "straddling" in text:
            raise TableError(f"{name}: a row is longer than {CSV_BLOCK:,} bytes; leave out what is so long") from None
        raise TableError(f"cannot read {name}: {text}; check that the file is whole and of its kind") from None


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(path: Path) -> ParquetTable:
    import pyarrow.parquet as pq

    with arrow_file(path) as opened, pq.ParquetFile(opened) as file:
        if file.metadata.num_rows == 0:
            raise TableError(f"{printable(path.name)} has no rows; expected one for each patient")
        return ParquetTable(path, file.schema_arrow)


def _without_index(schema: Schema) -> tuple[str, ...]:
    """The names of the columns, but for an index that pandas wrote and nobody named."""
    return tuple(name for name in schema.names if not name.startswith("__index_level_"))


def _is_plain(kind: DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    text, numbers = (types.is_string, types.is_large_string), (types.is_integer, types.is_floating)
    view = getattr(types, "is_string_view", types.is_string)
    return any(test(kind) for test in (*text, view, *numbers, types.is_boolean, types.is_null))


def _is_key(kind: DataType) -> bool:
    """Whether a CSV file, as the rejects are, can hold it."""
    import pyarrow as pa

    return _is_plain(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind)


def _check_kinds(schema: Schema, key: Collection[str], read: Collection[str]) -> None:
    for name in read:
        if not _is_key(kind := schema.field(name).type):
            raise TableError(f"column {quoted(name)} holds {kind}; expected text, numbers or truth values")
    for name in key:
        if not _is_key(kind := schema.field(name).type):
            raise TableError(f"key {quoted(name)} holds {kind}; expected text, numbers or times; name another key")


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file."""

    path: Path
    schema: Schema

    decimals = Decimals()
    notes = ()

    @property
    def name(self) -> str:
        return printable(self.path.name)

    @property
    def names(self) -> tuple[str, ...]:
        return _without_index(self.schema)

    def check_kinds(self, key: Collection[str], read: Collection[str]) -> None:
        _check_kinds(self.schema, key, read)

    def pieces(self, columns: Sequence[str], coded: Collection[str], rows: int = 0) -> Iterator[Piece]:
        import pyarrow.parquet as pq

        del coded
        rows = rows or PIECE
        # Without the buffer that would keep what was read of the file.
        with (
            file_faults_told(self.path),
            arrow_file(self.path) as opened,
            pq.ParquetFile(opened, pre_buffer=False) as file,
        ):
            start, total = 0, file.metadata.num_rows
            for number, table in enumerate(_joined(file.iter_batches(rows, columns=list(columns)), rows)):
                table.validate(full=True)  # text in another encoding
                numbers = np.arange(start + 1, start + table.num_rows + 1)
                start += table.num_rows
                yield Piece(number, numbers, table, read=start / total)


# --- data frames -----------------------------------------------------------------------------------------------------


def frame_to_arrow(frame: object) -> Table:
    """A data frame of pandas, polars or another library that narwhals knows, or an Arrow table, as an Arrow table.

    Raises:
        TableError: no data frame, one without rows, or columns of lists and the like.
    """
    require("narwhals", "cohort")
    import narwhals as nw
    import pyarrow as pa

    try:
        known = nw.from_native(frame, eager_only=True)  # type: ignore[call-overload]  # whatever was given
    except TypeError:
        kind = type(frame).__name__
        raise TableError(f"got a {kind}; expected a file, or a data frame of pandas, polars or Arrow") from None
    if not len(known):
        raise TableError("the data frame has no rows; expected one for each patient")
    try:
        return known.to_arrow()
    except (pa.ArrowException, TypeError):  # columns of mixed kinds, which pandas takes
        texts = {name: [cell_text(cell) or None for cell in known[name].to_list()] for name in known.columns}
        return pa.table({name: pa.array(cells, pa.string()) for name, cells in texts.items()})


@dataclass(frozen=True)
class FrameTable:
    """A data frame."""

    table: Table

    name = "the data frame"
    path = None
    decimals = Decimals()
    notes = ()

    @property
    def names(self) -> tuple[str, ...]:
        return _without_index(self.table.schema)

    def check_kinds(self, key: Collection[str], read: Collection[str]) -> None:
        _check_kinds(self.table.schema, key, read)

    def pieces(self, columns: Sequence[str], coded: Collection[str], rows: int = 0) -> Iterator[Piece]:
        del coded
        rows = rows or PIECE
        wanted = self.table.select(list(columns))
        for number, start in enumerate(range(0, len(wanted), rows)):
            part = wanted.slice(start, rows)
            numbers = np.arange(start + 1, start + len(part) + 1)
            yield Piece(number, numbers, part, read=(start + len(part)) / len(wanted))


# --- workbooks -------------------------------------------------------------------------------------------------------


def _workbook(path: Path, sheet: str, form: CsvForm) -> WorkbookTable:
    first = list(islice(read_sheet(path, sheet), 2))
    if not first:
        raise TableError(empty(path))
    if len(first) == 1:
        raise TableError(no_rows(path))
    return WorkbookTable(path, sheet, tuple(first[0]), Decimals(form.decimal or ".", bool(form.decimal)))


@dataclass(frozen=True)
class WorkbookTable:
    """A sheet of a workbook, whose cells are read as the texts that a CSV file would hold."""

    path: Path
    sheet: str
    names: tuple[str, ...]
    decimals: Decimals

    notes = ()

    @property
    def name(self) -> str:
        return printable(self.path.name)

    def check_kinds(self, key: Collection[str], read: Collection[str]) -> None:
        """Texts can be all that is asked for."""

    def pieces(self, columns: Sequence[str], coded: Collection[str], rows: int = 0) -> Iterator[Piece]:
        places = [self.names.index(name) for name in columns]
        types = _types(columns, coded)
        with file_faults_told(self.path):
            numbered = enumerate(islice(read_sheet(self.path, self.sheet), 1, None), start=1)
            for number in range(2**31):
                if not (part := list(islice(numbered, rows or PIECE))):
                    return
                good = [(row, cells) for row, cells in part if len(cells) == len(self.names)]
                broken = {
                    row: other_length(len(cells), len(self.names))
                    for row, cells in part
                    if len(cells) != len(self.names)
                }
                texts = {
                    name: [cells[at] or None for _, cells in good] for name, at in zip(columns, places, strict=True)
                }
                numbers = np.array([row for row, _ in good], np.int64)
                # How many rows follow is not known before they are read.
                yield Piece(number, numbers, _text_table(texts, types), broken, read=1.0 - 0.5 ** (number + 1))


def _types(columns: Iterable[str], coded: Collection[str]) -> dict[str, DataType]:
    import pyarrow as pa

    text, by_value = pa.string(), pa.dictionary(pa.int32(), pa.string())
    return {name: by_value if name in coded else text for name in columns}


def _text_table(texts: Mapping[str, Sequence[str | None]], types: Mapping[str, DataType]) -> Table:
    import pyarrow as pa

    return pa.table({name: pa.array(cells, pa.string()).cast(types[name]) for name, cells in texts.items()})


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv(path: Path, form: CsvForm) -> CsvTable:
    """The table, after a look at all of its text."""
    text = read_form(path, form)
    with text.open() as file:
        start = file.read(CSV_BLOCK).removeprefix(b"\xef\xbb\xbf")
    if (first := start.lstrip(b"\r\n").partition(b"\n")[0]) and not first.strip():
        line = start[: start.index(first)].count(b"\n") + 1
        raise TableError(f"{text.name}, line {line}: got blanks; expected the header; remove that line")
    try:
        first_rows = list(islice(text.rows(), 2))
    except (csv.Error, UnicodeDecodeError):
        check_text(text)  # which tells the line
        raise
    if not first_rows:
        raise TableError(empty(path))
    check_text(text)
    if len(first_rows) == 1:
        raise TableError(no_rows(path))
    return CsvTable(text, tuple(first_rows[0]))


@dataclass(frozen=True)
class CsvTable:
    """A CSV file with a header."""

    text: CsvText
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.text.name

    @property
    def path(self) -> Path:
        return self.text.path

    @property
    def decimals(self) -> Decimals:
        return Decimals(self.text.decimal, self.text.is_decimal_told)

    @property
    def notes(self) -> tuple[str, ...]:
        return self.text.notes

    def check_kinds(self, key: Collection[str], read: Collection[str]) -> None:
        """Texts can be all that is asked for."""

    def pieces(self, columns: Sequence[str], coded: Collection[str], rows: int = 0) -> Iterator[Piece]:
        import pyarrow.csv as pc

        types = _types(columns, coded)
        broken: dict[int, str] = {}
        last, number = 0, 0
        with (
            file_faults_told(self.path),
            self._opened() as file,
            pc.open_csv(file, **self._options(types, broken)) as reader,
        ):
            for table in _joined(reader, rows or PIECE):
                numbers = _numbers(last, table.num_rows, broken)
                last = int(numbers[-1])
                broken_here = {row: broken.pop(row) for row in sorted(broken) if row < last}
                yield Piece(number, numbers, table, broken_here, read=min(file.tell() / self.text.size, 1.0))
                number += 1
        if broken:
            nothing = _text_table({name: [] for name in columns}, types)
            yield Piece(number, np.empty(0, np.int64), nothing, dict(broken), read=1.0)

    def _opened(self) -> Any:  # noqa: ANN401 (pyarrow is untyped)
        """A file for pyarrow.

        Not one of Python's: threads that read ahead in one need the interpreter, and abort where it has ended.
        """
        import pyarrow as pa

        return arrow_file(self.path) if self.text.utf8 is None else pa.BufferReader(self.text.utf8)

    def _options(self, types: Mapping[str, DataType], broken: dict[int, str]) -> dict[str, object]:
        import pyarrow.csv as pc

        def is_broken(row: pc.InvalidRow) -> str:
            broken[row.number - 1] = other_length(row.actual_columns, row.expected_columns)
            return "skip"

        return {
            "read_options": pc.ReadOptions(block_size=CSV_BLOCK, use_threads=False),  # threads do not number rows
            "parse_options": pc.ParseOptions(
                delimiter=self.text.separator, newlines_in_values=True, invalid_row_handler=is_broken
            ),
            "convert_options": pc.ConvertOptions(
                column_types=dict(types), include_columns=list(types), strings_can_be_null=True, null_values=[""]
            ),
        }


def _joined(batches: Iterator[RecordBatch], rows: int) -> Iterator[Table]:
    """The batches joined into tables of about so many rows."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(batch.num_rows for batch in waiting) >= rows:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if sum(batch.num_rows for batch in waiting):
        yield pa.Table.from_batches(waiting)


def _numbers(last: int, count: int, broken: Mapping[int, str]) -> NDArray[np.int64]:
    """The numbers of the next rows, after `last`, those of broken ones left out."""
    candidates = np.arange(last + 1, last + 1 + count + len(broken))
    return candidates[~np.isin(candidates, list(broken))][:count]
