"""Patients drawn from a network, as a table with their true causes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from bayesknee.cohort.extras import require
from bayesknee.cohort.labels import LABEL, LABEL_SEPARATOR, NONE
from bayesknee.cohort.resumable_parts import Progress, RowCounts, told
from bayesknee.cohort.tables.reading import check_suffix
from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import TableError
from bayesknee.files import cannot_replace, new_content, only_writer
from bayesknee.inference.results import Sample
from bayesknee.lazy_types import DataFrame, Schema, Table
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence

ID: Final = "id"
OUTPUTS: Final = (".csv", ".parquet")
BATCH: Final = 2**14  # patients at once, with a seed of their own: a longer table begins as a shorter one does
MOST_ANSWERS: Final = 2**22  # of them; of a network with more questions, fewer patients are drawn at once


def draw(
    engine: Engine, rows: int, *, missing: float = 0.0, seed: int = 0, evidence: Evidence = NOTHING_KNOWN
) -> Iterator[Sample]:
    """Patients drawn from the engine's network in its setting, some at a time.

    Args:
        engine: whose network.
        rows: how many.
        missing: the chance that an answer is not known, each by itself; inside [0, 1].
        seed: the same one draws the same patients.
        evidence: what is known of all of them.

    Raises:
        ImpossibleEvidenceError: nobody can have given these answers.
        TableError: a rate outside [0, 1], or fewer than no patients.
    """
    if not 0.0 <= missing <= 1.0:
        raise TableError(f"a rate of missing answers of {missing:g}; expected one from 0 to 1")
    if rows < 0:
        raise TableError(f"{rows} patients; expected 0 or more")
    batch = min(BATCH, max(1, MOST_ANSWERS // max(1, len(engine.network.questions))))
    for number, start in enumerate(range(0, rows, batch)):
        # What `SeedSequence(seed).spawn` gives as its child of this number, without all others in memory.
        child = np.random.SeedSequence(seed, spawn_key=(number,))
        rng = np.random.default_rng(child)
        sample = engine.compiled.strategy.sample(evidence, batch, rng)
        gone = rng.random(sample.codes.shape) < missing
        count = min(batch, rows - start)
        yield Sample(sample.conditions[:count], np.where(gone, np.int8(NOT_KNOWN), sample.codes)[:count])


def simulate(
    engine: Engine, rows: int, *, missing: float = 0.0, seed: int = 0, evidence: Evidence = NOTHING_KNOWN
) -> DataFrame:
    """Draws patients as a data frame: a row per patient, `id`, a column per question, and `label` with the true causes.

    Blanks are not known; causes are joined by a semicolon, and `none` where there are none, as `bayesknee evaluate`
    reads them.
    """
    import pandas as pd

    questions = engine.network.questions
    drawn = [_columns(engine, sample) for sample in draw(engine, rows, missing=missing, seed=seed, evidence=evidence)]
    codes = {
        name: np.concatenate([np.empty(0, np.int8), *(by_question[name] for by_question, _ in drawn)])
        for name in questions
    }
    columns = {
        name: pd.Categorical.from_codes(codes[name], dtype=pd.CategoricalDtype(list(question.states)))
        for name, question in questions.items()
    }
    labels = np.concatenate([np.empty(0, object), *(of_batch for _, of_batch in drawn)])
    return pd.DataFrame({ID: np.arange(1, rows + 1), **columns, LABEL: labels})


def simulate_file(  # noqa: PLR0913 (each is an option of the command)
    engine: Engine,
    rows: int,
    output: Path | str,
    *,
    missing: float = 0.0,
    seed: int = 0,
    evidence: Evidence = NOTHING_KNOWN,
    progress: Progress | None = None,
) -> None:
    """Draws patients into a CSV or Parquet file, which appears when it is complete.

    Raises:
        TableError: also, an output that cannot be written.
    """
    require("pyarrow", "cohort")
    path = Path(output)
    check_suffix(path, "the output", OUTPUTS)
    if not path.parent.is_dir():
        raise TableError(f"cannot write {str(path)!r}: no folder {str(path.parent)!r}; make it first")
    if reason := cannot_replace(path):
        raise TableError(f"cannot write {str(path)!r}: {reason}")
    done = 0
    with (
        told(path),
        only_writer(path),
        new_content(path) as file,
        _writer(file, _schema(engine), path.suffix.lower()) as writer,
    ):
        for sample in draw(engine, rows, missing=missing, seed=seed, evidence=evidence):
            writer.write_table(_table(engine, sample, done + 1))
            done += len(sample.codes)
            if progress is not None:
                progress(done / rows, RowCounts(done))


def _columns(engine: Engine, sample: Sample) -> tuple[dict[str, Codes], np.ndarray[Any, np.dtype[np.object_]]]:
    """The codes by question, and the labels."""
    names = np.array(list(engine.network.conditions))
    distinct, which = np.unique(sample.conditions, axis=0, return_inverse=True)
    labels = np.array([LABEL_SEPARATOR.join(names[present]) or NONE for present in distinct], dtype=object)
    return dict(zip(engine.network.questions, sample.codes.T, strict=True)), labels[which.ravel()]


def _schema(engine: Engine) -> Schema:
    import pyarrow as pa

    coded = pa.dictionary(pa.int8(), pa.string())
    return pa.schema([(ID, pa.int64()), *((name, coded) for name in engine.network.questions), (LABEL, pa.string())])


def _table(engine: Engine, sample: Sample, first: int) -> Table:
    import pyarrow as pa

    questions, labels = _columns(engine, sample)
    columns = [pa.array(np.arange(first, first + len(labels)))]
    for name, question in engine.network.questions.items():
        codes = np.ascontiguousarray(questions[name])
        indices = pa.array(codes, mask=codes == NOT_KNOWN)
        columns.append(pa.DictionaryArray.from_arrays(indices, pa.array(question.states, pa.string())))
    return pa.table([*columns, pa.array(labels, pa.string())], schema=_schema(engine))


def _writer(file: BinaryIO, schema: Schema, suffix: str) -> Any:  # noqa: ANN401 (either of two)
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    if suffix == ".csv":
        return pc.CSVWriter(file, schema, write_options=pc.WriteOptions(quoting_style="needed"))
    return pq.ParquetWriter(file, schema)
