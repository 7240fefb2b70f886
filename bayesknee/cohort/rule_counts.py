"""Expectation-maximisation for tables, noisy-MAX findings, and signs that are tied together.

The conditions of each patient are known, the signs are not: each patient counts once for every joint state of the
signs of a cluster, with the probability of that state. A finding that hangs on conditions only has one such state. A
noisy-MAX is the greatest of hidden values, one for the leak and one for each cause; the E-step counts each of these
given the greatest (for the noisy OR: Meek and Heckerman, UAI 1997; the hidden values: Diez, UAI 1993).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Protocol

import numpy as np

from bayesknee.arrays import Bools, Vector
from bayesknee.cohort.expectation_maximisation import (
    EDGE,
    MOST_WEIGHT,
    CauseRows,
    NoisyOrCounts,
    Parameter,
    QuestionAnswers,
    ReadingCounts,
    log_of,
    prior_weight,
)
from bayesknee.inference.rule_tables import states_of
from bayesknee.knowledge.model import ConditionalTable, Distribution, Finding, Greatest, NoisyOr, Reading, Sign
from bayesknee.knowledge.rule_checks import cumulative


class RuleCounts(Protocol):
    """The parameters of one sign or finding; rows are those of the cohort, once for every joint state of the signs."""

    @property
    def parameters(self) -> list[Parameter]: ...
    def chances(self) -> Vector:
        """P(state | parents), shape (rows, states)."""

    def count(self, was: Vector) -> None:
        """The E-step, from the probability of each state given all that is known, shape (rows, states)."""


def distribution_parameters(
    distribution: Distribution, states: Sequence[str], values: Sequence[float]
) -> list[Parameter]:
    """A parameter for each state, all worth the same number of patients: the median of what their ranges say.

    Args:
        distribution: as stated; what is certain in it stays.
        states: of the finding or sign.
        values: what the parameters begin with, by state.
    """
    weights = [prior_weight(number) for number in distribution.numbers.values() if not number.certain]
    weight = float(np.median(weights)) if weights else MOST_WEIGHT
    certain = {state for state, number in distribution.numbers.items() if number.certain}
    return [
        Parameter(value, weight, value, fixed=state in certain) for state, value in zip(states, values, strict=True)
    ]


class OneNoisyOr:
    """A noisy OR of conditions and signs."""

    def __init__(self, rule: NoisyOr, names: Sequence[str], has: Vector | Bools) -> None:
        self.counts = NoisyOrCounts(rule.leak, rule.causes, names, has)
        self._rows = np.arange(len(has))

    @property
    def parameters(self) -> list[Parameter]:
        """Leak, then links."""
        return self.counts.parameters

    def chances(self) -> Vector:
        """P(no) and P(yes)."""
        yes = self.counts.yes(self._rows)
        return np.stack([1.0 - yes, yes], axis=1)

    def count(self, was: Vector) -> None:
        """The E-step."""
        self.counts.count(self._rows, was[:, 1])


class OneReading:
    """A finding that reads one sign of a cluster."""

    def __init__(self, rule: Reading, there: Vector | Bools) -> None:
        self._there = there.astype(float)
        self._answers = QuestionAnswers(np.arange(len(there)), np.zeros((len(there), 2)))
        self.counts = ReadingCounts(rule.sensitivity, rule.specificity, self._answers)

    @property
    def parameters(self) -> list[Parameter]:
        """Sensitivity, then specificity."""
        return self.counts.parameters

    def chances(self) -> Vector:
        """P(no) and P(yes)."""
        sensitivity, specificity = self.counts.sensitivity.value, self.counts.specificity.value
        yes = np.where(self._there > 0.0, sensitivity, 1.0 - specificity)
        return np.stack([1.0 - yes, yes], axis=1)

    def count(self, was: Vector) -> None:
        """The E-step."""
        rows = np.arange(len(was))
        self.counts.sensitivity.count(rows, self._there * was[:, 1], self._there)
        self.counts.specificity.count(rows, (1.0 - self._there) * was[:, 0], 1.0 - self._there)


class OneTable:
    """A table in full.

    Attributes:
        rows: by key, a parameter for each state.
    """

    def __init__(
        self, rule: ConditionalTable, states: tuple[str, ...], names: Sequence[str], has: Vector | Bools
    ) -> None:
        self.rows = {key: distribution_parameters(each, states, each.vector(states)) for key, each in rule.rows.items()}
        held = has[:, [list(names).index(parent) for parent in rule.parents]]
        keys = [", ".join("yes" if there else "no" for there in row) for row in (held > 0.0).tolist()]
        self._row_of = np.array([list(self.rows).index(key) for key in keys], np.intp)

    @property
    def parameters(self) -> list[Parameter]:
        """Of all rows."""
        return [parameter for row in self.rows.values() for parameter in row]

    def chances(self) -> Vector:
        """P(state | parents)."""
        return np.array([[parameter.value for parameter in row] for row in self.rows.values()])[self._row_of]

    def count(self, was: Vector) -> None:
        """The E-step."""
        for number, row in enumerate(self.rows.values()):
            here = np.flatnonzero(self._row_of == number)
            for state, parameter in enumerate(row):
                parameter.count(here, was[here, state], np.ones(len(here)))


class OneGreatest:
    """A noisy-MAX.

    Attributes:
        leak: a parameter for each state of the leak's hidden value.
        causes: by cause, a parameter for each state of its hidden value, which does not include the leak.
    """

    def __init__(self, rule: Greatest, states: tuple[str, ...], names: Sequence[str], has: Vector | Bools) -> None:
        at_most = np.array(cumulative(rule.leak, states))
        lowest = Distribution({})
        self.leak = distribution_parameters(rule.leak or lowest, states, np.diff(at_most, prepend=0.0).tolist())
        for parameter in self.leak if rule.leak is None else ():
            parameter.fixed = True
        self.causes: dict[str, list[Parameter]] = {}
        for name, stated in rule.causes.items():
            cumulated = np.minimum(np.array(cumulative(stated, states)) / at_most, 1.0)
            values = np.maximum(np.diff(cumulated, prepend=0.0), 0.0)
            self.causes[name] = distribution_parameters(stated, states, values.tolist())
        self._rows = CauseRows(has[:, [list(names).index(name) for name in rule.causes]])

    @property
    def parameters(self) -> list[Parameter]:
        """Leak, then causes."""
        return [*self.leak, *(parameter for cause in self.causes.values() for parameter in cause)]

    def _hidden(self) -> Vector:
        """P(hidden value), shape (1 + causes, states)."""
        return np.array([[parameter.value for parameter in row] for row in (self.leak, *self.causes.values())])

    def _at_most(self) -> Vector:
        """P(hidden value <= k), or 1 where the cause is absent; shape (sets of causes, 1 + causes, states)."""
        at_most = np.minimum(self._hidden().cumsum(axis=1), 1.0)
        at_most[:, -1] = 1.0
        return np.where(self._has()[:, :, None], at_most, 1.0)

    def _has(self) -> Bools:
        """Which hidden values count in each set, shape (sets of causes, 1 + causes)."""
        return np.column_stack([np.ones(len(self._rows.sets), bool), self._rows.sets])

    def chances(self) -> Vector:
        """P(state | causes)."""
        return np.asarray(np.diff(self._at_most().prod(axis=1), axis=1, prepend=0.0)[self._rows.set_of])

    def count(self, was: Vector) -> None:
        """The E-step.

        Given the greatest k, a hidden value is j < k if all others reach k between them, and k if none is above.
        """
        at_most, hidden, has, set_of = self._at_most(), self._hidden(), self._has(), self._rows.set_of
        weights = was / np.maximum(self.chances(), EDGE * EDGE)
        for number, row in enumerate((self.leak, *self.causes.values())):
            here = np.flatnonzero(has[set_of, number])
            others = np.delete(at_most, number, axis=1).prod(axis=1)[set_of[here]]
            reaching = np.diff(others, axis=1, prepend=0.0) * weights[here]
            above = reaching[:, ::-1].cumsum(axis=1)[:, ::-1] - reaching
            for state, parameter in enumerate(row):
                by_state = hidden[number, state] * (above[:, state] + weights[here, state] * others[:, state])
                parameter.count(here, by_state, np.ones(len(here)))

    def stated(self) -> tuple[Vector, dict[str, Vector]]:
        """The distributions as the format states them, the leak included: of the leak, and by cause."""
        leak, *causes = np.minimum(self._hidden().cumsum(axis=1), 1.0)
        leak[-1] = 1.0
        at_most_by_cause = {
            name: np.append((each * leak)[:-1], 1.0) for name, each in zip(self.causes, causes, strict=True)
        }
        return np.diff(leak, prepend=0.0), {name: np.diff(each, prepend=0.0) for name, each in at_most_by_cause.items()}


def rule_counts(part: Sign | Finding, names: Sequence[str], has: Vector | Bools) -> RuleCounts:
    """The parameters of a sign or finding that hangs on these conditions and signs, which each row has or has not."""
    model = part.model
    if isinstance(model, NoisyOr):
        return OneNoisyOr(model, names, has)
    if isinstance(model, Reading):
        return OneReading(model, has[:, list(names).index(model.sign)])
    if isinstance(model, ConditionalTable):
        return OneTable(model, states_of(part), names, has)
    if isinstance(model, Greatest):
        return OneGreatest(model, states_of(part), names, has)
    raise TypeError(f"{part.id} is a mixture, which is learned by itself")


class JointCounts:
    """Signs of a cluster with the findings that hang on them, or one finding that hangs on conditions only.

    Attributes:
        nodes: the parameters by id of a sign or finding.
    """

    def __init__(
        self,
        nodes: Mapping[str, RuleCounts],
        signs: Sequence[str],
        answers: Mapping[str, QuestionAnswers],
        size: int,
    ) -> None:
        self.nodes = nodes
        states = list(product((0, 1), repeat=len(signs)))
        self._signs = np.array(states, np.intp).reshape(len(states), len(signs))
        self._names = tuple(signs)
        self._answers = answers
        self._size = size
        self._owners = np.repeat(np.arange(size), len(states))
        answered = np.zeros(size, dtype=bool)
        for each in answers.values():
            answered[each.rows] = True
        self._answered = answered

    @property
    def parameters(self) -> list[Parameter]:
        """Of all nodes."""
        return [parameter for node in self.nodes.values() for parameter in node.parameters]

    def _spread(self, name: str) -> Vector:
        """P(answer | state) of a finding for all rows, 1 where it is not answered; shape (rows, states)."""
        answers = self._answers[name]
        full = np.ones((self._size, answers.likelihoods.shape[1]))
        full[answers.rows] = answers.likelihoods
        return np.repeat(full, len(self._signs), axis=0)

    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers) by row."""
        shares = np.ones(self._size * len(self._signs))
        was: dict[str, Vector] = {}
        for name, node in self.nodes.items():
            if name in self._names:
                states = np.tile(np.eye(2)[self._signs[:, self._names.index(name)]], (self._size, 1))
            else:
                states = self._spread(name)
            joint = node.chances() * states
            total = joint.sum(axis=1)
            shares *= total
            was[name] = joint / np.maximum(total, np.finfo(float).tiny)[:, None]
        by_patient = shares.reshape(self._size, -1)
        chances = by_patient.sum(axis=1)
        shares = (by_patient / np.maximum(chances, np.finfo(float).tiny)[:, None]).ravel()
        for name, node in self.nodes.items():
            node.count(was[name])
            counted = shares * self._counted(name)
            for parameter in node.parameters:
                parameter.gather(counted, self._owners)
        return np.where(self._answered, log_of(chances), 0.0)

    def _counted(self, name: str) -> Vector:
        """1 for the joint states of rows that count: who answered the finding, or anything that hangs on the signs."""
        counted = self._answered
        if name not in self._names:
            counted = np.zeros(self._size, dtype=bool)
            counted[self._answers[name].rows] = True
        return np.repeat(counted.astype(float), len(self._signs))
