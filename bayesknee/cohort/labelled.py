"""Labelled patients: the answers of each, and the true causes.

Three shapes are read: a folder of case files, a JSON-lines file with a case on each line, and a table of any kind that
`bayesknee.cohort.tables` reads, with a column per question and one with the label.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from bayesknee.cohort.labels import LABEL, LABEL_SEPARATOR, label_of
from bayesknee.cohort.tables.cells import cell_text
from bayesknee.cohort.tables.labelled_rows import LabelledRow, RowFaults, labelled_rows
from bayesknee.cohort.tables.reading import SUFFIXES, read_table
from bayesknee.cohort.tables.source import KEY_COLUMNS, PLAIN, SETTING, TableOptions, open_source
from bayesknee.cohort.tables.workbook import other_book
from bayesknee.errors import BayeskneeError, CaseFileError, TableError, few_hints, joined, printable, quoted, shown_word
from bayesknee.files import check_report_path
from bayesknee.knowledge.model import NO_YES
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.cases import Case, parse_case, plain_answer, read_case
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.patient.measured import Measured

CASE_SUFFIXES: Final = (".yaml", ".yml", ".json")
LINES_SUFFIX: Final = ".jsonl"
MOST_TOLD: Final = 3  # problems in one error line: enough to see what kind of mistake it is; judged
UNKNOWN_CODE: Final = -2  # of a question that was asked, and whose answer is not known


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


class LabelledTable(NamedTuple):
    """Labelled patients, and what became of the others.

    Attributes:
        cases: those that can be taken.
        left_out: how many rows cannot.
        notes: what to know of how a table was read.
    """

    cases: tuple[LabelledCase, ...]
    left_out: int = 0
    notes: tuple[str, ...] = ()


def read_labelled(
    source: object,
    network: Network,
    setting: str | None = None,
    *,
    packed: bool = False,
    table: TableOptions = PLAIN,
) -> tuple[LabelledCase, ...]:
    """The labelled cases in a folder of case files, a `.jsonl` file, or a table.

    Args:
        source: where they are; a table may be a CSV, Excel or Parquet file, or a data frame of pandas, polars or Arrow.
        network: what their answers and labels are checked against.
        setting: of every case; where left out, that of the case, or else the network's first.
        packed: whether to keep answers in little memory, for hundreds of thousands of cases.
        table: how a table is read.

    Raises:
        CaseFileError: nothing there, no label, or a case that the network cannot take; tells which.
        TableError: a table that cannot be read as one.
    """
    return read_labelled_table(source, network, setting, packed=packed, table=table).cases


def read_labelled_table(  # noqa: PLR0913 (what can be said of a table)
    source: object,
    network: Network,
    setting: str | None = None,
    *,
    packed: bool = False,
    table: TableOptions = PLAIN,
    rejects: Path | str | None = None,
) -> LabelledTable:
    """As `read_labelled`; a table's rows that cannot be taken may go to a file of their own instead of being an error.

    Args:
        source: as of `read_labelled`.
        network: likewise.
        setting: likewise.
        packed: likewise.
        table: likewise.
        rejects: a CSV file for those rows, with the reason; where left out, the first such row is an error.

    Raises:
        CaseFileError: likewise, or no row can be taken.
        TableError: likewise, or options of a table for what is none.
    """
    path = Path(source) if isinstance(source, (str, Path)) else None
    if path is None or (path.is_file() and path.suffix.lower() in SUFFIXES):
        return _of_table(source, network, setting, packed=packed, table=table, rejects=rejects)
    if table != PLAIN or rejects is not None:
        raise TableError(f"{str(path)!r} is no table; expected one for --map, --rejects and the like; leave them out")
    return LabelledTable(check_cases(read_cases(path), network, setting, packed=packed))


def _of_table(  # noqa: PLR0913 (as above)
    source: object,
    network: Network,
    setting: str | None,
    *,
    packed: bool,
    table: TableOptions,
    rejects: Path | str | None,
) -> LabelledTable:
    check_setting(network, setting)
    place = check_report_path(rejects, (".csv",)) if rejects is not None else None
    opened = open_source(source, network, table, is_labelled=True)
    faults = RowFaults()
    cases = tuple(_case_of(network, row, packed=packed) for row in labelled_rows(opened, network, setting, faults))
    if faults.rows and place is not None:
        faults.write(place)
    if faults.rows and (place is None or not cases):
        raise CaseFileError(f"{_told(fault for _, fault in sorted(faults.rows.items()))}; {_where(place)}")
    return LabelledTable(cases, len(faults.rows), opened.notes)


def _where(rejects: Path | None) -> str:
    if rejects is not None:
        return f"no row is left; {str(rejects)!r} has all of them"
    return "correct them, or leave such rows out with --rejects FILE, which lists them all"


def _case_of(network: Network, row: LabelledRow, *, packed: bool) -> LabelledCase:
    known: Evidence | PackedAnswers | None = row.evidence
    if known is None:
        answers = PackedAnswers(network, row.codes.tobytes())
        known = answers if packed else answers.evidence
    return LabelledCase(id=row.id, known=known, setting=row.setting, label=row.label)


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
        raise CaseFileError(_told((name, problem) for problem, names in problems.items() for name in names))
    if not checked:
        raise CaseFileError("no cases; expected at least one labelled case; name the right folder or file")
    return tuple(checked)


def _told(faults: Iterable[tuple[str, str]]) -> str:
    """What is wrong, a problem that many have once; each is who, and why."""
    problems: dict[str, list[str]] = {}
    for who, problem in faults:
        problems.setdefault(problem, []).append(who)
    told = (f"{_first_of(names)}: {problem}" for problem, names in problems.items())
    return joined(told, MOST_TOLD, "problems")


def _first_of(names: Sequence[str]) -> str:
    first = shown_word(names[0])
    return f"{first} and {len(names) - 1:,} more" if len(names) > 1 else first


def _checked(case: Case, name: str, network: Network, setting: str | None) -> LabelledCase:
    evidence, label = check_evidence(network, case.evidence), label_of(case.label, network)
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


# --- the three shapes ------------------------------------------------------------------------------------------------


def read_cases(place: Path | str) -> Iterator[Case]:
    """The cases in a folder of case and `.jsonl` files, a `.jsonl` file or a table, not yet checked against a network.

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
    if suffix in SUFFIXES:
        return _table(path)
    if suffix in CASE_SUFFIXES:
        return iter([_named(read_case(path), path.stem)])
    kinds = "a folder of case files nor a .jsonl, .csv, .xlsx or .parquet file"
    raise CaseFileError(other_book(path) or f"{path.name} is neither {kinds}; name one of these")


