"""Labelled patients: the answers of each, and the true causes.

Three shapes are read: a folder of case files, a JSON-lines file with a case on each line, and a table (CSV or Parquet)
with a column per question and a column `label`.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from bayesknee.cohort.csv_text import check_text, empty, no_rows, other_length, read_rows, separated_otherwise
from bayesknee.cohort.extras import arrow_file
from bayesknee.errors import (
    BayeskneeError,
    CaseFileError,
    TableError,
    few_hints,
    joined,
    printable,
    quoted,
    shown_word,
    unknown_text,
)
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.cases import Case, parse_case, plain_answer, read_case
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.patient.measured import Measured

CASE_SUFFIXES: Final = (".yaml", ".yml", ".json")
TABLE_SUFFIXES: Final = (".csv", ".parquet")
LINES_SUFFIX: Final = ".jsonl"
LABEL: Final = "label"
OTHER: Final = "other"
NONE: Final = "none"  # the label of who has none of the conditions; a blank would say that nobody knows
LABEL_SEPARATOR: Final = ";"
MOST_TOLD: Final = 3  # problems or columns in one error line: enough to see what kind of mistake it is; judged
SETTING: Final = "setting"
UNKNOWN_CODE: Final = -2  # of a question that was asked, and whose answer is not known
_BLANK: Final = ("", None)
KEY_COLUMNS: Final = ("id", "key", "patient")


@dataclass(frozen=True)
class PackedAnswers:
    """A patient's answers in a few hundred bytes, where `Evidence` takes several thousand.

    Attributes:
        network: that the answers were checked against.
        packed: a byte for each question, in the network's order: a code, or `UNKNOWN_CODE`.
    """

    network: Network = field(repr=False, compare=False)
    packed: bytes

    @staticmethod
    def of(network: Network, evidence: Evidence) -> PackedAnswers | None:
        """The answers of evidence; None where they are not all states of questions, or unknown."""
        if not holds_states(network, evidence):
            return None
        columns = _columns(network)
        row = np.full(len(columns), NOT_KNOWN, np.int8)
        for name, answer in evidence.answers.items():
            row[columns[name]] = UNKNOWN_CODE if answer == UNKNOWN else network.states[name].index(str(answer))
        return PackedAnswers(network, row.tobytes())

    @property
    def codes(self) -> Codes:
        """The codes, shape (questions,)."""
        return np.maximum(np.frombuffer(self.packed, np.int8), NOT_KNOWN)

    @property
    def evidence(self) -> Evidence:
        """The evidence, made anew each time; its answers are in the network's order."""
        answers = {
            name: question.states[code] if code != UNKNOWN_CODE else UNKNOWN
            for (name, question), code in zip(
                self.network.questions.items(), np.frombuffer(self.packed, np.int8).tolist(), strict=True
            )
            if code != NOT_KNOWN
        }
        return check_evidence(self.network, answers)


@lru_cache(maxsize=4)  # networks in use: one, or two that are compared
def _columns(network: Network) -> dict[str, int]:
    return {name: column for column, name in enumerate(network.questions)}


def holds_states(network: Network, evidence: Evidence) -> bool:
    """Whether all answers are states of questions, or unknown, which codes can hold, and no score reads a number."""
    return all(
        isinstance(answer, str)
        and name in network.questions
        and not (isinstance(answer, Measured) and name in network.numbers_read)
        for name, answer in evidence.answers.items()
    )


@dataclass(frozen=True)
class LabelledCase:
    """A patient whose causes are known.

    Attributes:
        id: of the case.
        known: the answers, checked against the network.
        setting: where the patient was seen.
        label: the conditions that it turned out to be, at least one where the network has a complaint; none where it
            was labelled `none`.
        title, source: as in the case file.
    """

    id: str
    known: Evidence | PackedAnswers
    setting: str
    label: tuple[str, ...]
    title: str = ""
    source: str = ""

    @property
    def evidence(self) -> Evidence:
        """The answers as evidence; made anew each time if they are packed."""
        return self.known.evidence if isinstance(self.known, PackedAnswers) else self.known


def read_labelled(
    path: Path | str, network: Network, setting: str | None = None, *, packed: bool = False
) -> tuple[LabelledCase, ...]:
    """The labelled cases in a folder of case files, a `.jsonl` file, or a `.csv` or `.parquet` table.

    Args:
        path: where they are.
        network: what their answers and labels are checked against.
        setting: of every case; where left out, that of the case, or else the network's first.
        packed: whether to keep answers in little memory, for hundreds of thousands of cases.

    Raises:
        CaseFileError: nothing there, no label, or a case that the network cannot take; tells which.
    """
    return check_cases(read_cases(path), network, setting, packed=packed)


