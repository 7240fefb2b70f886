"""Posteriors of many patients: rows of a table in, probabilities out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, cast

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import levels
from bayesknee.errors import BayeskneeError, BudgetError, EvidenceError, TableError, joined
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.lazy_types import CategoricalDtype, DataFrame, Frame, Index, Series
from bayesknee.patient.codes import NOT_KNOWN, Codes, decode
from bayesknee.patient.columns import Column, Encoded, check_columns, encode_columns
from bayesknee.patient.evidence import NOTHING_KNOWN, Answer, Evidence, check_evidence

BOUNDS: Final = ("_low", "_high")
TRIAGE: Final = "triage"
LOG_EVIDENCE: Final = "log_evidence"
WARNINGS: Final = "warnings"
REASON: Final = "reason"
ERRORS: Final = ("raise", "collect")
MOST_LISTED: Final = 3  # rows in an error message; judged: more would hide what to do
MOST_UNPACKED: Final = 4  # networks that a process keeps; each holds its tables in memory, and one job needs one


class Scores(NamedTuple):
    """The scores of patients, in the order of the rows.

    Attributes:
        probabilities: P(condition or group | answers) by id, conditions first, shape (rows,); NaN for a row with a
            reason. With intervals, their ends follow, by id and `_low` or `_high`.
        triage: the index of the level in `LEVELS`, -1 for a row with a reason; int8, shape (rows,).
        log_evidence: natural log of P(answers | complaint, setting), shape (rows,); NaN for a row with a reason.
        reasons: why a row could not be scored, by number of the row, from 0.
        warnings: what to be warned of, by number of the row; only rows with a warning, and only if wanted.
    """

    probabilities: Mapping[str, Vector]
    triage: NDArray[np.int8]
    log_evidence: Vector
    reasons: Mapping[int, str]
    warnings: Mapping[int, str] = immutabledict()


class Options(NamedTuple):
    """The options of `Engine.score`."""

    ignore: tuple[str, ...] = ()
    errors: str = "raise"
    intervals: bool = False
    warnings: bool = False


def score_codes(
    compiled: CompiledNetwork, encoded: Encoded, *, intervals: bool = False, warnings: bool = False
) -> Scores:
    """The scores of patients given as codes. Rows that cannot be scored get a reason instead of an error.

    Rows whose unsure answers are alike are scored together, with these as what is known of all of them.
    """
    options = Options(intervals=intervals, warnings=warnings)
    if not encoded.unsure:
        return _score_alike(compiled, encoded, NOTHING_KNOWN, options)
    return _together(len(encoded.codes), [*_parts(compiled, encoded, options)])


def _parts(compiled: CompiledNetwork, encoded: Encoded, options: Options) -> Iterator[tuple[NDArray[np.int64], Scores]]:
    """The scores of the rows without unsure answers, then of those that share theirs; with the numbers of the rows."""
    rows_of: dict[Mapping[str, Answer], list[int]] = {immutabledict(): []}
    for row in range(len(encoded.codes)):
        rows_of.setdefault(immutabledict(encoded.unsure.get(row, {})), []).append(row)
    for unsure, rows in rows_of.items():
        part, evidence = _only(encoded, rows), NOTHING_KNOWN
        try:
            evidence = check_evidence(compiled.network, unsure)
        except EvidenceError as error:
            part = part._replace(reasons=dict.fromkeys(range(len(rows)), str(error)))
        yield np.array(rows, np.int64), _score_alike(compiled, part, evidence, options)


def _only(encoded: Encoded, rows: Sequence[int]) -> Encoded:
    """These rows alone, without their unsure answers."""
    reasons = {place: encoded.reasons[row] for place, row in enumerate(rows) if row in encoded.reasons}
    numbers = {name: values[rows] for name, values in encoded.numbers.items()}
    return Encoded(encoded.codes[rows], reasons, numbers)


def _together(rows: int, parts: Sequence[tuple[NDArray[np.int64], Scores]]) -> Scores:
    """The scores of all rows from those of some each."""
    names = parts[0][1].probabilities
    probabilities, log_evidence = {name: np.full(rows, np.nan) for name in names}, np.full(rows, np.nan)
    triage = np.full(rows, -1, np.int8)
    reasons, warnings = dict[int, str](), dict[int, str]()
    for where, scores in parts:
        for name, values in scores.probabilities.items():
            probabilities[name][where] = values
        triage[where], log_evidence[where] = scores.triage, scores.log_evidence
        reasons |= {int(where[row]): reason for row, reason in scores.reasons.items()}
        warnings |= {int(where[row]): warning for row, warning in scores.warnings.items()}
    return Scores(probabilities, triage, log_evidence, reasons, warnings)


def _score_alike(compiled: CompiledNetwork, encoded: Encoded, evidence: Evidence, options: Options) -> Scores:
    """The scores of patients of all of whom the evidence is known besides."""
    refused = _too_many(compiled, encoded.codes, evidence)
    codes = encoded.codes
    if refused:  # such a row gets its reason, and no work
        codes = codes.copy()
        codes[list(refused)] = NOT_KNOWN
    posteriors = compiled.posteriors(codes, evidence, refused=refused)
    reasons = encoded.reasons | refused
    reasons |= {
        row: _why_impossible(compiled, encoded.codes[row], evidence)
        for row in np.flatnonzero(np.isneginf(posteriors.log_evidence)).tolist()
    }
    ends = _bounds(compiled, encoded.codes, evidence, reasons) if options.intervals else {}
    bad = np.array(sorted(reasons), np.int64)
    marginals, groups, log_evidence = (np.array(array, np.float64) for array in posteriors)
    marginals[bad] = groups[bad] = log_evidence[bad] = np.nan
    groups, forms = np.hsplit(groups, [len(compiled.groups)])
    steps = CareSteps(compiled)
    triage = levels(steps, marginals, encoded.codes, evidence, numbers=encoded.numbers, forms=forms)
    names = (*compiled.network.conditions, *compiled.network.groups)
    probabilities = dict(zip(names, np.hstack([marginals, groups]).T, strict=True))
    warned = _warnings(compiled, encoded.codes, evidence, reasons) if options.warnings else {}
    return Scores({**probabilities, **ends}, triage, log_evidence, reasons, warned)


def _too_many(compiled: CompiledNetwork, codes: Codes, evidence: Evidence) -> dict[int, str]:
    """The rows with more answers than the budget allows, and the reason."""
    most = compiled.budget.answers
    if most is None:
        return {}
    counts = ((codes != NOT_KNOWN).sum(axis=1) + len(evidence.answers)).tolist()
    return {
        row: str(BudgetError("answers", most, count, "leave some out"))
        for row, count in enumerate(counts)
        if count > most
    }


def _warnings(
    compiled: CompiledNetwork, codes: Codes, evidence: Evidence, reasons: Mapping[int, str]
) -> dict[int, str]:
    """The warnings about rows that were scored, in the words of all other outputs; equal rows are worked out once."""
    from bayesknee.diagnosis.explaining.conflict import conflict_of, surprise_of
    from bayesknee.diagnosis.explaining.patient_warnings import warnings_of

    known: dict[bytes, str] = {}
    for row, answers in enumerate(codes):
        if row not in reasons and (key := answers.tobytes()) not in known:
            belief = Belief.of(compiled, decode(compiled.network, answers, evidence))
            found = warnings_of(belief, partial(conflict_of, belief), partial(surprise_of, belief))
            known[key] = " ".join(warning.message for warning in found)
    told = {row: known[answers.tobytes()] for row, answers in enumerate(codes) if row not in reasons}
    return {row: text for row, text in told.items() if text}


def _bounds(
    compiled: CompiledNetwork, codes: Codes, evidence: Evidence, reasons: dict[int, str]
) -> Mapping[str, Vector]:
    """The ends of the intervals by name of the column, for rows without a reason.

    Adds a reason for each row that is beyond the budget in a drawn network.
    """
    from bayesknee.diagnosis.explaining.intervals_of_rows import intervals

    names = (*compiled.network.conditions, *compiled.network.groups)
    good = np.array([row for row in range(len(codes)) if row not in reasons], np.int64)
    ends = np.full((len(BOUNDS), len(names), len(codes)), np.nan)
    refused: dict[int, str] = {}
    for end, quantiles in zip(ends, intervals(compiled, codes[good], evidence=evidence, refused=refused), strict=True):
        end[:, good] = quantiles.T
    reasons |= {int(good[row]): reason for row, reason in refused.items()}
    return {f"{name}{end}": ends[j, i] for i, name in enumerate(names) for j, end in enumerate(BOUNDS)}


def _why_impossible(compiled: CompiledNetwork, row: Codes, evidence: Evidence) -> str:
    try:
        Belief.of(compiled, decode(compiled.network, row, evidence))
    except BayeskneeError as error:
        return str(error)
    raise AssertionError("possible, after all")


def score_any(compiled: CompiledNetwork, frame: Frame, options: Options) -> Frame:
    """The scores of the patients in a data frame of pandas, Dask, polars or Arrow; see `Engine.score`.

    Raises:
        TableError: no such frame, an unknown option, or columns or rows that the network cannot take.
    """
    if options.errors not in ERRORS:
        raise TableError(f"errors={options.errors!r}; expected 'raise' or 'collect'")
    module = type(frame).__module__.partition(".")[0] if hasattr(frame, "columns") else ""
    if module.startswith("dask"):
        return cast("Frame", score_lazily(compiled, frame, options))
    if module != "pandas":
        return score_foreign(compiled, frame, options)
    return cast("Frame", score(compiled, cast("DataFrame", frame), options))


def score_foreign(compiled: CompiledNetwork, frame: Frame, options: Options) -> Frame:
    """The scores of the patients in a frame of another library, as such a frame; levels of triage are texts there."""
    if find_spec("narwhals") is None:
        raise TableError("narwhals is not installed; pip install 'bayesknee[cohort]' brings it")
    import narwhals as nw

    try:
        known = nw.from_native(cast("Any", frame), eager_only=True)
    except TypeError:
        expected = "expected a data frame of pandas, Dask, polars or Arrow"
        raise TableError(f"got a {type(frame).__name__}; {expected}; make one of it") from None
    scores = score(compiled, known.to_pandas(), options)
    columns = {str(name): (scores[name].astype(str) if name == TRIAGE else scores[name]).tolist() for name in scores}
    return cast("Frame", nw.from_dict(columns, backend=known.implementation).to_native())


def score(compiled: CompiledNetwork, frame: DataFrame, options: Options) -> DataFrame:
    """The scores of the patients in a data frame of pandas; see `score_any`."""
    import pandas as pd

    columns = check_columns(compiled.network, frame.columns, ignore=options.ignore)
    encoded = encode_columns(compiled.network, _columns_of(frame, columns.questions), len(frame))
    scores = score_codes(compiled, encoded, intervals=options.intervals, warnings=options.warnings)
    if scores.reasons and options.errors == "raise":
        raise TableError(_told(scores.reasons, frame.index))
    result: dict[str, Any] = {
        **scores.probabilities,
        TRIAGE: pd.Categorical.from_codes(scores.triage, dtype=triage_type()),
        LOG_EVIDENCE: scores.log_evidence,
    }
    if options.warnings:
        result[WARNINGS] = pd.Series([scores.warnings.get(row, "") for row in range(len(frame))], frame.index, "str")
    if options.errors == "collect":
        result[REASON] = [scores.reasons.get(row, "") for row in range(len(frame))]
    return pd.DataFrame(result, index=frame.index)


def triage_type() -> CategoricalDtype:
    """The type of a column of levels of triage: ordered, the most urgent first."""
    import pandas as pd

    return pd.CategoricalDtype(list(LEVELS), ordered=True)


def empty_scores(network: Network, options: Options) -> DataFrame:
    """What `score` gives for a table without rows."""
    import pandas as pd

    numbers = [*network.conditions, *network.groups]
    numbers += [f"{name}{end}" for name in numbers for end in BOUNDS] if options.intervals else []
    columns: dict[str, Any] = {name: pd.Series(dtype=np.float64) for name in numbers}
    columns |= {TRIAGE: pd.Series(dtype=triage_type()), LOG_EVIDENCE: pd.Series(dtype=np.float64)}
    if options.warnings:
        columns[WARNINGS] = pd.Series(dtype="str")
    if options.errors == "collect":
        columns[REASON] = pd.Series(dtype="str")
    return pd.DataFrame(columns)


def _told(reasons: Mapping[int, str], index: Index[Any]) -> str:
    """The first few reasons with the labels of their rows, and what to do."""
    listed = joined((f"row {index[row]}: {reasons[row]}" for row in sorted(reasons)), MOST_LISTED, "rows")
    return f"{listed}; correct them, or score the others with errors='collect'"


def _columns_of(frame: DataFrame, questions: Mapping[str, str]) -> Iterator[Column]:
    for name, question in questions.items():
        values, which = _distinct(frame[name])
        yield Column(question, values, which)


def _distinct(series: Series[Any]) -> tuple[list[object], NDArray[np.integer]]:
    """The distinct values of a column, and the index of each row's value among them, -1 for a blank."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.categories.tolist(), series.cat.codes.to_numpy()
    if series.dtype == object and pd.api.types.infer_dtype(series, skipna=True) != "string":
        return _distinct_objects(series)
    which, values = pd.factorize(series)
    return values.tolist(), which


