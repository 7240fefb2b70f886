"""Scores of guidelines, worked out from the answers: for one patient in words, for many as levels of care.

An item that is not known is not taken for absent. The points are then a range, and a level is called for where the
fewest points that they can be call for it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Vector
from bayesknee.knowledge.answer_lines import AnswerLine
from bayesknee.knowledge.guideline_scores import GuidelineScore, ScoreItem, ScoreStep
from bayesknee.knowledge.model import LEVELS, Level
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import Evidence, shown
from bayesknee.patient.gates import possible_states
from bayesknee.patient.measured import Measured


@dataclass(frozen=True)
class PointCount:
    """The points of one patient in a score.

    Attributes:
        score: what was counted.
        holds: whether each item holds, by id; None where that is not known.
        applies: whether the score applies to this patient; None where that is not known.
        answers: those that make items hold, as `finding=state`.
    """

    score: GuidelineScore
    holds: Mapping[str, bool | None]
    applies: bool | None = True
    answers: tuple[str, ...] = ()

    @cached_property
    def points(self) -> float:
        """The points of the items that are known to hold."""
        return sum(item.points for item in self.score.items.values() if self.holds[item.id])

    @cached_property
    def not_known(self) -> tuple[ScoreItem, ...]:
        """The items of which it is not known whether they hold, those that the network does not ask included."""
        return tuple(item for item in self.score.items.values() if self.holds[item.id] is None)

    @cached_property
    def low(self) -> float:
        """The fewest points that it can be."""
        return self.points + sum(min(item.points, 0.0) for item in self.not_known)

    @cached_property
    def high(self) -> float:
        """The most points that it can be."""
        return self.points + sum(max(item.points, 0.0) for item in self.not_known)

    @property
    def step(self) -> ScoreStep:
        """What the fewest points mean."""
        return self.score.step_at(self.low)

    @property
    def level(self) -> Level | None:
        """The level of care that it calls for; None if it calls for none, or is not known to apply."""
        return self.step.level if self.applies else None

    @property
    def is_told(self) -> bool:
        """Whether it is worth showing: it is known to apply, and an answer tells of an item."""
        asked = [item.id for item in self.score.items.values() if item.when or item.number]
        return bool(self.applies) and any(self.holds[name] is not None for name in asked)

    @cached_property
    def by_figures(self) -> tuple[ScoreItem, ...]:
        """The items that hold by the probabilities here, and by no answer: a clinician may judge otherwise."""
        items = self.score.items.values()
        return tuple(item for item in items if item.at_least_as_likely_as and self.holds[item.id])

    @property
    def words(self) -> str:
        """The points in words, as a range where items are not known, with the step that they come to."""
        labels = dict.fromkeys(self.score.step_at(points).label for points in (self.low, self.high))
        told = f"{self.score.name}: {self.points:g} of {self.score.most:g}"
        if count := len(self.not_known):
            items = f"{count} item{'' if count == 1 else 's'} not known"
            told = f"{told}, {items}: {self.low:g} to {self.high:g}"
        judged = "".join(f"; {item.points:+g} by the probabilities here: {item.label}" for item in self.by_figures)
        return f"{told} ({' to '.join(labels)}{judged})"

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON.

        Of an item, `asked` is whether the network asks it, `by_probabilities` whether it is read from the posterior.
        """
        return {
            "score": self.score.id,
            "name": self.score.name,
            "applies": self.applies,
            "points": self.points,
            "low": self.low,
            "high": self.high,
            "most": self.score.most,
            "means": list(dict.fromkeys(self.score.step_at(points).label for points in (self.low, self.high))),
            "level": self.level,
            "items": [
                {
                    "item": item.id,
                    "label": item.label,
                    "points": item.points,
                    "holds": self.holds[item.id],
                    "by_probabilities": bool(item.at_least_as_likely_as),
                    "asked": item.is_asked,
                }
                for item in self.score.items.values()
            ],
            "source": self.score.source,
        }


def count_points(
    network: Network, evidence: Evidence, posterior: Mapping[str, float], *, complaint_known: bool
) -> tuple[PointCount, ...]:
    """The points of a patient in each score of the network.

    Args:
        network: with its scores.
        evidence: the answers.
        posterior: P(condition | evidence) by id.
        complaint_known: whether anything is known beside risk factors. Otherwise it is not known what is likelier.
    """
    if not network.scores:
        return ()
    known = _Known(network, evidence, _OnePatient(network, evidence, posterior, complaint_known=complaint_known))
    return tuple(_counted(known, score) for score in network.scores.values())


