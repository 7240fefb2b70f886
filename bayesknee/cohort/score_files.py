"""Scores files of patients piece by piece, and writes scores and rejected rows in parts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee.cohort.resumable_parts import Progress, ResumableParts, RowCounts, beside, fingerprint, told
from bayesknee.cohort.tables.cells import ColumnReader
from bayesknee.cohort.tables.csv_text import FORMULA, no_formula
from bayesknee.cohort.tables.reading import Piece, check_suffix
from bayesknee.cohort.tables.source import PLAIN, TableOptions, TableSource, encoded, open_source
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.score import BOUNDS, LOG_EVIDENCE, REASON, TRIAGE, WARNINGS, Scores, score_codes
from bayesknee.errors import TableError, quoted
from bayesknee.files import cannot_replace, only_writer
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.ranges import stated_ranges
from bayesknee.lazy_types import ChunkedArray, Table
from bayesknee.plain import attributes
from bayesknee.version import __version__

ROW: Final = "row"
OUTPUTS: Final = (".csv", ".parquet")


@dataclass(frozen=True)
class Scored:
    """The scores and the rejected rows of one piece of a file.

    Attributes:
        number: of the piece.
        scores: a row for each patient that could be scored.
        rejects: a row for each that could not: number of the row, key, reason.
        read: which share of the file had been read after it.
    """

    number: int
    scores: Table
    rejects: Table
    read: float


@dataclass(frozen=True)
class Task:
    """How to score each piece.

    Attributes:
        readers: of the columns that are read.
        key: columns that go through to the result.
        intervals: whether intervals are wanted.
        warnings: whether warnings are wanted.
        as_csv: whether the scores become CSV, which a spreadsheet may open.
    """

    readers: tuple[ColumnReader, ...]
    key: tuple[str, ...] = ()
    intervals: bool = False
    warnings: bool = False
    as_csv: bool = False


Work: TypeAlias = Callable[[CompiledNetwork, Task, Iterable[Piece]], Iterator[Scored]]


@dataclass(frozen=True)
class FileScores:
    """The result of scoring a file.

    Attributes:
        scored, rejected: numbers of rows.
        output: the scores.
        rejects: the rows that could not be scored; None where there were none.
        caution: what to know of the intervals, where these were wanted; see `StatedRanges.caution`.
        notes: what to know of how the table was read.
        looked_for_conflicts: whether it was looked for answers that contradict each other.
    """

    scored: int
    rejected: int
    output: Path
    rejects: Path | None
    caution: str = ""
    notes: tuple[str, ...] = ()
    looked_for_conflicts: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return attributes(self, ("scored", "rejected", "output", "rejects", "caution", "looked_for_conflicts"))


def score_file(  # noqa: PLR0913 (each is an option of the command)
    engine: Engine,
    source: object,
    output: Path | str,
    *,
    key: Iterable[str] = (),
    ignore: Iterable[str] = (),
    table: TableOptions = PLAIN,
    rejects: Path | str | None = None,
    intervals: bool = False,
    warnings: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    work: Work | None = None,
) -> FileScores:
    """Scores a file of patients, however long, a piece after the other.

    Args:
        engine: what to score with.
        source: a CSV, Excel or Parquet file, or a data frame of pandas, polars or Arrow: a row per patient, a column
            per question.
        output: a CSV or Parquet file for the scores. It appears only when complete, and replaces what was there.
        key: columns that go through to the output, and are read as well where they are questions; `id`, `key` and
            `patient` are such by themselves. Where there are none, it has the number of each row.
        ignore: columns that are not read; `label` is not, either.
        table: how the table is read besides: a map, the form of a CSV file, the sheet of a workbook.
        rejects: a CSV file for the rows that could not be scored, with the reason; beside the output where left out.
        intervals: a 95 % interval for each probability as well; see `bayesknee.diagnosis.explaining.intervals_of_rows`.
        warnings: a column of warnings as well; see `bayesknee.Engine.score`.
        resume: go on with the parts that an earlier run left; not for a data frame.
        progress: called after each piece with the share of the file that is read, and the counts.
        work: how to score pieces; in this process where left out.

    Raises:
        TableError: an input that is no table of patients, an output that cannot be written, or nothing to score.
    """
    options = replace(table, key=(*table.key, *key), ignore=(*table.ignore, *ignore))
    opened = open_source(source, engine.network, options)
    _check_names(engine, opened)
    parts = _parts(opened.path, Path(output), rejects)
    as_csv = parts.output.suffix.lower() == ".csv"
    task = Task(opened.readers, opened.key, intervals, warnings, as_csv=as_csv)
    what = {**_what(engine, opened), "intervals": intervals, "warnings": warnings}
    with told(parts.output), only_writer(parts.output, parts.rejects):
        if (total := parts.start(what, resume=resume)) is None:
            total = _scored(parts, opened, partial(work or score_here, engine.compiled, task), progress or _silent)
    caution = stated_ranges(engine.network).caution if intervals else ""
    rejected = parts.rejects if total.rejected else None
    return FileScores(*total, parts.output, rejected, caution, opened.notes, warnings)


def _silent(_read: float, _counts: RowCounts) -> None:
    return


def _scored(
    parts: ResumableParts, table: TableSource, work: Callable[[Iterable[Piece]], Iterator[Scored]], progress: Progress
) -> RowCounts:
    """Scores the pieces and puts the result in its place; the counts."""
    with parts.kept_if_any():
        total, count = _score(parts, table, work, progress)
        if total.scored:
            parts.finish(count)
    if not total.scored:
        _refuse(parts, table, total, count)
    return total


def _score(
    parts: ResumableParts, table: TableSource, work: Callable[[Iterable[Piece]], Iterator[Scored]], progress: Progress
) -> tuple[RowCounts, int]:
    """Scores all pieces that are not done yet; the counts, and how many pieces there are."""
    total, count = RowCounts(), 0

    def left() -> Iterator[Piece]:
        nonlocal total, count
        for piece in table.pieces():
            count += 1
            if (before := parts.done(piece.number)) is None:
                yield piece
            else:
                total = total.plus(before)
                progress(piece.read, total)

    for scored in work(left()):
        total = total.plus(parts.add(scored.number, scored.scores, scored.rejects))
        progress(scored.read, total)
    return total, count


def _refuse(parts: ResumableParts, table: TableSource, total: RowCounts, count: int) -> None:
    """Nothing was scored: the output stays away, all reasons go to the rejects, and the first one is told."""
    import csv

    if not total.rejected:
        parts.remove()
        raise TableError(f"{table.name} has no rows that can be read; check that the file is whole, or make it anew")
    with parts.part(0).with_suffix(".rejects.csv").open(encoding="utf-8", newline="") as file:
        reason = next(csv.DictReader(file))[REASON]
    parts.finish_rejects(count)
    raise TableError(
        f"none of {total.rejected:,} rows could be scored; the first: {reason}; {str(parts.rejects)!r} has all of them"
    )


def _parts(source: Path | None, output: Path, rejects: Path | str | None) -> ResumableParts:
    check_suffix(output, "the output", OUTPUTS)
    apart = Path(rejects) if rejects is not None else beside(output, ".rejects.csv")
    if apart.suffix.lower() != ".csv":
        raise TableError(f"the rejects {str(apart)!r} are not named .csv; give the file that name")
    for place in (output, apart):
        if not place.parent.is_dir():
            raise TableError(f"cannot write {str(place)!r}: no folder {str(place.parent)!r}; make it first")
        if reason := cannot_replace(place):
            raise TableError(f"cannot write {str(place)!r}: {reason}")
    for one, other, what in ((output, source, "output"), (apart, source, "rejects"), (apart, output, "rejects")):
        if other is None:
            continue
        if one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other)):
            raise TableError(f"the {what} {str(one)!r} would replace {str(other)!r}; name another file")
    return ResumableParts(output, apart, output.with_name(f"{output.name}.parts"))


def _check_names(engine: Engine, table: TableSource) -> None:
    told_of = [*engine.network.conditions, *engine.network.groups]
    bounds = [f"{name}{end}" for name in told_of for end in BOUNDS]
    taken = {*told_of, *bounds, TRIAGE, LOG_EVIDENCE, WARNINGS, REASON, ROW}
    for name in table.key:
        if name in taken:
            raise TableError(f"column {quoted(name)} cannot be a key: the scores have one of that name; rename it")


def _what(engine: Engine, table: TableSource) -> Mapping[str, object]:
    return {
        "input": fingerprint(table.path) if table.path else secrets.token_hex(8),  # no frame is told from another
        "network": [engine.network.id, engine.network.version, engine.network.sha256],
        "setting": engine.setting,
        "base_rates": dict(engine.base_rates),
        **table.how,
        "program": __version__,
    }


# --- a piece ----------------------------------------------------------------------------------------------------------


def score_here(compiled: CompiledNetwork, task: Task, pieces: Iterable[Piece]) -> Iterator[Scored]:
    """Scores pieces in this process."""
    for piece in pieces:
        yield score_piece(compiled, task, piece)


def score_piece(compiled: CompiledNetwork, task: Task, piece: Piece) -> Scored:
    """Scores one piece."""
    codes = encoded(piece, compiled.network, task.readers)
    scores = score_codes(compiled, codes, intervals=task.intervals, warnings=task.warnings)
    good = np.array([row not in scores.reasons for row in range(len(piece.rows))], np.bool_)
    return Scored(
        piece.number, _scores(task, piece, scores, good), _rejects(task, piece, scores.reasons, good), piece.read
    )


def _scores(task: Task, piece: Piece, scores: Scores, good: NDArray[np.bool_]) -> Table:
    import pyarrow as pa

    kept = piece.table.select(task.key).filter(pa.array(good))
    columns: dict[str, Any] = {name: _plain(kept[name], as_csv=task.as_csv) for name in task.key} or {
        ROW: pa.array(piece.rows[good])
    }
    columns |= {name: pa.array(values[good]) for name, values in scores.probabilities.items()}
    columns[TRIAGE] = pa.array(np.array([*LEVELS], dtype=object)[scores.triage[good]], pa.string())
    columns[LOG_EVIDENCE] = pa.array(scores.log_evidence[good])
    if task.warnings:
        told = [scores.warnings.get(row, "") for row in np.flatnonzero(good).tolist()]
        columns[WARNINGS] = pa.array(told, pa.string())
    return pa.table(columns)


def _plain(column: ChunkedArray, *, as_csv: bool) -> ChunkedArray:
    """A key as text where it is read by its distinct values, for it is a question, too; no formula in CSV."""
    import pyarrow as pa
    from pyarrow import compute

    values = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
    if not as_csv or not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    return compute.replace_substring_regex(values, FORMULA, r"'\0")


def _rejects(task: Task, piece: Piece, reasons: Mapping[int, str], good: NDArray[np.bool_]) -> Table:
    import pyarrow as pa

    kept = piece.table.select(task.key).filter(pa.array(~good)).to_pydict()
    keys = {
        name: ["" if value is None else no_formula(str(value)) for value in values] for name, values in kept.items()
    }
    bad = sorted(reasons)
    rows = [(int(piece.rows[row]), reasons[row], tuple(k[i] for k in keys.values())) for i, row in enumerate(bad)]
    rows += [(row, reason, ("",) * len(keys)) for row, reason in piece.broken.items()]
    rows.sort()
    columns = {ROW: pa.array([row for row, _, _ in rows], pa.int64())}
    columns |= {name: pa.array([key[i] for _, _, key in rows], pa.string()) for i, name in enumerate(keys)}
    return pa.table({**columns, REASON: pa.array([reason for _, reason, _ in rows], pa.string())})
