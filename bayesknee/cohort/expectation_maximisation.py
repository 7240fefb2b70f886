"""Expectation-maximisation for the rules of a network, the conditions of each patient being known.

What stays hidden is whether a sign was there, which cause of a noisy OR (or its leak) was at work, which condition a
mixture's answer came from, and the answer itself where only a likelihood is known. The E-step counts each of these by
its expectation, the M-step is the posterior mode of a Beta or Dirichlet (Dempster, Laird and Rubin, J R Stat Soc B,
1977; for the noisy OR: Meek and Heckerman, UAI 1997):

    theta = (prior weight * prior value + expected successes) / (prior weight + expected trials)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Vector
from bayesknee.inference.cpds import link
from bayesknee.interval_95 import Z
from bayesknee.knowledge.model import Number
from bayesknee.log_odds import expit, logit

Rows: TypeAlias = NDArray[np.intp]

# Patients: of a range of no width, in place of infinity. No cohort moves that, and it keeps sums finite.
MOST_WEIGHT: Final = 1e9
# Kept between a probability and 0 or 1, which EM could never leave, and whose logit is infinite; also the least
# divisor. Larger, it would show in what is told, to 1e-4; much smaller, 1 - p would lose its digits. Judged.
EDGE: Final = 1e-6


def prior_weight(number: Number) -> float:
    """The number of patients whose counts would give a range as wide as that of a probability.

    The logit of a Beta's variable with mean m and weight n has a variance of about 1 / (n m (1 - m)); n is such that
    this is the variance that the range low-high stands for.

    Args:
        number: a probability.
    """
    m = number.value
    deviation = (logit(number.high) - logit(number.low)) / (2.0 * Z)
    return min(1.0 / (m * (1.0 - m) * deviation**2), MOST_WEIGHT) if deviation else MOST_WEIGHT


@dataclass
class Parameter:
    """A probability that is being learned.

    Attributes:
        prior: its value before.
        weight: how many patients that is worth.
        value: its value now.
        successes, trials: expected counts by row, of the last E-step. A row is a patient, or one of the ways in which a
            patient may have been.
        rows: numbers of these rows, ascending; those where nothing was counted are left out.
        bound: the rule that stopped the update short; empty if none did.
        fixed: whether it stays as it is, since it is certain.
    """

    prior: float
    weight: float
    value: float
    successes: Vector = field(default_factory=lambda: np.zeros(0))
    trials: Vector = field(default_factory=lambda: np.zeros(0))
    rows: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    bound: str = ""
    fixed: bool = False

    @classmethod
    def of(cls, number: Number, value: float | None = None) -> Parameter:
        """The parameter that a stated number gives, or one derived from it that has another value."""
        m = min(max(number.value if value is None else value, EDGE), 1.0 - EDGE)
        return cls(m, prior_weight(number), m)

    def count(self, rows: Rows, successes: Vector, trials: Vector) -> None:
        """Takes the counts of an E-step."""
        self.rows, self.successes, self.trials = rows, successes, trials

    def gather(self, weights: Vector, patients: Rows) -> None:
        """Sums counts over the ways in which each patient may have been, where curvature needs them by patient.

        Args:
            weights: the probability of each row, given all that is known of its patient.
            patients: by row, the number of its patient, ascending.
        """
        if not len(self.rows):
            return
        owners, weighing = patients[self.rows], weights[self.rows]
        starts = np.concatenate([[0], 1 + (owners[1:] != owners[:-1]).nonzero()[0]])
        successes, trials = (np.add.reduceat(each * weighing, starts) for each in (self.successes, self.trials))
        self.count(owners[starts], successes, trials)

    def update(self) -> float:
        """Does the M-step, and returns how far the value moved."""
        if self.fixed:
            return 0.0
        before = self.value
        counted = self.weight * self.prior + float(self.successes.sum())
        self.value = min(max(counted / (self.weight + float(self.trials.sum())), EDGE), 1.0 - EDGE)
        return abs(self.value - before)

    @property
    def curvature(self) -> float:
        """Minus the second derivative of the patients' log likelihood by the logit (Louis, J R Stat Soc B, 1982).

        With s = E[successes] and t = E[trials] of a patient, it would be t value (1 - value) if nothing were hidden;
        the variance of the score given what is known is taken off. It is below 0 far from where the likelihood is
        highest, which is where a narrow range holds a number that the patients contradict.
        """
        s, t, value = self.successes, self.trials, self.value
        hidden = s * (1.0 - value) ** 2 + (t - s) * value**2 - (s - value * t) ** 2
        return float((t * value * (1.0 - value) - hidden).sum())

    @property
    def information(self) -> float:
        """The observed information on the logit; 0 if the patients contradict the number, whose width then stays."""
        return max(self.curvature, 0.0)

    @property
    def effective(self) -> float:
        """The number of patients who, with nothing hidden, would give the same information."""
        return self.information / (self.value * (1.0 - self.value))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % range now, from the curvature of prior and patients together on the logit scale."""
        precision = self.weight * self.value * (1.0 - self.value) + self.information
        reach = Z / math.sqrt(precision)
        center = logit(self.value)
        return expit(center - reach), expit(center + reach)


