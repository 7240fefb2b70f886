"""What each answer to each question that is left would lead to, by enumeration: all of it from a few matrix products.

    P(answer, c | e) = sum over s of P(answer | s, e) p(s | e) [c in s]

P(answer | s, e) makes a row of length 2**n, of one of three kinds. A finding that depends on conditions has its table.
A sign g has, with a and b the likelihoods of what has been read of it given g and given no g,

    P(g=1 | s, e) = P(g=1 | s) a / (P(g=1 | s) a + P(g=0 | s) b),

and a reading of it mixes the sums of its two rows by sensitivity and specificity. Tables are stacked once. For a risk
factor r, P(r=v | s, e) p(s | e) is P(s, r=v, known risk factors) times what the findings say of s, and its sums are
those of `bayesknee.inference.prior_answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.inference.batch import reading_table
from bayesknee.inference.caches import keep
from bayesknee.inference.evidence import Evidence
from bayesknee.inference.prior_answers import AnswerSums
from bayesknee.inference.subsets import Vector, sums
from bayesknee.knowledge.model import Network

if TYPE_CHECKING:
    from bayesknee.inference.enumeration import Enumeration

MOST_STACKED_NUMBERS: Final = 2**21
MOST_CACHED_NUMBERS: Final = 2**23


class Outcomes(NamedTuple):
    """The answers to some questions, in one row each: those of the first question, then those of the second, and so on.

    Attributes:
        names: the questions, in the order of `network.questions`.
        starts: the first row of each question, and the number of rows at the end; shape (questions + 1,).
        probabilities: P(answer | evidence), shape (rows,); those of one question sum to 1.
        joint: P(answer and condition | evidence), shape (rows, conditions).
    """

    names: tuple[str, ...]
    starts: NDArray[np.intp]
    probabilities: Vector
    joint: Vector

    @property
    def posteriors(self) -> Vector:
        """P(condition | evidence, answer), shape (rows, conditions); 0 for an answer that cannot be."""
        totals = self.probabilities[:, None]
        return np.minimum(np.divide(self.joint, totals, out=np.zeros_like(self.joint), where=totals > 0.0), 1.0)


class WhatIf:
    """Outcomes for one network in one setting. Read-only once made, so safe to share between threads.

    Args:
        strategy: whose tables to use.
        network: its network.
    """

    def __init__(self, strategy: Enumeration, network: Network) -> None:
        self._strategy = strategy
        self._risk_factors = _Stacks({name: len(each.states) for name, each in network.risk_factors.items()}, network)
        starts = {name: place.start for name, place in self._risk_factors.places.items()}
        self._answer_sums = AnswerSums(strategy.before_findings, starts)
        direct = {name: len(each.states) for name, each in network.findings.items() if name not in strategy.readings}
        self._tables = _Stacks(direct | dict.fromkeys(network.signs, 2), network)
        self._signs = {name: number for number, name in enumerate(network.signs)}
        self._read = {name: number for number, name in enumerate(strategy.readings)}
        self._sign_of = np.array([self._signs[each.sign] for each in strategy.readings.values()], np.intp)
        self._reading_tables = np.array([reading_table(each) for each in strategy.readings.values()]).reshape(-1, 2, 2)
        self._questions = {name: len(each.states) for name, each in network.questions.items()}
        self._findings_at = self._risk_factors.rows
        self._readings_at = self._findings_at + sum(direct.values())
        self._places = {name: self._place(name) for name in self._questions}

    def _place(self, name: str) -> NDArray[np.intp]:
        """Where the answers to a question are: risk factors first, then direct findings, then readings."""
        if name in self._risk_factors.places:
            start = self._risk_factors.places[name].start
        elif name in self._read:
            start = self._readings_at + 2 * self._read[name]
        else:
            start = self._findings_at + self._tables.places[name].start
        return np.arange(start, start + self._questions[name])

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """The outcomes of these questions, given evidence that is possible."""
        wanted = set(names)
        ordered = tuple(name for name in self._questions if name in wanted)
        weights = self._strategy.infer(evidence).weights
        risk_factors = self._of_risk_factors(weights, evidence, wanted)
        findings, signs = self._of_tables(weights, evidence, wanted)
        every = np.concatenate([risk_factors, findings, self._of_readings(signs, evidence)])
        joint = every[np.concatenate([self._places[name] for name in ordered])] if ordered else every[:0]
        starts = np.cumsum([0, *(self._questions[name] for name in ordered)])
        return Outcomes(ordered, starts, joint[:, 0], joint[:, 1:])

    def _of_risk_factors(self, weights: Vector, evidence: Evidence, wanted: set[str]) -> Vector:
        """A row for each state of each risk factor."""
        if wanted.isdisjoint(self._risk_factors.places):
            return np.full((self._risk_factors.rows, 1 + _conditions(weights)), np.nan)
        known = {name: each for name, each in evidence.likelihoods.items() if name in self._risk_factors.places}
        prior = self._strategy.prior(evidence.likelihoods)
        of_findings = np.divide(weights, prior, out=np.zeros_like(weights), where=prior > 0.0)
        return self._answer_sums.of(known, of_findings)

    def _of_tables(self, weights: Vector, evidence: Evidence, wanted: set[str]) -> tuple[Vector, Vector]:
        """Direct findings, a row for each state; and signs, shape (signs, 2, 1 + n)."""
        likelihoods = self._likelihoods(evidence)
        needed = wanted | {self._strategy.readings[name].sign for name in wanted & self._read.keys()}
        joint = np.full((self._tables.rows, 1 + _conditions(weights)), np.nan)
        for names, part in self._tables.needed(needed):
            stack = self._tables.kept((part.start,), partial(self._stack, names))
            joint[part] = sums(stack * weights)
            known = [name for name in names if name in likelihoods and name in needed]
            for places, rows in self._given(stack, part.start, known, likelihoods):
                joint[places] = sums(rows * weights)
        findings = self._readings_at - self._findings_at
        return joint[:findings], joint[findings:].reshape(len(self._signs), 2, joint.shape[1])

    def _stack(self, names: Sequence[str]) -> Vector:
        return np.vstack([self._strategy.table(name) for name in names])

    def _likelihoods(self, evidence: Evidence) -> dict[str, Vector]:
        """What is known already: of direct findings and, by way of their readings, of signs."""
        known: dict[str, Vector] = {}
        for name, likelihood in evidence.likelihoods.items():
            if name in self._read:
                sign = self._strategy.readings[name].sign
                own = np.array(likelihood) @ self._reading_tables[self._read[name]]
                known[sign] = known[sign] * own if sign in known else own
            elif name in self._tables.places:
                known[name] = np.array(likelihood)
        return known

    def _given(
        self, stack: Vector, start: int, names: Sequence[str], likelihoods: Mapping[str, Vector]
    ) -> Iterator[tuple[NDArray[np.intp], Vector]]:
        """P(state | s, what is known of it), those with the same number of states at once, and where they belong."""
        for states in {self._tables.states[name] for name in names}:
            those = [name for name in names if self._tables.states[name] == states]
            places = np.array([self._tables.places[name].start for name in those])[:, None] + np.arange(states)
            rows = stack[places - start] * np.array([likelihoods[name] for name in those])[:, :, None]
            rows /= rows.sum(axis=1, keepdims=True)
            yield places.ravel(), rows.reshape(-1, rows.shape[2])

    def _of_readings(self, signs: Vector, evidence: Evidence) -> Vector:
        """The readings, two rows each, from what is known of the signs."""
        tables = self._reading_tables
        if known := [name for name in evidence.likelihoods if name in self._read]:
            tables = tables.copy()
        for name in known:
            own = tables[self._read[name]] * np.array(evidence.likelihoods[name])[:, None]
            tables[self._read[name]] = own / own.sum(axis=0)
        return (tables @ signs[self._sign_of]).reshape(-1, signs.shape[2])


class _Stacks:
    """Variables whose tables are stacked, as many in one stack as may be, and kept.

    Attributes:
        states: how many, by variable.
        places: the rows of each variable, all stacks counted through.
        rows: how many there are.
    """

    def __init__(self, states: Mapping[str, int], network: Network) -> None:
        self.states = dict(states)
        ends = np.cumsum([0, *states.values()]).tolist()
        self.places = {name: slice(*own) for name, own in zip(states, pairwise(ends), strict=True)}
        self.rows = ends[-1]
        most = max(1, MOST_STACKED_NUMBERS >> len(network.conditions))
        self._groups: list[list[str]] = []
        for name in states:
            if not self._groups or self._length([*self._groups[-1], name]) > most:
                self._groups.append([])
            self._groups[-1].append(name)
        self._kept: dict[tuple[object, ...], Vector] = {}

    def _length(self, names: Sequence[str]) -> int:
        return sum(self.states[name] for name in names)

    def needed(self, wanted: set[str]) -> Iterator[tuple[list[str], slice]]:
        """The stacks that hold any of these variables: all names in each, and its rows."""
        for names in self._groups:
            if not wanted.isdisjoint(names):
                yield names, slice(self.places[names[0]].start, self.places[names[-1]].stop)

    def kept(self, key: tuple[object, ...], make: Callable[[], Vector]) -> Vector:
        """The stack of that key, made where it is not kept."""
        if (stack := self._kept.get(key)) is None:
            stack = make()
            keep(self._kept, key, stack, MOST_CACHED_NUMBERS // stack.size)
        return stack


def _conditions(weights: Vector) -> int:
    return len(weights).bit_length() - 1
