"""A table of patients as codes: which columns it may have, and what a cell says.

A row is a patient and a column a question, by its id. A cell holds a state, a truth value, a number where the states
are bands, or `unknown`; a blank is not known either. A column at a time is read, and of that each distinct value once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.errors import EvidenceError, TableError, few_hints, joined, name_hint, quoted, unknown_text
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN, is_blank
from bayesknee.patient.cases import plain_answer
from bayesknee.patient.codes import NOT_KNOWN, Codes, nothing_known
from bayesknee.patient.evidence import read_answer

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
        questions: those to be read.
        key: those that go through to the result as they are; one that is a question is among both.
    """

    questions: tuple[str, ...]
    key: tuple[str, ...] = ()


def check_columns(
    network: Network, names: Iterable[object], key: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Columns:
    """The columns of a table, sorted out.

    Args:
        network: what the table is about.
        names: of all columns.
        key: those that go through to the result; one that is a question is read as well.
        ignore: those that are not read; a key among them only goes through.

    Raises:
        TableError: a column comes twice or is missing, or is no question.
    """
    given, key, ignore = [str(name) for name in names], tuple(dict.fromkeys(key)), set(ignore)
    if twice := sorted(name for name, count in Counter(given).items() if count > 1):
        raise TableError(f"column {', '.join(map(quoted, twice))} comes more than once; keep one of them")
    for name in (*key, *sorted(ignore)):
        if name not in given:
            hint = name_hint(name, given, f"the table has {', '.join(map(quoted, given[:10])) or 'no columns'}")
            raise TableError(f"no column {quoted(name)}; {hint}")
    only_kept = ignore.union(name for name in key if name not in network.questions)
    asked = [name for name in given if name not in only_kept]
    with few_hints(MOST_TOLD):
        if problems := [_no_question(network, name) for name in asked if name not in network.questions]:
            raise TableError(joined(problems, MOST_TOLD, "columns"))
    if not asked:
        example = ", ".join(list(network.questions)[:3])
        raise TableError(f"no column is a finding or risk factor of {network.id}; expected some, such as {example}")
    return Columns(tuple(asked), key)


def _no_question(network: Network, name: str) -> str:
    if name in network.conditions:
        return f"column {quoted(name)} is a condition, which is told and not read; make it a key, or ignore it"
    if not name.strip():
        return "a column has no name; name it, or delete it"
    return unknown_text("column", name, network.questions, otherwise="make it a key, or ignore it")


class Encoded(NamedTuple):
    """Patients as codes.

    Attributes:
        codes: see `bayesknee.patient.codes`; nothing is known of a row that has a bad value.
        reasons: what is wrong, by number of the row, from 0.
    """

    codes: Codes
    reasons: dict[int, str]


def encode_columns(network: Network, columns: Iterable[Column], rows: int) -> Encoded:
    """The codes of a table's rows, and what is wrong with those that the network cannot take."""
    codes = nothing_known(network, rows)
    places = {name: place for place, name in enumerate(network.questions)}
    reasons: dict[int, list[str]] = {}
    for name, values, which in columns:
        read = [_code(network, name, value) for value in values]
        by_value = np.array([*(code for code, _ in read), NOT_KNOWN], np.int8)
        codes[:, places[name]] = by_value[which]
        for number, (_, problem) in enumerate(read):
            for row in np.flatnonzero(which == number).tolist() if problem else ():
                reasons.setdefault(row, []).append(problem)
    codes[list(reasons)] = NOT_KNOWN
    return Encoded(codes, {row: "; ".join(each) for row, each in reasons.items()})


def _code(network: Network, name: str, value: object) -> tuple[int, str]:
    """The code of a cell, and what is wrong with it, if anything."""
    if isinstance(value, str):
        value = plain_answer(value.strip())
    if is_blank(value) and str(value).lower() not in network.states[name]:
        return NOT_KNOWN, ""
    try:
        answer = read_answer(network, name, value)
    except EvidenceError as error:
        return NOT_KNOWN, str(error)
    if not isinstance(answer, str):
        return NOT_KNOWN, f"{name}: got likelihoods; a table holds states only, so diagnose this patient alone"
    return (NOT_KNOWN if answer == UNKNOWN else network.states[name].index(answer)), ""