class QuestionAnswers(NamedTuple):
    """Who answered a question, and how.

    Attributes:
        rows: numbers of the patients, shape (k,).
        likelihoods: P(answer | state), shape (k, states); one 1 where the answer is certain.
    """

    rows: Rows
    likelihoods: Vector


def log_of(chances: Vector) -> Vector:
    """Natural logarithms, finite also of 0."""
    return np.asarray(np.log(np.maximum(chances, np.finfo(float).tiny)))


def spread(values: Vector, rows: Rows, size: int) -> Vector:
    """What is told of some rows, for all of so many; 0 of the others."""
    full = np.zeros(size)
    full[rows] = values
    return full


class CauseRows:
    """Which causes each row has. Few sets of causes differ, so what hangs on them is worked out once for each set.

    Args:
        has: above 0 where a row has a cause, shape (rows, causes).

    Attributes:
        sets: the sets that differ, shape (sets, causes).
        set_of: by row, the number of its set.
    """

    def __init__(self, has: Vector | Bools) -> None:
        # Packed into bytes, which are quicker to compare; with a column more, so that a rule without causes has one.
        packed = np.packbits(np.column_stack([np.ones(len(has), bool), has > 0.0]), axis=1)
        _, first, number = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        self.sets: Bools = has[first] > 0.0
        self.set_of: Rows = number.ravel()


class NoisyOrCounts:
    """Leak and links of a noisy OR.

    Args:
        leak: P(yes | no cause).
        causes: P(yes | only this cause), by cause.
        conditions: the columns of `has`.
        has: which of these each row has, shape (rows, conditions).

    Attributes:
        leak: P(yes | no cause).
        links: q by cause.
    """

    def __init__(
        self, leak: Number, causes: Mapping[str, Number], conditions: Sequence[str], has: Vector | Bools
    ) -> None:
        self.leak = Parameter.of(leak)
        self.links = {
            name: Parameter.of(number, link(leak.value, max(number.value, leak.value)))
            for name, number in causes.items()
        }
        self._rows = CauseRows(has[:, [list(conditions).index(name) for name in causes]])

    @property
    def parameters(self) -> list[Parameter]:
        """Leak, then links."""
        return [self.leak, *self.links.values()]

    def yes(self, rows: Rows) -> Vector:
        """P(yes | causes) of these rows."""
        q = np.array([link.value for link in self.links.values()])
        no = (1.0 - self.leak.value) * np.prod(1.0 - self._rows.sets * q, axis=1)
        return np.asarray(1.0 - no)[self._rows.set_of[rows]]

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self._rows.set_of)

    def count(self, rows: Rows, was_yes: Vector) -> None:
        """The E-step.

        Args:
            rows: the patients who count.
            was_yes: the probability that it was yes, by patient, given all that is known.
        """
        yes = np.maximum(self.yes(rows), EDGE)
        share, has = was_yes / yes, self._rows.sets[self._rows.set_of[rows]]
        self.leak.count(rows, share * self.leak.value, np.ones(len(rows)))
        for column, parameter in enumerate(self.links.values()):
            with_cause = np.flatnonzero(has[:, column])
            parameter.count(rows[with_cause], share[with_cause] * parameter.value, np.ones(len(with_cause)))