def _distinct_objects(series: Series[Any]) -> tuple[list[object], NDArray[np.integer]]:
    """The same for a column of mixed types, in which True, 1 and 1.0 are three values."""
    places: dict[tuple[type, object], int] = {}
    blank = series.isna().to_numpy()
    which = [
        -1 if is_blank else places.setdefault((type(value), _hashable(value)), len(places))
        for value, is_blank in zip(series, blank, strict=True)
    ]
    return [value for _, value in places], np.array(which, np.int64)


def _hashable(value: object) -> object:
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


def score_lazily(compiled: CompiledNetwork, frame: Any, options: Options) -> Any:  # noqa: ANN401 (Dask is untyped)
    """A lazy data frame of scores. Columns are checked now, rows when the frame is computed.

    Raises:
        TableError: columns that the network cannot take.
    """
    check_columns(compiled.network, frame.columns, ignore=options.ignore)
    meta = empty_scores(compiled.network, options)
    meta.index = frame._meta.index[:0]  # noqa: SLF001 (Dask's own way to tell the kind of index)
    return frame.map_partitions(_score_partition, packed(compiled), options, meta=meta)


def _score_partition(frame: Any, compiled: bytes, options: Options) -> Any:  # noqa: ANN401
    return score(unpacked(compiled), frame, options)


def packed(compiled: CompiledNetwork) -> bytes:
    """A compiled network in bytes, to be sent to another process."""
    import pickle

    return pickle.dumps(compiled)


@lru_cache(maxsize=MOST_UNPACKED)
def unpacked(compiled: bytes) -> CompiledNetwork:
    """The compiled network from its bytes. A process builds it once and keeps it."""
    import pickle

    made = pickle.loads(compiled)  # noqa: S301 (packed by us)
    assert isinstance(made, CompiledNetwork)  # noqa: S101
    return made
