"""What probabilities call for: the thresholds of all conditions in one setting, for one patient or for many.

A threshold calls for its level where the probability is at or over it. One that the *base rate* is at or over already
says nothing of this patient. It calls for its level only

- where the answers speak for the condition: one of them by itself, or all together, multiply its odds by `SPEAKS_FOR`;
- or where something is known of the complaint, and the probability is clearly over all that the threshold might be: by
  the same factor over the upper end of its range.

Otherwise what is urgent calls for an ordinary appointment, and the reason says so. So with no answers, and after those
that say next to nothing, nobody is called urgent for what everybody has. As soon as anything points to the condition
its threshold counts, whatever else speaks against it; and what is far over it is never passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Integers, Vector
from bayesknee.errors import BayeskneeError, unknown_text
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.knowledge.model import LEVELS, Level, Threshold
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.codes import NOT_KNOWN, Codes, nothing_known
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, likelihood_of

# The factor of the odds from which on answers speak for a condition. Likelihood ratios below 2 alter a probability "to
# a small (and rarely important) degree" (Jaeschke, Guyatt and Sackett, JAMA 1994, 271:703); this is on the safe side.
# Of patients drawn from posterior_knee in primary care who gave one answer, 3 % of those without a clot are then called
# the same day, where counting any answer called 94 %; of those who told all of their history, no fewer with a clot.
SPEAKS_FOR: Final = 1.5
NO_STEP: Final = -1
# The most urgent level that a threshold calls for which only the base rate passes: what is dangerous and not ruled out
# is no case for self-care, and no case for more while nothing points to it.
USUAL_LEVEL: Final[Level] = "routine"


class AnswersTold(NamedTuple):
    """What is known of patients whose posteriors are given.

    Attributes:
        codes: their answers, int8 of shape (rows, questions), as in `bayesknee.patient.codes`.
        evidence: what is known of all of them besides; what it answers is not read from the codes.
    """

    codes: Codes
    evidence: Evidence = NOTHING_KNOWN

    @classmethod
    def of_one(cls, network: Network, evidence: Evidence) -> AnswersTold:
        """What is known of one patient, as a row."""
        return cls(nothing_known(network, 1), evidence)

    def of_complaint(self, network: Network) -> Bools:
        """Whether anything is known beside risk factors, shape (rows,)."""
        known = any(name not in network.risk_factors for name in self.evidence.likelihoods)
        return np.asarray((self.codes[:, len(network.risk_factors) :] != NOT_KNOWN).any(axis=1) | known)


class _Thresholds(NamedTuple):
    """Thresholds as arrays of shape (conditions or forms, most thresholds), the lowest first.

    Attributes:
        at: the probability; above 1 where there is none.
        clearly: the probability that is clearly over all that it might be.
        level: the index in `LEVELS`.
        is_usual: whether the base rate is at or over it.
    """

    at: Vector
    clearly: Vector
    level: NDArray[np.int8]
    is_usual: Bools


class CareSteps:
    """The thresholds of all conditions in one setting, and which of them call for something.

    Args:
        compiled: a network in a setting.
        limits: other limits than the network's, by condition, inside (0, 1). A further threshold that lies below such a
            limit moves up to it.

    Raises:
        BayeskneeError: a limit of an unknown condition, or one out of range.
    """

    def __init__(self, compiled: CompiledNetwork, limits: Mapping[str, float] | None = None) -> None:
        self.network = compiled.network
        self.limits = checked_limits(compiled.network, limits)
        self._compiled = compiled
        conditions = self.network.conditions.values()
        self._usual = np.array([condition.base_rate_in(compiled.setting) for condition in conditions])
        self._raised = _raised(self._usual)
        self._leading = np.array([LEVELS.index(condition.level) for condition in conditions], np.int8)
        self._of_conditions = _thresholds([self._steps(name) for name in self.network.conditions], self._usual)

    def of(self, name: str) -> Iterator[tuple[float, Level, str]]:
        """Each threshold of a condition: the probability, the level, and what is done, the lowest first."""
        for step in self._steps(name):
            yield step.at, step.level, step.do

    def _steps(self, name: str) -> list[_Step]:
        steps = [_step(*step) for step in self.network.conditions[name].steps]
        limit = self.limits[name]
        if limit != steps[0].at:  # another than the network's, so no range of it is known
            steps[0] = steps[0]._replace(at=limit, high=limit)
        return [step._replace(at=max(step.at, limit), high=max(step.high, limit)) for step in steps]

    def reached(self, posteriors: NDArray[np.floating], told: AnswersTold) -> Integers:
        """Which threshold of each condition calls for something: the highest; `NO_STEP` for none.

        Args:
            posteriors: P(condition | evidence), shape (rows, conditions).
            told: the answers that they rest on.

        Returns:
            Numbers of thresholds in the order of `of`, shape (rows, conditions).
        """
        return _highest(
            self._of_conditions, posteriors, self._counts(posteriors, told), told.of_complaint(self.network)
        )

    def is_only_usual(self, posteriors: NDArray[np.floating], reached: Integers) -> Bools:
        """Whether a threshold is passed, but only as the base rate passes it; shape (rows, conditions).

        False of conditions that call for no more than `USUAL_LEVEL` anyway.

        Args:
            posteriors: P(condition | evidence), shape (rows, conditions).
            reached: of the same patients.
        """
        is_urgent = self._leading < LEVELS.index(USUAL_LEVEL)
        return np.asarray(is_urgent & (reached == NO_STEP) & (posteriors >= self._of_conditions.at[:, 0]))

    def reached_by_forms(
        self, posteriors: NDArray[np.floating], told: AnswersTold, forms: NDArray[np.floating] | None = None
    ) -> Integers:
        """The same of the forms, by their own probabilities; shape (rows, forms of all conditions).

        Args:
            posteriors: P(condition | evidence), shape (rows, conditions).
            told: the answers that they rest on.
            forms: P(form | evidence), shape (rows, forms); their shares of the conditions where left out.
        """
        chances = self._chances(posteriors, forms)
        return _highest(
            self._of_forms, chances, self._counts(posteriors, told)[:, self._owners], told.of_complaint(self.network)
        )

    def levels(
        self, posteriors: NDArray[np.floating], told: AnswersTold, forms: NDArray[np.floating] | None = None
    ) -> NDArray[np.int8]:
        """The level that each row of posteriors calls for, as an index into `LEVELS`; shape (rows,).

        Arguments as of `reached_by_forms`.
        """
        leaders = self.leaders(posteriors)
        reached = self.reached(posteriors, told)
        found = np.minimum(self._leading[leaders], _called(self._of_conditions, reached))
        is_usual = self.is_only_usual(posteriors, reached).any(axis=1)
        found[is_usual] = np.minimum(found[is_usual], LEVELS.index(USUAL_LEVEL))
        if not len(self._owners):
            return found
        reached = self.reached_by_forms(posteriors, told, forms)
        reached = np.maximum(reached, np.where(self.leading_forms(leaders, posteriors, forms), 0, NO_STEP))
        return np.minimum(found, _called(self._of_forms, reached))

    @staticmethod
    def leaders(posteriors: NDArray[np.floating]) -> Integers:
        """The number of the most probable condition, shape (rows,); of equal ones the first."""
        return np.asarray(np.round(posteriors, TIE_DECIMALS).argmax(axis=1))

    def leading_forms(
        self, leaders: Integers, posteriors: NDArray[np.floating], forms: NDArray[np.floating] | None = None
    ) -> Bools:
        """Whether each is the most probable form of the leading condition, and has thresholds; shape (rows, forms)."""
        chances = np.round(self._chances(posteriors, forms), TIE_DECIMALS)
        first = np.zeros(chances.shape, np.bool_)
        has_steps = np.isfinite(self._of_forms.at.min(axis=1, initial=np.inf))
        for owner in np.unique(self._owners).tolist():
            columns = np.flatnonzero(self._owners == owner)
            best = columns[chances[:, columns].argmax(axis=1)]
            first[np.arange(len(first)), best] = leaders == owner
        return np.asarray(first & has_steps)

    def _chances(self, posteriors: NDArray[np.floating], forms: NDArray[np.floating] | None) -> NDArray[np.floating]:
        return posteriors[:, self._owners] * self._shares if forms is None else forms

    # --- whether the answers speak for a condition ------------------------------------------------------------------

    def _counts(self, posteriors: NDArray[np.floating], told: AnswersTold) -> Bools:
        """Whether the answers speak for each condition, shape (rows, conditions).

        Single answers are looked at only where it matters: a usual threshold is reached, and all answers together do
        not speak for it.
        """
        counts = np.asarray(posteriors >= self._raised)
        for column, lowest in self._prone.items():
            rows = np.flatnonzero(~counts[:, column] & (posteriors[:, column] >= lowest))
            if len(rows):
                counts[rows, column] = self._speaks(column, told.codes[rows], told.evidence)
        return counts

    @cached_property
    def _prone(self) -> Mapping[int, float]:
        """The conditions with usual thresholds by number, and what their probability is at the lowest of these."""
        lowest = np.where(self._of_conditions.is_usual, self._of_conditions.at, np.inf).min(axis=1, initial=np.inf)
        if len(self._owners):
            of_forms = np.where(self._of_forms.is_usual.any(axis=1), 0.0, np.inf)
            np.minimum.at(lowest, self._owners, of_forms)
        return {column: float(lowest[column]) for column in np.flatnonzero(np.isfinite(lowest)).tolist()}

    def _speaks(self, column: int, codes: Codes, evidence: Evidence) -> Bools:
        """Whether one answer by itself speaks for a condition, shape (rows,)."""
        speaks = np.full(len(codes), self._is_told(column, evidence))
        names = list(self.network.questions)
        for place in np.flatnonzero((codes != NOT_KNOWN).any(axis=0)).tolist():
            if names[place] not in evidence.answers:
                speaks |= self._speaking(column, names[place])[codes[:, place]]
        return speaks

    def _is_told(self, column: int, evidence: Evidence) -> bool:
        chances = self._compiled.answer_chances
        for name, answer in evidence.answers.items():  # what they imply of a gate is part of the answer that implies it
            if answer == UNKNOWN or name not in self.network.questions:
                continue
            if name not in chances:  # too much to work out, so it is not passed over
                return True
            present, absent = chances[name][:, :, column] @ likelihood_of(answer, self.network.states[name])
            if present >= SPEAKS_FOR * absent:
                return True
        return False

    def _speaking(self, column: int, name: str) -> Bools:
        """Which states of a question speak for a condition; the last entry is of what is not known."""
        chances = self._compiled.answer_chances.get(name)
        if chances is None:  # likewise
            return np.array([*([True] * len(self.network.states[name])), False])
        present, absent = chances[:, :, column]
        return np.append(present >= SPEAKS_FOR * absent, np.False_)

    # --- forms ------------------------------------------------------------------------------------------------------

    @cached_property
    def _owners(self) -> Integers:
        """The number of the condition that each form belongs to."""
        conditions = enumerate(self.network.conditions.values())
        return np.array([column for column, condition in conditions for _ in condition.forms], np.intp)

    @cached_property
    def _shares(self) -> Vector:
        conditions = self.network.conditions.values()
        setting = self._compiled.setting
        return np.array([form.share_in(setting) for condition in conditions for form in condition.forms.values()])

    @cached_property
    def _of_forms(self) -> _Thresholds:
        forms = (form for condition in self.network.conditions.values() for form in condition.forms.values())
        steps = [[_step(*step) for step in form.steps] for form in forms]
        return _thresholds(steps, self._usual[self._owners] * self._shares)


class _Step(NamedTuple):
    """A threshold: the probability, the upper end of its range, the level and what is done."""

    at: float
    high: float
    level: Level
    do: str


def _step(level: Level, threshold: Threshold) -> _Step:
    return _Step(threshold.at.value, max(threshold.at.value, threshold.at.high), level, threshold.do)


def _raised(probability: Vector) -> Vector:
    """The probability whose odds are `SPEAKS_FOR` times those of this one."""
    return SPEAKS_FOR * probability / (1.0 - probability + SPEAKS_FOR * probability)


def _thresholds(steps: list[list[_Step]], usual: Vector) -> _Thresholds:
    """Thresholds as arrays, of conditions or forms with these base rates."""
    most = max(map(len, steps), default=0) or 1  # a column at least, to look at
    at = np.full((len(steps), most), np.inf)
    high = np.ones((len(steps), most))
    level = np.zeros((len(steps), most), np.int8)
    for row, those in enumerate(steps):
        for number, step in enumerate(those):
            at[row, number], high[row, number], level[row, number] = step.at, step.high, LEVELS.index(step.level)
    return _Thresholds(at, _raised(high), level, usual[:, None] >= at)


def _highest(thresholds: _Thresholds, chances: NDArray[np.floating], counts: Bools, told: Bools) -> Integers:
    """The number of the highest threshold that calls for something, shape (rows, conditions or forms)."""
    is_clear = (chances[:, :, None] >= thresholds.clearly) & told[:, None, None]
    calls = (chances[:, :, None] >= thresholds.at) & (counts[:, :, None] | is_clear | ~thresholds.is_usual)
    numbers = np.arange(thresholds.at.shape[1])
    return np.asarray(np.where(calls, numbers, NO_STEP).max(axis=2, initial=NO_STEP))


def _called(thresholds: _Thresholds, reached: Integers) -> NDArray[np.int8]:
    """The most urgent level of the thresholds that call for something, shape (rows,)."""
    places = np.broadcast_to(np.arange(reached.shape[1]), reached.shape)
    levels = np.where(reached == NO_STEP, len(LEVELS), thresholds.level[places, reached])
    return np.asarray(levels.min(axis=1, initial=len(LEVELS)), np.int8)


def checked_limits(network: Network, limits: Mapping[str, float] | None) -> Mapping[str, float]:
    """The limit of each condition by id, inside (0, 1): the one given, else the network's.

    Raises:
        BayeskneeError: a limit of an unknown condition, or one out of range.
    """
    for name, limit in (limits or {}).items():
        if name not in network.conditions:
            raise BayeskneeError(unknown_text("condition", name, network.conditions))
        if not 0.0 < limit < 1.0:
            raise BayeskneeError(f"limit {limit} of {name}; expected a probability inside (0, 1); correct it")
    stated = {name: condition.limit.value for name, condition in network.conditions.items()}
    return immutabledict(stated | dict(limits or {}))
