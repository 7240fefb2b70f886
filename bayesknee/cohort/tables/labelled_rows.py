"""The rows of a table as labelled patients: a column at a time, and each distinct value once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from bayesknee.cohort.labels import label_in_cell
from bayesknee.cohort.tables.cells import texts_of
from bayesknee.cohort.tables.csv_text import no_formula
from bayesknee.cohort.tables.reading import Piece
from bayesknee.cohort.tables.source import TableSource, encoded
from bayesknee.errors import BayeskneeError, few_hints, printable
from bayesknee.files import only_writer, write_file
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.lazy_types import Table
from bayesknee.patient.codes import NOT_KNOWN, Codes, decode
from bayesknee.patient.columns import Encoded
from bayesknee.patient.evidence import Answer, Evidence, check_evidence
from bayesknee.patient.gates import implied_states

REJECTS_HEADER: Final = ("row", "id", "reason")
ROWS_AT_ONCE: Final = 2**13  # nothing is shared between rows here, and a table of 236 columns takes 8 MB. Judged


class LabelledRow(NamedTuple):
    """A patient in a row of a table.

    Attributes:
        id: from the first key, or `row` and its number.
        codes: the answers, shape (questions,).
        evidence: the answers, where codes cannot hold all of them; else None.
        setting: where the patient was seen.
        label: condition ids.
    """

    id: str
    codes: Codes
    evidence: Evidence | None
    setting: str
    label: tuple[str, ...]


@dataclass
class RowFaults:
    """The rows that cannot be taken: by number, who it is, and why."""

    rows: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, row: int, who: str, reason: str) -> None:
        """Notes a fault of a row; one that has some gets another."""
        before = f"{self.rows[row][1]}; " if row in self.rows else ""
        self.rows[row] = who, f"{before}{reason}"

    def write(self, path: Path) -> None:
        """Writes them as CSV, in which no spreadsheet finds a formula."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(REJECTS_HEADER)
        writer.writerows((row, no_formula(who), no_formula(reason)) for row, (who, reason) in sorted(self.rows.items()))
        with only_writer(path):
            write_file(path, text.getvalue().encode(), private=True)


def labelled_rows(
    source: TableSource, network: Network, setting: str | None, faults: RowFaults
) -> Iterator[LabelledRow]:
    """The rows that can be taken; the others are noted."""
    import pyarrow as pa

    labels = _Once(lambda text: _label(text, source, network))
    settings = _Once(lambda text: check_setting(network, setting or text or None))
    with few_hints():
        for piece in source.pieces(ROWS_AT_ONCE):
            codes = encoded(piece, network, source.readers)
            yield from _rows_of(piece, codes, source, network, faults, labels, settings)
    pa.default_memory_pool().release_unused()  # some 40 MB, which else stay with Arrow


def _label(text: str, source: TableSource, network: Network) -> tuple[str, ...]:
    assert source.label is not None  # noqa: S101 (a labelled table has one)
    return label_in_cell(text, network, source.label.separator, source.label.values)


class _Once:
    """A function of a text that is called once for each; what it cannot take is kept as its error."""

    def __init__(self, read: Callable[[str], object]) -> None:
        self._read = read
        self._known: dict[str, object] = {}

    def __call__(self, text: str) -> object:
        if text not in self._known:
            try:
                self._known[text] = self._read(text)
            except BayeskneeError as error:
                self._known[text] = error
        return self._known[text]


def _rows_of(  # noqa: PLR0913, PLR0917 (what rows are made of)
    piece: Piece,
    codes: Encoded,
    source: TableSource,
    network: Network,
    faults: RowFaults,
    labels: _Once,
    settings: _Once,
) -> Iterator[LabelledRow]:
    for number, reason in piece.broken.items():
        faults.add(number, f"row {number}", reason)
    names = _names(piece, source)
    label_texts = _texts(piece.table, source.label.column if source.label else "")
    setting_texts = _texts(piece.table, source.setting)
    beside = _evidence_of(network, codes)
    for row, (number, name, label_text, setting_text) in enumerate(
        zip(piece.rows.tolist(), names, label_texts, setting_texts, strict=True)
    ):
        label, setting, known = labels(label_text), settings(setting_text), beside.get(row)
        told = [codes.reasons[row]] if row in codes.reasons else []
        told += [str(each) for each in (known, label, setting) if isinstance(each, BayeskneeError)]
        if told:
            faults.add(number, name, "; ".join(told))
            continue
        yield LabelledRow(name, codes.codes[row], known, setting, label)  # type: ignore[arg-type]  # no error, then


def _names(piece: Piece, source: TableSource) -> Iterable[str]:
    keys = [_texts(piece.table, name) for name in source.key]
    numbers = (f"row {number}" for number in piece.rows.tolist())
    if not keys:
        return numbers
    return (
        next((printable(text) for text in texts if text), number) for number, *texts in zip(numbers, *keys, strict=True)
    )


def _texts(table: Table, name: str) -> Iterable[str]:
    """A column as texts, a list of labels as one; blanks where there is no such column."""
    import pyarrow as pa

    if not name:
        return ("" for _ in range(table.num_rows))
    kind = table.schema.field(name).type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return (";".join(map(str, each or ())) for each in table[name].to_pylist())
    return (text for batch in table.to_batches() for text in texts_of(batch, name))


def _evidence_of(network: Network, codes: Encoded) -> Mapping[int, Evidence | BayeskneeError]:
    """The evidence of rows that codes alone cannot hold, or that break a gate: then the error."""
    numbers = {name: np.isfinite(values) for name, values in codes.numbers.items()}
    rows = {*codes.unsure, *_clashing(network, codes.codes)}
    rows |= {row for given in numbers.values() for row in np.flatnonzero(given).tolist()}
    found: dict[int, Evidence | BayeskneeError] = {}
    for row in sorted(rows - codes.reasons.keys()):
        measured = {name: float(codes.numbers[name][row]) for name, given in numbers.items() if given[row]}
        found[row] = _checked(network, codes.codes[row], {**codes.unsure.get(row, {}), **measured})
    return found


def _checked(network: Network, row: Codes, beside: Mapping[str, Answer | float]) -> Evidence | BayeskneeError:
    try:
        known = decode(network, _without(network, row, beside)).answers
        return check_evidence(network, {**known, **beside})
    except BayeskneeError as error:
        return error


def _without(network: Network, row: Codes, names: Iterable[str]) -> Codes:
    kept = row.copy()
    kept[[network.columns[name] for name in names]] = NOT_KNOWN
    return kept


def _clashing(network: Network, codes: Codes) -> Iterator[int]:
    """The rows in which nothing is left possible of a gate."""
    for gate in network.gated_by:
        left = implied_states(network, gate, codes)
        stated = codes[:, network.columns[gate]]
        possible = np.where(stated == NOT_KNOWN, left.any(axis=1), left[np.arange(len(codes)), stated])
        yield from np.flatnonzero(~possible).tolist()