def _counted(known: _Known, score: GuidelineScore) -> PointCount:
    holds = {name: known.item(item) for name, item in score.items.items()}
    names = dict.fromkeys(
        name
        for item, truth in zip(score.items.values(), holds.values(), strict=True)
        if truth.yes
        for name in _told_by(known, item)
    )
    answers = tuple(f"{name}={_told(known.evidence, name)}" for name in names)
    applies = known.lines(score.applies_if).of_one
    told = immutabledict({name: truth.of_one for name, truth in holds.items()})
    return PointCount(score, told, applies, answers)


def _told_by(known: _Known, item: ScoreItem) -> list[str]:
    """The questions whose answers make an item hold."""
    in_lines = [name for line in item.when for name, wanted in line.items() if known.is_in(name, wanted)]
    return [*in_lines, *item.number]


def _told(evidence: Evidence, name: str) -> str:
    if name in evidence.implied:
        return " or ".join(evidence.implied[name])
    return shown(evidence.answers[name])


class PatientsToScore(NamedTuple):
    """What is known of many patients.

    Attributes:
        codes: their answers, shape (rows, questions), as in `bayesknee.patient.codes`.
        evidence: what is known of all of them besides; what it answers is not read from the codes.
        complaint_known: whether anything is known beside risk factors, shape (rows,).
        numbers: those that scores read beside the states, by question, shape (rows,); NaN where none was given.
    """

    codes: Codes
    evidence: Evidence
    complaint_known: Bools
    numbers: Mapping[str, Vector] = immutabledict()


def score_levels(network: Network, posteriors: NDArray[np.floating], patients: PatientsToScore) -> NDArray[np.int8]:
    """The most urgent level that scores call for, as an index into `LEVELS`, their number for none; shape (rows,).

    Args:
        network: with its scores, of n conditions.
        posteriors: P(condition | answers), shape (rows, n).
        patients: their answers.
    """
    codes = patients.codes
    found = np.full(len(codes), len(LEVELS), np.int8)
    calling = [score for score in network.scores.values() if any(step.level for step in score.steps)]
    known = _Known(network, patients.evidence, _ManyPatients(network, np.asarray(posteriors, np.float64), patients))
    for score in calling:
        low = np.zeros(len(codes))
        for item in score.items.values():
            truth = known.item(item)
            low += item.points * np.asarray(truth.yes if item.points > 0.0 else _not(truth.no))
        starts = [step.start for step in score.steps]
        called = [LEVELS.index(step.level) if step.level else len(LEVELS) for step in score.steps]
        levels = np.array(called, np.int8)[np.searchsorted(starts, low, side="right") - 1]
        applies = np.broadcast_to(known.lines(score.applies_if).yes, len(codes))
        found[applies] = np.minimum(found, levels)[applies]
    return found


# --- what is known -------------------------------------------------------------------------------------------------

# Whether something holds of one patient, or of each of many, shape (rows,). One patient is not taken as a row of one:
# calls of numpy would take ten times as long.
Held: TypeAlias = bool | Bools


def _not(held: Held) -> Held:
    return held ^ True  # of a plain `bool`, ~ would be a number


def _any(held: Iterable[Held]) -> Held:
    return reduce(or_, held, False)  # noqa: FBT003 (nothing holds where there is none)


class _Truth(NamedTuple):
    """Whether something holds, and whether it does not; neither where it is not known."""

    yes: Held
    no: Held

    @property
    def of_one(self) -> bool | None:
        """Of one patient: None where it is not known."""
        return True if self.yes else False if self.no else None


class _Patients(Protocol):
    """What scores read of one patient, or of many."""

    def states(self, name: str, /) -> tuple[Held, ...] | None:
        """Whether each state of a question is possible; None if all are, of everybody."""

    def number(self, name: str, /) -> float | Vector:
        """The number that was given for a question; NaN where none was."""

    def likelier(self, condition: str, /) -> Held:
        """Whether another named condition is at least as probable."""

    @property
    def complaint_known(self) -> Held: ...


class _OnePatient:
    def __init__(
        self, network: Network, evidence: Evidence, posterior: Mapping[str, float], *, complaint_known: bool
    ) -> None:
        self._network, self._answers, self._posterior = network, evidence.answers, posterior
        self._likelihoods = dict(evidence.likelihoods)  # quicker to look up
        self.complaint_known: Held = complaint_known

    def states(self, name: str) -> tuple[Held, ...] | None:
        likelihood = self._likelihoods.get(name)
        return None if likelihood is None else tuple(weight > 0.0 for weight in likelihood)

    def number(self, name: str) -> float:
        answer = self._answers.get(name)
        return answer.number if isinstance(answer, Measured) else math.nan

    def likelier(self, condition: str) -> bool:
        posteriors = np.array([[self._posterior[name] for name in self._network.conditions]])
        return bool(_likelier(self._network, posteriors, condition)[0])


