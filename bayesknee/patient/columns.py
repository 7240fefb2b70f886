"""A table of patients as codes: which columns it may have, and what a cell says.

A row is a patient and a column a question, by its id. A cell holds whatever an answer can be: a state by id or as it is
shown, a truth value, a number where the states are bands, `unknown`, or states that it may be, ``elbow|forearm`` or
``{gradual: 0.5, sudden: 0.5}``; a blank is not known either. A column at a time is read, and of that each value once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.errors import EvidenceError, TableError, few_hints, joined, name_hint, quoted, unknown_text
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN, is_blank, meant_name
from bayesknee.patient.cases import parse_cell
from bayesknee.patient.codes import NOT_KNOWN, Codes, distinct_rows, nothing_known
from bayesknee.patient.evidence import Answer, read_answer
from bayesknee.patient.measured import Measured

MOST_TOLD: Final = 3  # columns that one error line tells: enough to see what kind of mistake it is; judged
BLANK: Final = -1


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: a question.
        values: its distinct values.
        which: of these, which one each row has, `BLANK` for none; shape (rows,).
    """

    name: str
    values: Sequence[object]
    which: NDArray[np.integer]


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are.

    Attributes:
        questions: the ids of the findings and risk factors that are read, by name of their column.
        key: those that go through to the result as they are; one that is a question is among both.
    """

    questions: Mapping[str, str]
    key: tuple[str, ...] = ()


def check_columns(
    network: Network,
    names: Iterable[object],
    key: Iterable[str] = (),
    ignore: Iterable[str] = (),
    *,
    may_be_none: bool = False,
) -> Columns:
    """The columns of a table, sorted out.

    Args:
        network: what the table is about.
        names: of all columns.
        key: those that go through to the result; one that is a question is read as well.
        ignore: those that are not read; a key among them only goes through.
        may_be_none: whether no question at all is fine.

    Raises:
        TableError: a column comes twice or is missing, or is no question.
    """
    given, key, ignore = [str(name) for name in names], tuple(dict.fromkeys(key)), set(ignore)
    if twice := sorted(name for name, count in Counter(given).items() if count > 1):
        told = joined((f"column {quoted(name)} comes more than once; keep one of them" for name in twice), MOST_TOLD)
        raise TableError(told)
    for name in (*key, *sorted(ignore)):
        if name not in given:
            hint = name_hint(name, given, f"the table has {', '.join(map(quoted, given[:10])) or 'no columns'}")
            raise TableError(f"no column {quoted(name)}; {hint}")
    meant = {name: meant_name(network, name.strip()) for name in given}
    only_kept = ignore.union(name for name in key if meant[name] not in network.questions)
    asked = {name: question for name, question in meant.items() if name not in only_kept}
    with few_hints(MOST_TOLD):
        if problems := [_no_question(network, name) for name in asked if asked[name] not in network.questions]:
            raise TableError(joined(problems, MOST_TOLD, "columns"))
    if twice := [question for question, count in Counter(asked.values()).items() if count > 1]:
        both = " and ".join(quoted(name) for name, question in asked.items() if question == twice[0])
        raise TableError(f"columns {both} both say {twice[0]}; expected one column for a question; ignore the other")
    if not asked and not may_be_none:
        example = ", ".join(list(network.questions)[:3])
        raise TableError(f"no column is a finding or risk factor of {network.id}; expected some, such as {example}")
    return Columns(immutabledict(asked), key)


def _no_question(network: Network, name: str) -> str:
    if meant_name(network, name) in network.conditions:
        return f"column {quoted(name)} is a condition, which is told and not read; make it a key, or ignore it"
    if not name.strip():
        return "a column has no name; name it, or delete it"
    return unknown_text("column", name, network.questions, otherwise="make it a key, or ignore it")


class BadCell(NamedTuple):
    """A cell that could not be read before it came to the network; `reason` says why."""

    reason: str


class Encoded(NamedTuple):
    """Patients as codes.

    Attributes:
        codes: see `bayesknee.patient.codes`; nothing is known of a row that has a bad value.
        reasons: what is wrong, by number of the row, from 0.
        numbers: those that scores read beside the states, by question, shape (rows,); NaN where none was given.
        unsure: the answers that are likelihoods, which have no code, by number of the row and question.
    """

    codes: Codes
    reasons: dict[int, str]
    numbers: Mapping[str, Vector] = immutabledict()
    unsure: Mapping[int, Mapping[str, Answer]] = immutabledict()


def encode_columns(network: Network, columns: Iterable[Column], rows: int) -> Encoded:
    """The codes of a table's rows, and what is wrong with those that the network cannot take."""
    codes = nothing_known(network, rows)
    places = {name: place for place, name in enumerate(network.questions)}
    reasons: dict[int, list[str]] = {}
    numbers: dict[str, Vector] = {}
    unsure: dict[int, dict[str, Answer]] = {}
    for name, values, which, known in _with_what_they_hang_on(network, list(columns)):
        read = [_read(network, name, value, others) for value, others in zip(values, known, strict=True)]
        by_value = np.array([*(_code(network, name, answer) for answer, _ in read), NOT_KNOWN], np.int8)
        codes[:, places[name]] = by_value[which]
        if name in network.numbers_read:
            found = [answer.number if isinstance(answer, Measured) else np.nan for answer, _ in read]
            numbers[name] = np.array([*found, np.nan])[which]
        for number, (answer, problem) in enumerate(read):
            for row in np.flatnonzero(which == number).tolist() if problem else ():
                reasons.setdefault(row, []).append(problem)
            for row in np.flatnonzero(which == number).tolist() if not isinstance(answer, str) else ():
                unsure.setdefault(row, {})[name] = answer
    codes[list(reasons)] = NOT_KNOWN
    told = {row: "; ".join(dict.fromkeys(problems)) for row, problems in reasons.items()}
    return Encoded(codes, told, numbers, {row: each for row, each in unsure.items() if row not in reasons})


