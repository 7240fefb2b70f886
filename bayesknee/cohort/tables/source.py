"""A table of patients beside a network: which of its columns are read, what their cells say, and what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from immutabledict import immutabledict

from bayesknee.cohort.labels import LABEL
from bayesknee.cohort.tables.cells import Bands, CellReader, ColumnReader, TimeBetween
from bayesknee.cohort.tables.csv_form import SEEN, CsvForm
from bayesknee.cohort.tables.reading import Columnar, Piece, read_table
from bayesknee.cohort.tables.table_map import NO_MAP, LabelColumn, MappedColumn, TableMap, heading, read_map
from bayesknee.errors import TableError, joined, name_hint, quoted
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import meant_name
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.columns import MOST_TOLD, Columns, Encoded, check_columns, encode_columns

KEY_COLUMNS: Final = ("id", "key", "patient")  # taken for a key where nobody says what they are
SETTING: Final = "setting"
MOST_NAMED: Final = 8  # columns that a note names; judged: more are not read
DRAFT: Final = "`bayesknee template --from` drafts a map for a foreign table"


@dataclass(frozen=True)
class TableOptions:
    """How a table is read.

    Attributes:
        key: columns that go through to the result, and are read as well where they are questions.
        ignore: columns that are not read; a key among them only goes through.
        map: a file that tells what the columns mean, or such a map; see `bayesknee.cohort.tables.table_map`.
        form: how a CSV file is written, as far as it is told.
        sheet: of a workbook.
        label: the column of the true conditions; that of the map, or else `label`, where it is left out.
    """

    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    map: Path | str | TableMap | None = None
    form: CsvForm = SEEN
    sheet: str = ""
    label: str = ""

    def resolved(self, network: Network, *, is_labelled: bool) -> TableMap:
        """The map, with what these options say besides, and the label if it is wanted.

        Raises:
            TableError: a file that is no map of this network.
        """
        given = self.map
        found = given if isinstance(given, TableMap) else NO_MAP
        if isinstance(given, (str, Path)):
            found = read_map(given, network, is_labelled=is_labelled)
        label = LabelColumn(heading(self.label)) if self.label and found.label is None else found.label
        return replace(
            found,
            key=tuple(dict.fromkeys((*found.key, *self.key))),
            ignore=tuple(dict.fromkeys((*found.ignore, *self.ignore))),
            form=self.form.over(found.form),
            sheet=self.sheet or found.sheet,
            label=replace(label, column=heading(self.label)) if self.label and label else label,
        )


PLAIN: Final = TableOptions()


@dataclass(frozen=True)
class TableSource:
    """A table whose columns are known.

    Attributes:
        table: as it stands.
        readers: of the columns that are read, one for each question.
        key: columns that go through to the result.
        label: where the true conditions are; None where the table has no such column.
        setting: the column with the care setting; empty where there is none.
        notes: what to know of how it is read.
        how: what makes another reading of the same file, as plain data.
    """

    table: Columnar
    readers: tuple[ColumnReader, ...]
    key: tuple[str, ...]
    label: LabelColumn | None = None
    setting: str = ""
    notes: tuple[str, ...] = ()
    how: Mapping[str, object] = field(default_factory=immutabledict)

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def path(self) -> Path | None:
        return self.table.path

    def pieces(self, rows: int = 0) -> Iterator[Piece]:
        """The rows with the columns that are read or go through, so many at once; where left out, as many as serve."""
        coded = dict.fromkeys(column for reader in self.readers for column in reader.columns)
        others = [self.label.column] if self.label else []
        others += [self.setting] if self.setting else []
        wanted = list(dict.fromkeys((*self.key, *coded, *others)))
        return self.table.pieces(wanted, coded, rows)


def encoded(piece: Piece, network: Network, readers: Iterable[ColumnReader]) -> Encoded:
    """The codes of a piece's rows."""
    readers = tuple(readers)
    batches = [
        encode_columns(network, [reader.column(batch) for reader in readers], batch.num_rows)
        for batch in piece.table.to_batches()
    ]
    starts = np.cumsum([0, *(len(batch.codes) for batch in batches)]).tolist()
    together = zip(starts, batches, strict=False)
    reasons, unsure = dict[int, str](), dict[int, Mapping[str, object]]()
    for start, batch in together:
        reasons |= {start + row: reason for row, reason in batch.reasons.items()}
        unsure |= {start + row: answers for row, answers in batch.unsure.items()}
    codes = np.concatenate([nothing_known(network, 0), *(batch.codes for batch in batches)])
    read = batches[0].numbers if batches else ()
    numbers = {name: np.concatenate([batch.numbers[name] for batch in batches]) for name in read}
    return Encoded(codes, reasons, numbers, unsure)  # type: ignore[arg-type]  # answers, as they came