class _ManyPatients:
    def __init__(self, network: Network, posteriors: Vector, patients: PatientsToScore) -> None:
        self._network, self._posteriors, self._patients = network, posteriors, patients
        self.complaint_known: Held = patients.complaint_known

    def states(self, name: str) -> tuple[Held, ...] | None:
        return tuple(possible_states(self._network, name, self._patients.codes, self._patients.evidence).T)

    def number(self, name: str) -> float | Vector:
        answer = self._patients.evidence.answers.get(name)
        if answer is None:
            return self._patients.numbers.get(name, math.nan)
        return answer.number if isinstance(answer, Measured) else math.nan

    def likelier(self, condition: str) -> Bools:
        return _likelier(self._network, self._posteriors, condition)


def _likelier(network: Network, posteriors: Vector, condition: str) -> Bools:
    """Whether another named condition is at least as probable as this one, shape (rows,)."""
    names = list(network.conditions)
    rounded = np.round(posteriors, TIE_DECIMALS)
    others = [place for place, name in enumerate(names) if name not in (condition, network.catch_all)]
    best = rounded[:, others].max(axis=1, initial=0.0)
    return np.asarray(best >= rounded[:, names.index(condition)])


class _Known:
    """What is known of patients, read by lines of answers."""

    def __init__(self, network: Network, evidence: Evidence, patients: _Patients) -> None:
        self.network, self.evidence, self._patients = network, evidence, patients
        self._possible: dict[str, tuple[Held, ...] | None] = {}

    def item(self, item: ScoreItem) -> _Truth:
        if item.at_least_as_likely_as:
            holds, known = self._patients.likelier(item.at_least_as_likely_as), self._patients.complaint_known
            return _Truth(holds & known, _not(holds) & known)
        if item.number:
            return self._is_between(*next(iter(item.number.items())))
        if not item.when:
            return _Truth(yes=False, no=False)
        held = self.lines(item.when)
        return _Truth(held.yes, no=False) if item.is_partly_asked else held

    def lines(self, lines: Iterable[AnswerLine]) -> _Truth:
        """Whether all lines hold. One that does not is enough for no."""
        yes: Held = True
        no: Held = False
        for line in lines:
            yes = yes & _any(self.is_in(name, wanted) for name, wanted in line.items())
            no = no | _not(_any(self._may_be(name, wanted) for name, wanted in line.items()))
        return _Truth(yes, no & _not(yes))

    def is_in(self, name: str, wanted: Collection[str]) -> Held:
        """Whether a question can only be in one of these states."""
        possible = self._states(name)
        if possible is None:
            return False
        unwanted = (
            each for each, state in zip(possible, self.network.states_by_id[name], strict=True) if state not in wanted
        )
        return _any(possible) & _not(_any(unwanted))

    def _may_be(self, name: str, wanted: Collection[str]) -> Held:
        """Whether a question can be in one of these states; it cannot if its gate does not hold."""
        held = self._is_possible(name, wanted)
        for gate, allowed in self.network.gates.get(name, ()):
            held = held & self._is_possible(gate, allowed)
        return held

    def _is_possible(self, name: str, wanted: Collection[str]) -> Held:
        possible = self._states(name)
        if possible is None:
            return bool(wanted)
        return _any(
            each for each, state in zip(possible, self.network.states_by_id[name], strict=True) if state in wanted
        )

    def _is_between(self, name: str, ends: tuple[float, float]) -> _Truth:
        """Whether the number of a question lies in [low, high). Of a state, this may not be known."""
        low, high = ends
        number = self._patients.number(name)
        bands = {state: tuple(map(float, band)) for state, band in self.network.questions[name].bands.items()}
        inside = tuple(state for state, (start, end) in bands.items() if low <= start and end <= high)
        touched = tuple(state for state, (start, end) in bands.items() if start < high and low < end)
        given, holds = number > -math.inf, (low <= number) & (number < high)  # NaN is larger than nothing
        states = _Truth(self.is_in(name, inside), _not(self._may_be(name, touched)))
        return _Truth((given & holds) | (_not(given) & states.yes), (given & _not(holds)) | (_not(given) & states.no))

    def _states(self, name: str) -> tuple[Held, ...] | None:
        if name not in self._possible:
            self._possible[name] = self._patients.states(name)
        return self._possible[name]