def _folder(path: Path) -> Iterator[Case]:
    suffixes = (*CASE_SUFFIXES, LINES_SUFFIX)
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in suffixes and file.is_file())
    if not files:
        raise CaseFileError(f"{str(path)!r} holds no case files; expected files named {', '.join(suffixes)}")
    for file in files:
        yield from _lines(file) if file.suffix.lower() == LINES_SUFFIX else (_named(read_case(file), file.stem),)


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
    table = read_table(path)
    if LABEL not in table.names:
        columns = ", ".join(map(quoted, table.names[:MOST_TOLD]))
        expected = f"expected one with the true conditions, joined by {LABEL_SEPARATOR}"
        raise CaseFileError(f"{path.name} has no column {LABEL}, its first are {columns}; {expected}; add it")
    for piece in table.pieces(list(table.names), ()):
        if piece.broken:
            number, problem = min(piece.broken.items())
            raise CaseFileError(f"{path.name}: row {number} has {problem}; correct that row")
        by_name = {name: piece.table[name].to_pylist() for name in table.names}
        for place, number in enumerate(piece.rows.tolist()):
            yield _case(number, {name: cells[place] for name, cells in by_name.items()})


def _case(number: int, cells: Mapping[str, object]) -> Case:
    texts = {name: _cell(cell) for name, cell in cells.items()}
    return Case(
        evidence={
            name: plain_answer(text)
            for name, text in texts.items()
            if text and name not in (LABEL, SETTING, *KEY_COLUMNS)
        },
        setting=texts.get(SETTING, ""),
        id=next((printable(texts[key]) for key in KEY_COLUMNS if texts.get(key)), f"row {number}"),
        label=tuple(part.strip() for part in texts[LABEL].split(LABEL_SEPARATOR) if part.strip()),
    )


def _cell(value: object) -> str:
    """A cell as text; a list of labels is joined."""
    return LABEL_SEPARATOR.join(map(str, value)) if isinstance(value, list) else cell_text(value)