def open_source(
    source: object, network: Network, options: TableOptions = PLAIN, *, is_labelled: bool = False
) -> TableSource:
    """The table in a file or data frame, its columns checked.

    Args:
        source: the path of a file, or a data frame of pandas, polars or Arrow.
        network: what the table is about.
        options: how it is read.
        is_labelled: whether the true conditions are wanted; a column of them is left out otherwise.

    Raises:
        TableError: a file that cannot be read as a table of patients; tells why and what to do.
    """
    mapped = options.resolved(network, is_labelled=is_labelled)
    table = read_table(source, mapped.form, mapped.sheet)
    return _Resolver(table, network, mapped, is_mapped=options.map is not None).source(is_labelled=is_labelled)


class _Resolver:
    """Finds out what each column of a table is."""

    def __init__(self, table: Columnar, network: Network, mapped: TableMap, *, is_mapped: bool) -> None:
        self._table = table
        self._network = network
        self._map = mapped
        self._is_mapped = is_mapped
        self._headings = {heading(name): name for name in table.names}

    def source(self, *, is_labelled: bool) -> TableSource:
        """The table with its columns."""
        self._check_twice()
        label = self._label(is_labelled=is_labelled)
        setting = self._found(self._map.setting, "setting") if self._map.setting else self._standard(SETTING)
        setting = setting if is_labelled else ""
        key = self._key()
        mapped = {self._found(name, "columns"): column for name, column in self._map.columns.items()}
        until = [self._found(column.until, "until") for column in mapped.values() if column.until]
        ignored = {*(self._found(name, "ignore") for name in self._map.ignore), *until}
        labels = [heading(each.column) for each in (self._map.label, label) if each]
        ignored |= {name for name in (self._standard(LABEL), setting) if name}
        ignored |= {self._headings[name] for name in labels if name in self._headings}
        named = {name: column for name, column in mapped.items() if name not in ignored}
        rest = [name for name in self._table.names if name not in mapped]
        left_out = self._others(rest, {*key, *ignored}) if self._map.ignores_others else []
        columns = self._plain([name for name in rest if name not in left_out], key, ignored, has_others=bool(named))
        readers = (*self._mapped_readers(named), *self._plain_readers(columns))
        _check_once(readers)
        dates = [name for reader in readers if isinstance(reader.reads, TimeBetween) for name in reader.columns]
        read = [name for reader in readers for name in reader.columns if name not in dates]
        self._table.check_kinds((*key, *dates), read)
        shown = [*self._foreign(key, label, setting), *left_out]
        notes = (*self._table.notes, *_notes(shown, readers, is_mapped=self._is_mapped))
        return TableSource(self._table, readers, key, label, setting, notes, self._how(key))

    def _how(self, key: tuple[str, ...]) -> Mapping[str, object]:
        form = self._map.form
        return immutabledict(
            key=list(key),
            ignore=sorted(self._map.ignore),
            map=self._map.sha256,
            form=[form.encoding, form.separator, form.decimal, self._map.sheet],
        )

    def _check_twice(self) -> None:
        names = [heading(name) for name in self._table.names]
        if twice := sorted(name for name, count in Counter(names).items() if count > 1 and name):
            raise TableError(f"column {', '.join(map(quoted, twice))} comes more than once; keep one of them")

    def _found(self, name: str, place: str) -> str:
        """The column of a name, which may have other blanks.

        Raises:
            TableError: there is none.
        """
        if name in self._table.names:
            return name
        if heading(name) in self._headings:
            return self._headings[heading(name)]
        told = f"the table has {', '.join(map(quoted, self._table.names[:10]))}"
        where = f" of the map's {place}" if self._is_mapped and place not in ("key", "ignore") else ""
        raise TableError(f"no column {quoted(name)}{where}; {name_hint(name, self._headings, told)}")

    def _standard(self, name: str) -> str:
        """A column of this name that is no question; empty where there is none."""
        return self._headings.get(name, "") if name not in self._network.questions else ""

    def _label(self, *, is_labelled: bool) -> LabelColumn | None:
        if not is_labelled:
            return None
        given = self._map.label
        if given is not None:
            return replace(given, column=self._found(given.column, LABEL))
        if name := self._standard(LABEL):
            return LabelColumn(name)
        first = ", ".join(map(quoted, self._table.names[:MOST_TOLD]))
        expected = "expected one with the true conditions, joined by ;"
        told = f"{self._table.name} has no column label, its first are {first}"
        raise TableError(f"{told}; {expected}; add it, or name it with --label")

    def _key(self) -> tuple[str, ...]:
        given = tuple(dict.fromkeys(self._found(name, "key") for name in self._map.key))
        ignored = set(map(heading, self._map.ignore))
        usual = [self._standard(name) for name in KEY_COLUMNS if name not in ignored and name not in self._map.columns]
        return tuple(dict.fromkeys((*given, *(name for name in usual if name))))

    def _others(self, names: Iterable[str], taken: set[str]) -> list[str]:
        """The columns that nobody names, but for those with the name of a question."""
        known = self._network.questions
        return [name for name in names if name not in taken and meant_name(self._network, heading(name)) not in known]

    def _plain(self, names: list[str], key: tuple[str, ...], ignored: set[str], *, has_others: bool) -> Columns:
        """The columns that bear the name of a question."""
        here = set(names)
        try:
            return check_columns(
                self._network,
                names,
                [name for name in key if name in here],
                [name for name in ignored if name in here],
                may_be_none=has_others,
            )
        except TableError as error:
            if self._is_mapped and "unknown column" in str(error):
                raise TableError(f"{error}; a column that the map does not name goes under its ignore") from None
            raise TableError(f"{error}; {DRAFT}" if "unknown column" in str(error) else str(error)) from None

    def _plain_readers(self, columns: Columns) -> Iterator[ColumnReader]:
        for name, question in columns.questions.items():
            usual = self._map.usual.get(question)
            is_read = usual is not None or self._table.decimals.sign == ","
            cells = self._cells(question, usual or MappedColumn(question)) if is_read else None
            yield ColumnReader(question, (name,), cells)

    def _mapped_readers(self, mapped: Mapping[str, MappedColumn]) -> Iterator[ColumnReader]:
        for name, column in mapped.items():
            cells = self._cells(column.question, column)
            if not column.until:
                yield ColumnReader(column.question, (name,), cells)
                continue
            times = TimeBetween(column.unit, self._map.dates, cells)
            yield ColumnReader(column.question, (name, self._found(column.until, "until")), times)

    def _cells(self, question: str, column: MappedColumn) -> CellReader:
        asked = self._network.questions[question]
        takes_numbers = bool(asked.bands or column.bands)
        return CellReader(
            values=column.values,
            blank=column.blank,
            states=asked.states,
            decimals=self._table.decimals if takes_numbers else None,
            factor=column.convert.factor,
            offset=column.convert.offset,
            bands=Bands(column.bands) if column.bands else None,
        )

    def _foreign(self, key: tuple[str, ...], label: LabelColumn | None, setting: str) -> list[str]:
        """The columns that the map says are not read."""
        used = {*key, label.column if label else "", setting, *self._map.columns}
        return [name for name in map(heading, self._map.ignore) if name not in used]


