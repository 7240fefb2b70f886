"""Tables of patients read from CSV and Parquet files in pieces, so that memory does not grow with them."""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bayesknee.cohort.csv_text import check_text, empty, no_rows, not_utf8, other_length, read_rows, separated_otherwise
from bayesknee.cohort.extras import arrow_file, require
from bayesknee.errors import TableError, printable, quoted
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import DataType, RecordBatch, Schema, Table
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.columns import BLANK, Column, Columns, Encoded, check_columns, encode_columns

SUFFIXES: Final = (".csv", ".parquet")
PIECE: Final = 2**16  # rows at once: enough to share risk factors among patients, and 15 MB as codes
CSV_BLOCK: Final = 2**22  # bytes; a row must fit into one. More take memory, fewer refuse longer rows. Judged
LOOK: Final = 2**16  # bytes at the start of a file that are looked at first
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


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

    def encoded(self, network: Network, names: tuple[str, ...]) -> Encoded:
        """The codes of its rows, from these columns."""
        batches = [
            encode_columns(network, _distinct(batch, names), batch.num_rows) for batch in self.table.to_batches()
        ]
        starts = np.cumsum([0, *(len(encoded.codes) for encoded in batches)]).tolist()
        reasons = {
            start + row: reason
            for start, encoded in zip(starts, batches, strict=False)
            for row, reason in encoded.reasons.items()
        }
        codes = np.concatenate([nothing_known(network, 0), *(encoded.codes for encoded in batches)])
        read = batches[0].numbers if batches else ()
        numbers = {name: np.concatenate([encoded.numbers[name] for encoded in batches]) for name in read}
        return Encoded(codes, reasons, numbers)


def _distinct(batch: RecordBatch, names: tuple[str, ...]) -> Iterator[Column]:
    """The distinct values of some columns, and where they are."""
    for name in names:
        encoded = batch.column(batch.schema.get_field_index(name)).dictionary_encode()
        which = encoded.indices.fill_null(BLANK).to_numpy(zero_copy_only=False)
        yield Column(name, encoded.dictionary.to_pylist(), which)


class Source(Protocol):
    """A table of patients in a file."""

    @property
    def path(self) -> Path: ...
    @property
    def columns(self) -> Columns: ...
    def pieces(self) -> Iterator[Piece]: ...


