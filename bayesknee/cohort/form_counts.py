"""Expectation-maximisation where the conditions of each patient are known, and their forms are not.

Each patient counts once for every way in which the conditions of the label may have come: a row for each combination
of forms, with the probability that it was this one given all answers,

    P(forms | conditions, answers)  is proportional to
        product of the shares of the forms * product over parts of P(answers of the part | forms)

for given the forms, each sign with its findings and each finding of conditions is a part by itself, as
`bayesknee.inference.enumeration.subset_tables` has it. Parts that name no form drop out of this. All others are settled
together with the shares: the E-step finds these probabilities and, within each row, what the part itself hides.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Protocol

import numpy as np

from bayesknee.arrays import Bools, Vector
from bayesknee.cohort.expectation_maximisation import Parameter, QuestionAnswers, Rows, spread
from bayesknee.cohort.labelled import LabelledCase
from bayesknee.cohort.rule_counts import distribution_parameters
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.model import Condition, Distribution, Path, Probability, stated_as
from bayesknee.knowledge.network import Network

# Ways in which the conditions of a patient may have come: ten in two forms each. A row takes as long as a patient, so
# a label with more would take longer than all others together. Judged.
MOST_WAYS: Final = 1024


class LearnedPart(Protocol):
    """A part of the network that is learned by itself, or, once forms are known, by itself."""

    @property
    def parameters(self) -> list[Parameter]: ...
    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers) by row."""


@dataclass(frozen=True)
class Cohort:
    """What is known of patients, or of the ways in which they may have been: the rows.

    Attributes:
        names: conditions, or causes.
        has: which of these each row has, shape (rows, names).
        answers: who answered, by finding.
    """

    names: tuple[str, ...]
    has: Bools
    answers: Mapping[str, QuestionAnswers]

    def held(self, stated: Collection[str]) -> Bools:
        """Whether a row has a cause to which what is stated under a name applies; shape (rows, stated)."""
        columns = {name: column for column, name in enumerate(stated)}
        held = np.zeros((len(self.has), len(columns)), bool)
        for place, cause in enumerate(self.names):
            if (name := stated_as(columns, cause)) is not None:
                held[:, columns[name]] |= self.has[:, place]
        return held


@dataclass(frozen=True)
class PossiblePatients:
    """All ways in which the conditions of patients may have come; those of a patient one after the other.

    Attributes:
        causes: of the network.
        has: which of these a row has, shape (rows, causes).
        patients: by row, the number of its patient, ascending.
    """

    causes: tuple[str, ...]
    has: Bools
    patients: Rows

    @classmethod
    def of(cls, network: Network, cases: Sequence[LabelledCase]) -> PossiblePatients:
        """The rows of these patients.

        Raises:
            BayeskneeError: a label comes in more ways than `MOST_WAYS`.
        """
        places = {cause: place for place, cause in enumerate(network.causes)}
        ways = [list(product(*(network.conditions[name].causes for name in _checked(network, each)))) for each in cases]
        has = np.zeros((sum(map(len, ways)), len(places)), bool)
        for row, causes in enumerate(way for each in ways for way in each):
            has[row, [places[cause] for cause in causes]] = True
        return cls(network.causes, has, np.repeat(np.arange(len(ways)), list(map(len, ways))))

    def answering(self, answers: Mapping[str, QuestionAnswers]) -> tuple[Rows, Cohort]:
        """The rows of those who answered any of these findings: which they are, and what is known of them."""
        answered = np.unique(np.concatenate([each.rows for each in answers.values()]))
        rows = np.flatnonzero(np.isin(self.patients, answered))
        by_row = {name: _of_rows(each, self.patients[rows]) for name, each in answers.items()}
        return rows, Cohort(self.causes, self.has[rows], by_row)


def _checked(network: Network, case: LabelledCase) -> tuple[str, ...]:
    ways = math.prod(len(network.conditions[name].causes) for name in case.label)
    if ways > MOST_WAYS:
        raise BayeskneeError(
            f"case {case.id}: its conditions come in {ways:,} combinations of forms; expected at most {MOST_WAYS:,}; "
            "leave it out, or name fewer conditions as its label"
        )
    return case.label