def _check_once(readers: Iterable[ColumnReader]) -> None:
    by_question: dict[str, list[str]] = {}
    for reader in readers:
        by_question.setdefault(reader.question, []).append(reader.columns[0])
    if twice := {question: names for question, names in by_question.items() if len(names) > 1}:
        told = (f"columns {' and '.join(map(quoted, names))} both say {question}" for question, names in twice.items())
        raise TableError(f"{joined(told, MOST_TOLD)}; expected one column for a question; ignore the others")


def _notes(ignored: list[str], readers: tuple[ColumnReader, ...], *, is_mapped: bool) -> Iterator[str]:
    """What a map has left out, and what it makes of blanks."""
    if not is_mapped:
        return
    if ignored:
        more = f" and {len(ignored) - MOST_NAMED} more" if len(ignored) > MOST_NAMED else ""
        plural = "columns are" if len(ignored) > 1 else "column is"
        yield f"{len(ignored)} {plural} not read: {', '.join(map(quoted, ignored[:MOST_NAMED]))}{more}"
    filled = [reader.question for reader in readers if _blank_of(reader)]
    if not filled:
        yield f"a blank is not known, in all {len(readers)} columns that are read"
        return
    more = f" and {len(filled) - MOST_NAMED} more" if len(filled) > MOST_NAMED else ""
    told = f"{', '.join(filled[:MOST_NAMED])}{more}"
    yield f"a blank is an answer in {len(filled)} of {len(readers)} columns that are read ({told}), and else not known"


def _blank_of(reader: ColumnReader) -> str:
    cells = reader.reads.number if isinstance(reader.reads, TimeBetween) else reader.reads
    return cells.blank if isinstance(cells, CellReader) else ""