def check_suffix(path: Path, what: str) -> str:
    """The format of a file, by its name.

    Raises:
        TableError: neither CSV nor Parquet.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise TableError(f"{what} {str(path)!r} is neither .csv nor .parquet; give it one of these names")
    return path.suffix.lower()


def open_source(path: Path | str, network: Network, key: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> Source:
    """The table in a file, its columns checked.

    Raises:
        TableError: a file that cannot be read as a table of patients; tells why and what to do.
    """
    require("pyarrow", "cohort")
    path = Path(path)
    kind = check_suffix(path, "the input")
    with _told(path):
        if path.stat().st_size == 0:
            raise TableError(empty(path))
        if kind == ".parquet":
            return ParquetSource(path, _parquet_columns(path, network, key, ignore))
        columns = check_columns(network, _csv_names(path), key, ignore)
        check_text(path)
        return CsvSource(path, columns)


@contextmanager
def _told(path: Path) -> Iterator[None]:
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


def _parquet_columns(path: Path, network: Network, key: tuple[str, ...], ignore: tuple[str, ...]) -> Columns:
    import pyarrow.parquet as pq

    with arrow_file(path) as opened, pq.ParquetFile(opened) as file:
        schema = file.schema_arrow
        columns = check_columns(network, _without_index(schema), key, ignore)
        for name in columns.questions:
            if not _is_plain(schema.field(name).type):
                kind = schema.field(name).type
                raise TableError(f"column {quoted(name)} holds {kind}; expected text, numbers or truth values")
        for name in columns.key:
            if not _is_key(schema.field(name).type):
                kind = schema.field(name).type
                raise TableError(f"key {quoted(name)} holds {kind}; expected text, numbers or times; name another key")
        if file.metadata.num_rows == 0:
            raise TableError(f"{printable(path.name)} has no rows; expected one for each patient")
    return columns


def _without_index(schema: Schema) -> list[str]:
    """The names of the columns, but for an index that pandas wrote and nobody named."""
    return [name for name in schema.names if not name.startswith("__index_level_")]


def _is_plain(kind: DataType) -> bool:
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    text, numbers = (types.is_string, types.is_large_string), (types.is_integer, types.is_floating)
    return any(test(kind) for test in (*text, *numbers, types.is_boolean, types.is_null))


def _is_key(kind: DataType) -> bool:
    """Whether a CSV file, as the rejects are, can hold it."""
    import pyarrow as pa

    return _is_plain(kind) or pa.types.is_temporal(kind) or pa.types.is_decimal(kind)


@dataclass(frozen=True)
class ParquetSource:
    """A Parquet file."""

    path: Path
    columns: Columns

    def pieces(self) -> Iterator[Piece]:
        """The rows of the file, piece by piece."""
        import pyarrow.parquet as pq

        # Without the buffer that would keep what was read of the file.
        with (
            _told(self.path),
            arrow_file(self.path) as opened,
            pq.ParquetFile(opened, pre_buffer=False) as file,
        ):
            start, total = 0, file.metadata.num_rows
            names = list(dict.fromkeys([*self.columns.key, *self.columns.questions]))
            for number, table in enumerate(_joined(file.iter_batches(PIECE, columns=names))):
                table.validate(full=True)  # text in another encoding
                rows = np.arange(start + 1, start + table.num_rows + 1)
                start += table.num_rows
                yield Piece(number, rows, table, read=start / total)


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv_names(path: Path) -> list[str]:
    """The header, after a look at what else the file might be."""
    with path.open("rb") as file:
        start = file.read(LOOK)
    if start.startswith(UTF16) or b"\0" in start:
        raise TableError(not_utf8(path))
    if (first := start.removeprefix(BOM_UTF8).lstrip(b"\r\n").partition(b"\n")[0]) and not first.strip():
        line = start[: start.index(first)].count(b"\n") + 1
        raise TableError(f"{printable(path.name)}, line {line}: got blanks; expected the header; remove that line")
    try:
        first_rows = list(islice(read_rows(path), 2))
    except (csv.Error, UnicodeDecodeError):
        check_text(path)  # which tells the line
        raise
    if not first_rows:
        raise TableError(empty(path))
    names, *rows = first_rows
    if len(names) == 1 and (problem := separated_otherwise(path, names[0])):
        raise TableError(problem)
    if not rows:
        check_text(path)
        raise TableError(no_rows(path))
    return names


def _csv_options(types: Mapping[str, DataType], broken: dict[int, str]) -> dict[str, object]:
    import pyarrow.csv as pc

    def is_broken(row: pc.InvalidRow) -> str:
        broken[row.number - 1] = other_length(row.actual_columns, row.expected_columns)
        return "skip"

    return {
        "read_options": pc.ReadOptions(block_size=CSV_BLOCK, use_threads=False),  # threads do not number rows
        "parse_options": pc.ParseOptions(newlines_in_values=True, invalid_row_handler=is_broken),
        "convert_options": pc.ConvertOptions(
            column_types=types, include_columns=list(types), strings_can_be_null=True, null_values=[""]
        ),
    }


@dataclass(frozen=True)
class CsvSource:
    """A CSV file in UTF-8, with commas and a header."""

    path: Path
    columns: Columns

    def pieces(self) -> Iterator[Piece]:
        """The rows of the file, piece by piece."""
        import pyarrow as pa
        import pyarrow.csv as pc

        text, coded = pa.string(), pa.dictionary(pa.int32(), pa.string())
        types = dict.fromkeys(self.columns.key, text) | dict.fromkeys(self.columns.questions, coded)
        broken: dict[int, str] = {}
        size, last, number = self.path.stat().st_size, 0, 0
        # Not a file of Python's: threads that read ahead in one need the interpreter, and abort where it has ended.
        with (
            _told(self.path),
            arrow_file(self.path) as file,
            pc.open_csv(file, **_csv_options(types, broken)) as reader,
        ):
            for table in _joined(reader):
                rows = _numbers(last, table.num_rows, broken)
                last = int(rows[-1])
                broken_here = {row: broken.pop(row) for row in sorted(broken) if row < last}
                yield Piece(number, rows, table, broken_here, read=min(file.tell() / size, 1.0))
                number += 1
        if broken:
            names = [*types]
            nothing = pa.table({name: pa.array([], types[name]) for name in names})
            yield Piece(number, np.empty(0, np.int64), nothing, dict(broken), read=1.0)


def _joined(batches: Iterator[RecordBatch]) -> Iterator[Table]:
    """The batches joined into tables of about `PIECE` rows."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(batch.num_rows for batch in waiting) >= PIECE:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if sum(batch.num_rows for batch in waiting):
        yield pa.Table.from_batches(waiting)


def _numbers(last: int, count: int, broken: Mapping[int, str]) -> NDArray[np.int64]:
    """The numbers of the next rows, after `last`, those of broken ones left out."""
    candidates = np.arange(last + 1, last + 1 + count + len(broken))
    return candidates[~np.isin(candidates, list(broken))][:count]
