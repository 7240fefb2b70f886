"""A map from a foreign table to a network, in a YAML file: columns, values, units, dates, the label, and blanks.

.. code-block:: yaml

    columns:
      Age (years): age                                    # a column whose cells say it as the network does
      Sex: {question: sex, values: {1: male, 2: female}}  # and one that says it otherwise
      Born: {question: age, until: Seen on}               # the time between two dates
    values: {J: yes, N: no}                               # in all columns
    blank: unknown
    key: [Case number]
    label: {column: Diagnosis, values: {DVT: deep_vein_thrombosis}}
    ignore: [Ward, Insurance]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from immutabledict import immutabledict

from bayesknee.cohort.labels import LABEL, LABEL_SEPARATOR, NONE, OTHER
from bayesknee.cohort.tables.cells import BETWEEN, date_pattern
from bayesknee.cohort.tables.csv_form import SEEN, CsvForm
from bayesknee.errors import (
    EvidenceError,
    Problem,
    TableError,
    few_hints,
    name_hint,
    quoted,
    unknown_name,
)
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.reading import yaml_tree
from bayesknee.knowledge.reading.fields import Fields, shown
from bayesknee.knowledge.reading.yaml_tree import TreeError, read_tree
from bayesknee.patient.answer_reader import UNKNOWN, meant_name
from bayesknee.patient.cases import parse_cell
from bayesknee.patient.evidence import read_answer
from bayesknee.patient.units import SAME, Conversion, conversion
from bayesknee.words import folded

IGNORE_OTHERS: Final = "others"
MOST_MAP_BYTES: Final = 1_000_000  # as of a case file: nobody writes more by hand


def heading(name: str) -> str:
    """The heading of a column to compare: blanks and line breaks as one blank, which a map cannot tell apart."""
    return " ".join(name.split())


@dataclass(frozen=True)
class MappedColumn:
    """What a column of a table says.

    Attributes:
        question: the id of a finding or risk factor.
        values: answers by what is in a cell, `folded`.
        convert: numbers of the table to those of the question.
        bands: for numbers of a question that has states only.
        until: the column with the date up to which time is counted, for one with a date.
        unit: of that time.
        blank: the answer of a blank cell; empty where it says that nobody was asked.
    """

    question: str
    values: Mapping[str, str] = immutabledict()
    convert: Conversion = SAME
    bands: Mapping[str, tuple[float, float]] = immutabledict()
    until: str = ""
    unit: str = ""
    blank: str = ""


@dataclass(frozen=True)
class LabelColumn:
    """Where the true conditions are.

    Attributes:
        column: of the table.
        separator: between several conditions in a cell.
        values: condition ids, or `other` or `none`, by what a cell says, `folded`.
    """

    column: str = LABEL
    separator: str = LABEL_SEPARATOR
    values: Mapping[str, str] = immutabledict()


@dataclass(frozen=True)
class TableMap:
    """A map, checked against a network.

    Attributes:
        columns: by `heading` of the column.
        usual: by question, what the map says of all columns; for those that it does not name.
        key: columns that go through to the result.
        ignore: columns that are not read.
        ignores_others: whether columns that the map does not name are not read either.
        label: where the true conditions are; None where the map does not say.
        setting: the column with the care setting; empty where there is none.
        form: how a CSV file is written, as far as the map says.
        sheet: of a workbook.
        dates: how dates are written; empty for the ways that can be read in one way only.
        sha256: over the map's file.
    """

    columns: Mapping[str, MappedColumn] = immutabledict()
    usual: Mapping[str, MappedColumn] = immutabledict()
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignores_others: bool = False
    label: LabelColumn | None = None
    setting: str = ""
    form: CsvForm = SEEN
    sheet: str = ""
    dates: str = ""
    sha256: str = ""


NO_MAP: Final = TableMap()


def read_map(path: Path | str, network: Network, *, is_labelled: bool = True) -> TableMap:
    """The map in a YAML file.

    Args:
        path: of the file.
        network: what the table is about.
        is_labelled: whether the label is wanted; what the map says of it may be unfinished otherwise.

    Raises:
        TableError: a file that is no map of this network; tells all that is wrong, with the line, one a line.
    """
    path = Path(path)
    try:
        tree, problems, content, _ = read_tree(path, MOST_MAP_BYTES)
    except TreeError as error:
        raise TableError("\n".join(map(str, error.problems))) from None
    with few_hints():
        reader = _MapReader(network, Fields(problems, path.name, tree, ()), is_labelled=is_labelled)
        made = reader.table_map(hashlib.sha256(content).hexdigest())
    if not isinstance(tree, yaml_tree.Mapping):
        told = "columns and what they say"
        problems.append(Problem((), shown(tree), told, "write lines of key: value", path.name, tree.line))
    if problems:
        raise TableError("\n".join(map(str, problems)))
    return made


class _MapReader:
    """Reads a map key by key, and notes what is wrong with it."""

    def __init__(self, network: Network, fields: Fields, *, is_labelled: bool) -> None:
        self._network = network
        self._is_labelled = is_labelled
        self._fields = fields
        self._values = self._texts("values")
        self._blank = fields.text("blank", "")

    def table_map(self, sha256: str) -> TableMap:
        """The map."""
        fields = self._fields
        self._check_for_all()
        columns = fields.each("columns", self._column, required=False)
        made = TableMap(
            columns=immutabledict({heading(name): column for name, column in columns.items()}),
            usual=immutabledict(dict(self._usual_columns())),
            key=self._names("key"),
            ignore=tuple(name for name in self._names("ignore") if name != IGNORE_OTHERS),
            ignores_others=IGNORE_OTHERS in self._names("ignore"),
            label=self._label() if fields.has(LABEL) else None,
            setting=heading(fields.text("setting", "")),
            form=self._form(),
            sheet=fields.text("sheet", ""),
            dates=self._dates(),
            sha256=sha256,
        )
        fields.done()
        if not columns and fields.has("columns"):
            fields.problem(("columns",), "no column", "a question for each column that is read", "name some")
        return made

    def _names(self, key: str) -> tuple[str, ...]:
        return tuple(map(heading, self._fields.child(key).itself_names())) if self._fields.has(key) else ()

    def _texts(self, key: str) -> Mapping[str, str]:
        fields = self._fields
        return {name: fields.child(key).text(name) for name in fields.child(key).keys()} if fields.has(key) else {}  # noqa: SIM118 (no mapping)

    def _form(self) -> CsvForm:
        given = {name: self._fields.text(name, "") for name in ("encoding", "separator", "decimal")}
        try:
            return CsvForm.told(**given)
        except TableError as error:
            self._fields.problem((), str(error).partition(";")[0], "a form of CSV", "correct it")
            return SEEN

    def _dates(self) -> str:
        if form := self._fields.text("dates", ""):
            try:
                date_pattern(form)
            except ValueError:
                self._fields.problem(("dates",), quoted(form), "YYYY, MM and DD", "write it so, as in DD/MM/YYYY")
                return ""
        return form

    def _check_for_all(self) -> None:
        """Answers for all columns: there must be questions that take them."""
        known = {folded(state) for states in self._network.states.values() for state in states} | {UNKNOWN}
        given: list[tuple[tuple[str, ...], str]] = [(("values", name), said) for name, said in self._values.items()]
        given.append((("blank",), self._blank))
        for place, answer in given:
            if answer and folded(answer) not in known:
                self._fields.problem(place, quoted(answer), "a state of some question", "correct it")

    # --- a column ----------------------------------------------------------------------------------------------------

    def _column(self, fields: Fields) -> MappedColumn:
        if fields.is_text:
            question = self._question(fields, fields.itself_text(), ())
            return MappedColumn(question, self._usual(question), blank=self._usual_blank(question))
        question = self._question(fields, fields.text("question"), ("question",))
        read = MappedColumn(
            question,
            immutabledict({**self._usual(question), **self._column_values(fields, question)}),
            self._convert(fields, question),
            immutabledict(fields.each("bands", Fields.itself_pair, required=False)),
            heading(fields.text("until", "")),
            self._time_unit(fields, question) if fields.has("until") else "",
            self._column_blank(fields, question),
        )
        self._check_bands(fields, read)
        fields.done()
        return read

    def _question(self, fields: Fields, given: str, place: tuple[str, ...]) -> str:
        name = meant_name(self._network, given)
        if given and name not in self._network.questions:
            expected = "a finding or risk factor; put what is none under ignore"
            problem = unknown_name((), given, self._network.questions, expected, "`bayesknee findings` lists them")
            fields.problem(place, problem.got, problem.expected, problem.remedy)
        return name if name in self._network.questions else ""

    def _usual(self, question: str) -> Mapping[str, str]:
        """The answers for all columns that this question takes."""
        return {folded(cell): answer for cell, answer in self._values.items() if self._takes(question, answer)}

    def _usual_columns(self) -> Iterator[tuple[str, MappedColumn]]:
        for question in self._network.questions if self._values or self._blank else ():
            yield question, MappedColumn(question, self._usual(question), blank=self._usual_blank(question))

    def _usual_blank(self, question: str) -> str:
        return self._blank if self._blank != UNKNOWN and self._takes(question, self._blank) else ""

    def _takes(self, question: str, answer: str) -> bool:
        return bool(answer and question) and not self._fault(question, answer)

    def _fault(self, question: str, answer: str) -> str:
        """What is wrong with an answer; empty for one that the question takes."""
        try:
            read_answer(self._network, question, parse_cell(answer, question))
        except EvidenceError as error:
            return str(error)
        return ""

    def _column_values(self, fields: Fields, question: str) -> Mapping[str, str]:
        found = {}
        if fields.has("values"):
            place = fields.child("values")
            for cell in place.keys():  # noqa: SIM118 (no mapping)
                answer = place.text(cell, "")
                found[folded(cell)] = answer
                self._check_answer(fields, question, answer, ("values", cell))
        return found

    def _column_blank(self, fields: Fields, question: str) -> str:
        if not fields.has("blank"):
            return self._usual_blank(question)
        blank = fields.text("blank")
        self._check_answer(fields, question, blank, ("blank",))
        return "" if blank == UNKNOWN else blank

    def _check_answer(self, fields: Fields, question: str, answer: str, place: tuple[str, ...]) -> None:
        """Notes an answer that the question does not take, or that nobody has filled in."""
        if not question or self._takes(question, answer):
            return
        states = ", ".join(self._network.states[question])
        hint = self._fault(question, answer).rpartition("; ")[2] if answer else ""
        remedy = hint if hint.endswith("?") else "write one of them, or unknown"
        fields.problem(place, quoted(answer) if answer else "nothing", f"an answer to {question} ({states})", remedy)

    def _convert(self, fields: Fields, question: str) -> Conversion:
        unit = fields.text("unit", "")
        if not unit or not question or fields.has("bands") or fields.has("until"):
            return SAME
        wanted = self._network.questions[question].unit
        found = conversion(unit, wanted) if self._network.questions[question].bands else None
        if found is None:
            expected = f"a unit that can be told in {wanted}" if wanted else "no unit, for the question has none"
            fields.problem(("unit",), quoted(unit), expected, "convert the column, or leave the unit out")
        return found or SAME

    def _time_unit(self, fields: Fields, question: str) -> str:
        unit = fields.text("unit", "") or (self._network.questions[question].unit if question else "years")
        if unit not in BETWEEN:
            expected = f"a unit of time ({', '.join(BETWEEN)})"
            fields.problem(("unit",), quoted(unit), expected, "say in which the time between the dates is counted")
        return unit

    def _check_bands(self, fields: Fields, read: MappedColumn) -> None:
        if not read.question:
            return
        states = self._network.states[read.question]
        for state in read.bands:
            if state not in states:
                fields.problem(("bands", state), quoted(state), f"a state of {read.question}", name_hint(state, states))
        if read.until and not read.bands and not self._network.questions[read.question].bands:
            told = f"a time for {read.question}, which takes no numbers"
            fields.problem((), told, "bands: with numbers for its states", "write them as {state: [0, 6]}")

    # --- the label ---------------------------------------------------------------------------------------------------

    def _label(self) -> LabelColumn:
        fields = self._fields.child(LABEL)
        if fields.is_text:
            return LabelColumn(heading(fields.itself_text()))
        values = {}
        if fields.has("values") and self._is_labelled:
            place = fields.child("values")
            values = {folded(cell): self._condition(place, cell) for cell in place.keys()}  # noqa: SIM118 (no mapping)
        column, separator = heading(fields.text("column", LABEL)), fields.text("separator", LABEL_SEPARATOR)
        fields.done()
        return LabelColumn(column, separator, immutabledict(values))

    def _condition(self, place: Fields, cell: str) -> str:
        given = place.text(cell, "")
        name = meant_name(self._network, given)
        if name not in self._network.conditions and name not in (OTHER, NONE):
            conditions = self._network.conditions
            got = quoted(given) if given else "nothing"
            place.problem((cell,), got, "a condition, other or none", name_hint(given, conditions, most=12))
        return name
