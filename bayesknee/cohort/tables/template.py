"""An empty table for a network, and a codebook that says what its columns mean and what can be answered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bayesknee.cohort.extras import require
from bayesknee.cohort.labels import LABEL, LABEL_SEPARATOR, NONE
from bayesknee.cohort.tables.csv_text import no_formula
from bayesknee.cohort.tables.reading import check_suffix
from bayesknee.cohort.tables.workbook import CODEBOOK
from bayesknee.errors import TableError, quoted
from bayesknee.files import write_files
from bayesknee.knowledge.model import Question
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN

KEY: Final = "id"
SUFFIXES: Final = (".csv", ".xlsx")
SHEET: Final = "patients"
LONGEST_LIST: Final = 255  # characters that Excel takes as the choices of a cell
LAST_ROW: Final = 1_048_576  # of an Excel sheet
WIDEST: Final = 60  # letters across of a column of the codebook; judged


class Meaning(NamedTuple):
    """A line of a codebook."""

    column: str
    name: str
    question: str
    answers: str
    unit: str
    asked_of: str
    asked_if: str


def codebook(network: Network, questions: Iterable[Question]) -> Iterator[Meaning]:
    """What each column of a template means."""
    yield Meaning(KEY, "Key", "Any name of the patient that tells nobody who it is.", "", "", "", "")
    for question in questions:
        gates = (f"{gate} is {' or '.join(states)}" for gate, states in question.only_if.items())
        answers = "; ".join((*_answers(question), UNKNOWN))
        texts = (question.label, question.question, answers, question.unit, question.asked_of, "; ".join(gates))
        yield Meaning(question.id, *texts)
    conditions = [f"{condition.id} = {condition.name}" for condition in network.conditions.values()]
    nothing = [] if network.complaint else [f"{NONE} = none of these"]
    told = f"What it turned out to be, for evaluate and learn; several with {LABEL_SEPARATOR} between them."
    yield Meaning(LABEL, "True conditions", told, "; ".join((*conditions, *nothing)), "", "", "")


def _answers(question: Question) -> Iterator[str]:
    if question.bands:
        yield f"a number in {question.unit}" if question.unit else "a number"
    for state in question.states:
        words = question.state_words(state)
        yield state if words == state else f"{state} = {words}"


def write_template(network: Network, output: Path | str, names: Sequence[str] = ()) -> tuple[Path, ...]:
    """Writes an empty table with its codebook: two sheets of a workbook, or two CSV files.

    Args:
        network: what the table is for.
        output: an .xlsx or .csv file, which must not be there yet.
        names: ids of the findings and risk factors; all of them where there are none.

    Returns:
        The files that were written.

    Raises:
        TableError: another ending, or a file that is there.
        OSError: it cannot be written.
    """
    path = Path(output)
    suffix = check_suffix(path, "the template", SUFFIXES)
    questions = [network.questions[name] for name in dict.fromkeys(names or network.questions)]
    lines = list(codebook(network, questions))
    header = [line.column for line in lines]
    files = {path: _workbook(header, lines, questions)} if suffix == ".xlsx" else _texts(path, header, lines)
    for file in files:
        check_free(file)
    write_files(files)
    return tuple(files)


def check_free(path: Path) -> None:
    """Refuses a place where something is, for what a person has filled in is not made again.

    Raises:
        TableError: something is there, or no folder.
    """
    if path.exists():
        raise TableError(f"{quoted(path)} is there already; name another file, or remove it")
    if not path.parent.is_dir():
        raise TableError(f"cannot write {quoted(path)}: no folder {quoted(path.parent)}; make it first")


def _texts(path: Path, header: Sequence[str], lines: Iterable[Meaning]) -> Mapping[Path, bytes]:
    beside = path.with_name(f"{path.stem}.{CODEBOOK}.csv")
    return {path: _csv([header]), beside: _csv([Meaning._fields, *lines])}


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([no_formula(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _workbook(header: Sequence[str], lines: Sequence[Meaning], questions: Sequence[Question]) -> bytes:
    require("openpyxl", "cohort")
    import openpyxl
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    patients: Any = book.active
    patients.title = SHEET
    meanings = book.create_sheet(CODEBOOK)
    _fill(patients, [header])
    _fill(meanings, [Meaning._fields, *lines])
    for place, name in enumerate(header, start=1):
        patients.column_dimensions[get_column_letter(place)].width = len(name) + 2
    for place, cells in enumerate(zip(*lines, strict=True), start=1):
        width = min(max(map(len, cells)) + 2, WIDEST)
        meanings.column_dimensions[get_column_letter(place)].width = width
    for place, question in enumerate(questions, start=2):
        _offer(patients, get_column_letter(place), question)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _fill(sheet: Any, rows: Iterable[Sequence[str]]) -> None:  # noqa: ANN401 (openpyxl's)
    """Texts, and never a formula: a cell is told what it holds."""
    from openpyxl.styles import Font

    for number, row in enumerate(rows, start=1):
        for place, text in enumerate(row, start=1):
            cell = sheet.cell(number, place)
            cell.value = text
            cell.data_type = "s"
            cell.font = Font(bold=number == 1)
    sheet.freeze_panes = "B2"


def _offer(sheet: Any, letter: str, question: Question) -> None:  # noqa: ANN401 (openpyxl's)
    """A list of answers to choose from; another way to say one may be typed all the same."""
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = ",".join((*question.states, UNKNOWN))
    if question.bands or len(choices) + 2 > LONGEST_LIST:
        return
    offered = DataValidation("list", formula1=f'"{choices}"', allow_blank=True, showErrorMessage=False)
    sheet.add_data_validation(offered)
    offered.add(f"{letter}2:{letter}{LAST_ROW}")