def check_cases(
    cases: Iterable[Case], network: Network, setting: str | None = None, *, packed: bool = False
) -> tuple[LabelledCase, ...]:
    """Cases, checked against a network; see `read_labelled`.

    Raises:
        CaseFileError: no cases, no label, or a case that the network cannot take.
        SettingError: a `setting` that the network does not have.
    """
    check_setting(network, setting)
    checked: list[LabelledCase] = []
    problems: dict[str, list[str]] = {}  # the cases that have each
    with few_hints():
        for number, case in enumerate(cases, start=1):
            name = case.id or f"case {number}"
            try:
                labelled = _checked(case, name, network, setting)
                answers = PackedAnswers.of(network, labelled.evidence) if packed else None
                checked.append(replace(labelled, known=answers) if answers else labelled)
            except BayeskneeError as error:
                problems.setdefault(str(error), []).append(name)
    if problems:
        told = (f"{_first_of(names)}: {problem}" for problem, names in problems.items())
        raise CaseFileError(joined(told, MOST_TOLD, "problems"))
    if not checked:
        raise CaseFileError("no cases; expected at least one labelled case; name the right folder or file")
    return tuple(checked)


def _first_of(names: Sequence[str]) -> str:
    first = shown_word(names[0])
    return f"{first} and {len(names) - 1:,} more" if len(names) > 1 else first


def _checked(case: Case, name: str, network: Network, setting: str | None) -> LabelledCase:
    evidence, label = check_evidence(network, case.evidence), _label(case.label, network)
    for condition in network.conditions:
        if evidence.answers.get(condition) == NO_YES[condition not in label]:
            is_label = "is a label" if condition in label else "is no label"
            answer = evidence.answers[condition]
            raise CaseFileError(f"{condition} {is_label}, and its answer is {answer}; correct one of the two")
    if case.base_rates:
        raise CaseFileError("got base_rates; expected a labelled case at those of the network; leave them out")
    return LabelledCase(
        id=name,
        known=evidence,
        setting=check_setting(network, setting or case.setting or None),
        label=label,
        title=case.title,
        source=case.source,
    )


def _label(given: Iterable[str], network: Network) -> tuple[str, ...]:
    """The labels as condition ids; `other` is the catch-all, and `none` alone no condition at all."""
    names = [network.catch_all if name == OTHER and network.catch_all else name for name in given if name.strip()]
    if not names:
        healthy = "" if network.complaint else f", or [{NONE}] for one with none of the conditions"
        raise CaseFileError(
            f"no label; expected what the patient turned out to have; add label: [CONDITION]{healthy}, or leave it out"
        )
    if names == [NONE] and NONE not in network.conditions and not network.complaint:
        return ()
    for name in names:
        if name not in network.conditions:
            raise CaseFileError(unknown_text("condition", name, network.conditions, "as label"))
    label = tuple(dict.fromkeys(names))
    if network.most_causes is not None and len(label) > network.most_causes:
        raise CaseFileError(
            f"{len(label)} conditions as label; expected at most {network.most_causes}, as most_causes of the network "
            "says; name those that explain most, or raise most_causes"
        )
    return label


# --- the three shapes ------------------------------------------------------------------------------------------------


def read_cases(place: Path | str) -> Iterator[Case]:
    """The cases in a folder, a `.jsonl` file or a table, not yet checked against a network.

    Raises:
        CaseFileError: nothing there, or a file that is no case.
    """
    path = Path(place)
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise CaseFileError(f"cannot read the cases {str(path)!r}: no such file or folder")
    suffix = path.suffix.lower()
    if suffix == LINES_SUFFIX:
        return _lines(path)
    if suffix in TABLE_SUFFIXES:
        return _table(path)
    if suffix in CASE_SUFFIXES:
        return iter([_named(read_case(path), path.stem)])
    raise CaseFileError(
        f"{path.name} is neither a folder of case files nor a .jsonl, .csv or .parquet file; name one of these"
    )


def _folder(path: Path) -> Iterator[Case]:
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in CASE_SUFFIXES and file.is_file())
    if not files:
        raise CaseFileError(f"{str(path)!r} holds no case files; expected files named {', '.join(CASE_SUFFIXES)}")
    for file in files:
        yield _named(read_case(file), file.stem)