class _Cells(NamedTuple):
    """A column as in `Column`, and what is known beside each of its values, by question."""

    name: str
    values: Sequence[object]
    which: NDArray[np.integer]
    known: Sequence[Mapping[str, object]]


def _with_what_they_hang_on(network: Network, columns: Sequence[Column]) -> Iterator[_Cells]:
    """Each column with its distinct values; of a number whose cut-offs hang on other columns, together with these."""
    by_name = {column.name: column for column in columns}
    for name, values, which in columns:
        beside = [by_name[each] for each in network.questions[name].hangs_on if each in by_name]
        if not beside:
            yield _Cells(name, values, which, [{}] * len(values))
            continue
        table = np.column_stack([which, *(column.which for column in beside)])
        cells, places = distinct_rows(table)
        known = [_readable(network, beside, row[1:]) for row in cells.tolist()]
        stated = [None if row[0] == BLANK else values[row[0]] for row in cells.tolist()]
        yield _Cells(name, stated, places, known)


def _readable(network: Network, columns: Sequence[Column], places: Sequence[int]) -> Mapping[str, object]:
    """What the cells of a row say; a cell that is wrong is told of its own column, and not known here."""
    known = {}
    for (name, values, _), place in zip(columns, places, strict=True):
        if place != BLANK and not (read := _read(network, name, values[place], {}))[1]:
            known[name] = read[0]
    return known


def _code(network: Network, name: str, answer: Answer) -> int:
    if answer == UNKNOWN or not isinstance(answer, str):
        return NOT_KNOWN
    return network.states[name].index(str(answer))


def _read(network: Network, name: str, value: object, known: Mapping[str, object]) -> tuple[Answer, str]:
    """The answer in a cell, unknown if it is blank or wrong, and what is wrong with it, if anything."""
    if isinstance(value, BadCell):
        return UNKNOWN, value.reason
    if is_blank(value) and str(value).strip().lower() not in network.states[name]:
        return UNKNOWN, ""
    try:
        return read_answer(network, name, parse_cell(value, name), known), ""
    except EvidenceError as error:
        return UNKNOWN, str(error)