class ReadingCounts:
    """Sensitivity and specificity of one reading of a sign."""

    def __init__(self, sensitivity: Number, specificity: Number, answers: QuestionAnswers) -> None:
        self.sensitivity = Parameter.of(sensitivity)
        self.specificity = Parameter.of(specificity)
        self.answers = answers

    @property
    def parameters(self) -> list[Parameter]:
        """Sensitivity, then specificity."""
        return [self.sensitivity, self.specificity]

    def likelihoods(self) -> tuple[Vector, Vector]:
        """P(answer | no sign) and P(answer | sign)."""
        no, yes = self.answers.likelihoods.T
        sensitivity, specificity = self.sensitivity.value, self.specificity.value
        return no * specificity + yes * (1.0 - specificity), no * (1.0 - sensitivity) + yes * sensitivity

    def count(self, was_there: Vector) -> None:
        """The E-step, from the probability of the sign in each patient who answered."""
        no, yes = self.answers.likelihoods.T
        without, with_sign = self.likelihoods()
        true_yes = was_there * yes * self.sensitivity.value / np.maximum(with_sign, EDGE)
        true_no = (1.0 - was_there) * no * self.specificity.value / np.maximum(without, EDGE)
        self.sensitivity.count(self.answers.rows, true_yes, was_there)
        self.specificity.count(self.answers.rows, true_no, 1.0 - was_there)


class SignCounts:
    """A hidden sign with all its readings."""

    def __init__(self, rule: NoisyOrCounts, readings: Mapping[str, ReadingCounts]) -> None:
        self.rule = rule
        self.readings = readings
        self._size = rule.size
        answered = np.zeros(self._size, dtype=bool)
        for reading in readings.values():
            answered[reading.answers.rows] = True
        self._rows = np.flatnonzero(answered)

    @property
    def parameters(self) -> list[Parameter]:
        """The parameters of the sign and its readings."""
        return [
            *self.rule.parameters,
            *(parameter for reading in self.readings.values() for parameter in reading.parameters),
        ]

    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers) by row."""
        without, with_sign = np.ones(self._size), np.ones(self._size)
        for reading in self.readings.values():
            likelihood_without, likelihood_with = reading.likelihoods()
            without[reading.answers.rows] *= likelihood_without
            with_sign[reading.answers.rows] *= likelihood_with
        prior = np.zeros(self._size)
        prior[self._rows] = self.rule.yes(self._rows)
        total = prior * with_sign + (1.0 - prior) * without
        was_there = prior * with_sign / np.maximum(total, np.finfo(float).tiny)
        self.rule.count(self._rows, was_there[self._rows])
        for reading in self.readings.values():
            reading.count(was_there[reading.answers.rows])
        return log_of(total)


class DirectCounts:
    """A finding that is a noisy OR itself."""

    def __init__(self, rule: NoisyOrCounts, answers: QuestionAnswers) -> None:
        self.rule = rule
        self._answers = answers

    @property
    def parameters(self) -> list[Parameter]:
        """Leak and links."""
        return self.rule.parameters

    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers) by row."""
        rows, (no, yes) = self._answers.rows, self._answers.likelihoods.T
        prior = self.rule.yes(rows)
        total = prior * yes + (1.0 - prior) * no
        self.rule.count(rows, prior * yes / total)
        return spread(log_of(total), rows, self.rule.size)


class MixtureCounts:
    """The distributions of a mixture; its weights stay as they are.

    Attributes:
        tables: by distribution, a parameter for each state.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[Parameter]],
        weights: Vector,
        owners: Sequence[str],
        has: Vector | Bools,
        answers: QuestionAnswers,
    ) -> None:
        self.tables = tables
        self._answers = answers
        self._owners = [list(tables).index(name) for name in owners]
        self._size = len(has)
        weighted = has[answers.rows] * weights
        self._shares = weighted / weighted.sum(axis=1, keepdims=True)

    @property
    def parameters(self) -> list[Parameter]:
        """The probabilities of all distributions; each sums to 1, as its states share trials and prior weight."""
        return [parameter for table in self.tables.values() for parameter in table]

    def step(self) -> Vector:
        """Does one E-step, and returns log P(answers) by row."""
        theta = np.array([[parameter.value for parameter in table] for table in self.tables.values()])[self._owners]
        joint = self._shares[:, :, None] * theta * self._answers.likelihoods[:, None, :]
        total = joint.sum(axis=(1, 2))
        joint /= np.maximum(total, np.finfo(float).tiny)[:, None, None]
        for number, table in enumerate(self.tables.values()):
            columns = [place for place, owner in enumerate(self._owners) if owner == number]
            here = np.flatnonzero(self._shares[:, columns].any(axis=1))
            by_state = joint[here][:, columns].sum(axis=1)
            for state, parameter in enumerate(table):
                parameter.count(self._answers.rows[here], by_state[:, state], by_state.sum(axis=1))
        return spread(log_of(total), self._answers.rows, self._size)