def _of_rows(answers: QuestionAnswers, patients: Rows) -> QuestionAnswers:
    """The answers of rows, from those of their patients."""
    places = np.searchsorted(answers.rows, patients)
    places[places == len(answers.rows)] = 0
    rows = np.flatnonzero(answers.rows[places] == patients)
    return QuestionAnswers(rows, answers.likelihoods[places[rows]])


class ShareCounts:
    """The shares of the forms of conditions, by setting where they are stated so.

    Attributes:
        shares: by condition and place below a form, a parameter for each form.

    Args:
        network: whose shares.
        settings: by patient.
        possible: the rows.
        kept: whether shares stay as they are.
    """

    def __init__(self, network: Network, settings: Sequence[str], possible: PossiblePatients, *, kept: bool) -> None:
        self.shares: dict[tuple[str, Path], list[Parameter]] = {}
        self._forms: list[tuple[list[Parameter], Rows, Rows]] = []
        self._size = len(possible.has)
        by_row = np.array(settings)[possible.patients]
        for condition in (each for each in network.conditions.values() if each.forms):
            columns = [possible.causes.index(cause) for cause in condition.causes]
            has = possible.has[:, columns]
            for place in next(iter(condition.forms.values())).shares:
                parameters = _share_parameters(condition, place, kept=kept)
                using = [each for each in network.settings if share_place(condition, each) == place]
                rows = np.flatnonzero(has.any(axis=1) & np.isin(by_row, using))
                self.shares[condition.id, place] = parameters
                self._forms.append((parameters, rows, has[rows].argmax(axis=1)))

    @property
    def parameters(self) -> list[Parameter]:
        """Of all conditions."""
        return [parameter for each in self.shares.values() for parameter in each]

    def step(self) -> Vector:
        """Counts, and returns log P(forms | conditions) by row."""
        logs = np.zeros(self._size)
        for parameters, rows, forms in self._forms:
            logs[rows] += np.log([each.value for each in parameters])[forms]
            for form, parameter in enumerate(parameters):
                parameter.count(rows, (forms == form).astype(float), np.ones(len(rows)))
        return logs


def share_place(condition: Condition, setting: str) -> Path:
    """Where the shares of the forms of a condition stand below each form, in this setting."""
    return next(iter(condition.forms.values())).share_path(setting)


def stated_shares(condition: Condition, place: Path) -> dict[str, Probability]:
    """The shares at a place below each form, by form."""
    return {name: form.shares[place] for name, form in condition.forms.items()}


def _share_parameters(condition: Condition, place: Path, *, kept: bool) -> list[Parameter]:
    stated = stated_shares(condition, place)
    parameters = distribution_parameters(Distribution(stated), tuple(stated), [each.value for each in stated.values()])
    for parameter in parameters:
        parameter.fixed = kept
    return parameters


class FormCounts:
    """Shares of forms, and all parts that name forms.

    Args:
        possible: the ways in which each patient may have been.
        parts: each with the numbers of its rows among all.
    """

    def __init__(self, possible: PossiblePatients, parts: Sequence[tuple[Rows, LearnedPart]]) -> None:
        self._patients = possible.patients
        self._starts = np.flatnonzero(np.diff(self._patients, prepend=-1))
        self._parts = parts

    @property
    def parameters(self) -> list[Parameter]:
        """Of all parts."""
        return [parameter for _, part in self._parts for parameter in part.parameters]

    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers of these parts | conditions) by patient."""
        logs = sum(self._logs(), np.zeros(len(self._patients)))
        top = np.maximum.reduceat(logs, self._starts)
        weights = np.exp(logs - top[self._patients])
        totals = np.add.reduceat(weights, self._starts)
        weights /= totals[self._patients]
        for rows, part in self._parts:
            for parameter in part.parameters:
                parameter.gather(weights[rows], self._patients[rows])
        return np.asarray(np.log(totals) + top)

    def _logs(self) -> Iterator[Vector]:
        for rows, part in self._parts:
            yield spread(part.step(), rows, len(self._patients))
