"""What a reader thinks of labelled patients, to stand beside the engine's forecasts.

A reader's ratings are a CSV file with a row for each patient and condition that the reader thinks of:

    id,condition,probability,level
    case-1,fracture,0.7,emergency
    case-1,strain,0.2,emergency

The probabilities of a patient sum to 1 at most. What is left is spread evenly over the conditions that are not named,
the catch-all among them: it is nobody's opinion, so it favours none. The column `level`, the care that the reader calls
for, may be left out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.cohort.labelled import MOST_TOLD
from bayesknee.cohort.labels import OTHER
from bayesknee.errors import TableError, few_hints, joined, quoted, shown_word, unknown_text
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.rule_checks import SUM_TOLERANCE
from bayesknee.patient.cases import probability_of

ID: Final = "id"
LEVEL: Final = "level"
WANTED: Final = (ID, "condition", "probability")


@dataclass(frozen=True)
class Ratings:
    """What a reader thinks of patients.

    Attributes:
        name: of the reader: that of the file, without its ending.
        posterior: P(condition), shape (patients, conditions).
        level: the number of the level of care that the reader calls for, 0 the most urgent, shape (patients,); None
            where the file tells none.
        left_out: ids that are not among the patients.
    """

    name: str
    posterior: Vector = field(repr=False)
    level: Integers | None = field(default=None, repr=False)
    left_out: tuple[str, ...] = ()


def read_ratings(path: Path | str, network: Network, patients: Sequence[str]) -> Ratings:
    """A reader's ratings of these patients.

    Args:
        path: of a CSV file with the columns id, condition, probability and, if wanted, level.
        network: whose conditions are named; `other` stands for its catch-all.
        patients: their ids, each once; all of them must be rated.

    Raises:
        TableError: it cannot be read, or something in it cannot be; tells the first faults with their lines.
    """
    file = Path(path)
    given = _Given(file.name, network)
    with few_hints():
        for line, row in _rows(file):
            given.take(line, row)
        return given.ratings(file.stem, patients)


def told_left_out(readers: Iterable[Ratings]) -> Iterator[str]:
    """Warnings of ratings that are of nobody among the patients."""
    for each in readers:
        if each.left_out:
            more = f" and {len(each.left_out) - 1:,} more" if len(each.left_out) > 1 else ""
            yield f"{each.name} rates {shown_word(each.left_out[0])}{more}, not among the cases; left out"


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows with their lines; cells that are not there are empty."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(text, restval="", strict=True)
            _check_columns(file, [name.strip() for name in rows.fieldnames or ()])
            for row in rows:
                if None in row:
                    raise TableError(f"{file.name}: line {rows.line_num}: more cells than the first line; correct it")
                yield rows.line_num, {str(name).strip(): str(cell).strip() for name, cell in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise TableError(
            f"cannot read the ratings {quoted(file.name)}: {reason}; expected a CSV file in UTF-8"
        ) from None


def _check_columns(file: Path, names: Sequence[str]) -> None:
    if not set(WANTED) <= set(names) <= {*WANTED, LEVEL} or len(set(names)) < len(names):
        got = ", ".join(map(shown_word, names)) or "no columns"
        expected = f"the columns {', '.join(WANTED)} and, if wanted, {LEVEL}, with commas between them"
        raise TableError(f"{file.name}: got {got}; expected {expected}; correct the first line")


class _Given:
    """The ratings read so far, by id of the patient, and what is wrong with them."""

    def __init__(self, name: str, network: Network) -> None:
        self._name, self._network = name, network
        self._rated: dict[str, dict[str, float]] = {}
        self._levels: dict[str, str] = {}
        self._problems: list[str] = []

    def take(self, line: int, row: Mapping[str, str]) -> None:
        """Takes a row, or notes what is wrong with it."""
        problem = self._problem(row)
        if problem:
            self._problems.append(f"line {line}: {problem}")

    def _problem(self, row: Mapping[str, str]) -> str:
        """What is wrong with a row that is taken; empty where nothing is."""
        if not row[ID]:
            return "no id; expected that of a patient; add it"
        return self._wrong_condition(row) or self._wrong_probability(row) or self._wrong_level(row)

    def _wrong_condition(self, row: Mapping[str, str]) -> str:
        condition = self._condition(row)
        if condition not in self._network.conditions:
            return unknown_text("condition", condition, self._network.conditions)
        if condition in self._rated.get(row[ID], {}):
            who = shown_word(row[ID])
            return f"{condition} of {who} a second time; expected each condition once; keep one of the rows"
        return ""

    def _condition(self, row: Mapping[str, str]) -> str:
        name, catch_all = row["condition"], self._network.catch_all
        return catch_all if name == OTHER and catch_all else name

    def _wrong_probability(self, row: Mapping[str, str]) -> str:
        probability = probability_of(row["probability"])
        if probability is None or not 0.0 <= probability <= 1.0:
            got = quoted(row["probability"])
            return f"the probability {got}; expected one from 0 to 1, such as 0.2 or 20%; correct it"
        self._rated.setdefault(row[ID], {})[self._condition(row)] = probability
        return ""

    def _wrong_level(self, row: Mapping[str, str]) -> str:
        level = row.get(LEVEL, "")
        if level and level not in LEVELS:
            return unknown_text("level", level, LEVELS)
        if level and (before := self._levels.setdefault(row[ID], level)) != level:
            return f"{level} after {before}; expected one level a patient; keep one of them"
        return ""

    def ratings(self, name: str, patients: Sequence[str]) -> Ratings:
        """The ratings of these patients.

        Raises:
            TableError: not all of them are rated, two have one id, or something was wrong.
        """
        if len(set(patients)) < len(patients):
            again = next(patient for number, patient in enumerate(patients) if patient in patients[:number])
            raise TableError(f"two cases are called {shown_word(again)}; expected a different id for each; rename one")
        problems = [*self._problems, *self._sums()] or [*self._lacking(patients)]
        if problems:
            raise TableError(f"{self._name}: {joined(problems, MOST_TOLD, 'problems')}")
        left_out = tuple(patient for patient in self._rated if patient not in set(patients))
        return Ratings(name, np.array([self._spread(patient) for patient in patients]), self._level(patients), left_out)

    def _sums(self) -> Iterator[str]:
        for patient, rated in self._rated.items():
            if (total := math.fsum(rated.values())) > 1.0 + SUM_TOLERANCE:
                yield f"{shown_word(patient)} has a sum of {total:.6g}; expected at most 1; lower a probability"

    def _lacking(self, patients: Sequence[str]) -> Iterator[str]:
        known: tuple[tuple[str, Mapping[str, object]], ...] = (("ratings", self._rated),)
        if self._levels:
            known = (*known, ("levels", self._levels))
        for what, by_patient in known:
            if missing := [patient for patient in patients if patient not in by_patient]:
                more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
                remedy = "rate them, or leave them out of the cases"
                yield f"no {what} of {shown_word(missing[0])}{more}; expected those of all cases; {remedy}"

    def _spread(self, patient: str) -> Vector:
        """P(condition), what is left of 1 spread evenly over those that are not named."""
        rated, conditions = self._rated[patient], self._network.conditions
        left = max(1.0 - math.fsum(rated.values()), 0.0) / max(len(conditions) - len(rated), 1)
        return np.array([rated.get(condition, left) for condition in conditions])

    def _level(self, patients: Sequence[str]) -> Integers | None:
        return np.array([LEVELS.index(self._levels[patient]) for patient in patients]) if self._levels else None