def _named(case: Case, name: str) -> Case:
    return case if case.id else replace(case, id=printable(name))


def _lines(path: Path) -> Iterator[Case]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    place = f"{path.name}:{number}"
                    _check_json(line, place)
                    yield _named(parse_case(line, place), f"line {number}")
    except OSError as error:
        raise CaseFileError(f"cannot read {path.name}: {error.strerror or error}") from None


def _check_json(line: bytes, place: str) -> None:
    try:
        json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CaseFileError(f"{place}: got text that is not JSON ({error}); expected a case on each line") from None


def _table(path: Path) -> Iterator[Case]:
    """Cases of a table with `label`; blanks are not known, other columns than questions hold key and setting."""
    names, rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    if twice := [name for name, number in Counter(names).items() if number > 1]:
        raise CaseFileError(f"{path.name} has the column {shown_word(twice[0])} more than once; keep one of them")
    if LABEL not in names:
        columns = ", ".join(map(quoted, names[:MOST_TOLD]))
        expected = f"expected one with the true conditions, joined by {LABEL_SEPARATOR}, and commas between columns"
        raise CaseFileError(f"{path.name} has no column {LABEL}, its first are {columns}; {expected}")
    return _rows(names, rows)


def _parquet(path: Path) -> tuple[list[str], Iterable[Sequence[object]]]:
    """The names of the columns, and the rows."""
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise CaseFileError(
            f"cannot read {path.name}: pyarrow is not installed; pip install 'bayesknee[cohort]'"
        ) from None
    try:
        with arrow_file(path) as file:
            table = pq.read_table(file)
        table.validate(full=True)
        frame = table.to_pandas()
    except (OSError, ValueError) as error:  # pyarrow's errors are such
        told = " ".join(str(error).split()).rstrip(".")
        raise CaseFileError(f"cannot read {path.name}: {told}; expected a whole table; make it anew") from None
    return list(map(str, frame.columns)), frame.astype(object).itertuples(index=False, name=None)


def _csv(path: Path) -> tuple[list[str], Iterator[Sequence[str]]]:
    """The header and the rows of a CSV file, read one by one; each row must be as long as the header."""
    with _csv_told(path):
        check_text(path)
        rows = read_rows(path)
        header = next(rows, [])
    if len(header) == 1 and (problem := separated_otherwise(path, header[0])):
        raise CaseFileError(problem)
    if not header:
        raise CaseFileError(empty(path))
    return [name.strip() for name in header], _of_one_length(path, len(header), rows)


@contextmanager
def _csv_told(path: Path) -> Iterator[None]:
    try:
        yield
    except TableError as error:
        raise CaseFileError(str(error)) from None
    except (OSError, csv.Error) as error:
        raise CaseFileError(f"cannot read {path.name}: {error}; expected a whole table; make it anew") from None


def _of_one_length(path: Path, expected: int, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    number = 0
    with _csv_told(path):
        for number, row in enumerate(rows, start=1):
            if len(row) != expected:
                problem = other_length(len(row), expected)
                raise CaseFileError(f"{path.name}: row {number} has {problem}; correct that row")
            yield row
    if not number:
        raise CaseFileError(no_rows(path))


def _rows(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Case]:
    label, places = names.index(LABEL), {name: place for place, name in enumerate(names)}
    keys = [places[name] for name in KEY_COLUMNS if name in places]
    asked = [(place, name) for place, name in enumerate(names) if name not in (LABEL, SETTING, *KEY_COLUMNS)]
    for number, row in enumerate(rows, start=1):
        cells = ((name, _cell(row[place])) for place, name in asked if row[place] not in _BLANK)  # most are
        yield Case(
            evidence={name: _answer(text) for name, text in cells if text},
            setting=_cell(row[places[SETTING]]) if SETTING in places else "",
            id=next((printable(text) for place in keys if (text := _cell(row[place]))), f"row {number}"),
            label=tuple(part.strip() for part in _cell(row[label]).split(LABEL_SEPARATOR) if part.strip()),
        )


@lru_cache(maxsize=4096)  # states are some hundreds, measured numbers thousands
def _answer(text: str) -> str | float:
    """As `plain_answer`; equal texts give one object, so that a hundred thousand patients share it."""
    return plain_answer(text)


def _cell(value: object) -> str:
    """A cell as text; the empty one where nothing is known. A list of labels is joined."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Iterable):
        return LABEL_SEPARATOR.join(map(str, value))
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 (a blank is NaN)
