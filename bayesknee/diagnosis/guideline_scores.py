"""Scores of guidelines, worked out from the answers: for one patient in words, for many as levels of care.

An item that is not known is not taken for absent. The points are then a range, and a level is called for where the
fewest points that they can be call for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Vector
from bayesknee.knowledge.answer_lines import AnswerLine
from bayesknee.knowledge.guideline_scores import GuidelineScore, ScoreItem, ScoreStep
from bayesknee.knowledge.model import LEVELS, Level
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes, nothing_known
from bayesknee.patient.evidence import Evidence, shown
from bayesknee.patient.gates import are_among, possible_states
from bayesknee.patient.measured import Measured


@dataclass(frozen=True)
class PointCount:
    """The points of one patient in a score.

    Attributes:
        score: what was counted.
        holds: whether each item holds, by id; None where that is not known.
        applies: whether the score applies to this patient; None where that is not known.
        answers: those that make items hold, as `finding=state`.
        may_apply: whether it applies, or a part of what it is meant for is known to hold.
    """

    score: GuidelineScore
    holds: Mapping[str, bool | None]
    applies: bool | None = True
    answers: tuple[str, ...] = ()
    may_apply: bool = True

    @property
    def points(self) -> float:
        """The points of the items that are known to hold."""
        return sum(item.points for item in self.score.items.values() if self.holds[item.id])

    @property
    def not_known(self) -> tuple[ScoreItem, ...]:
        """The items of which it is not known whether they hold, those that the network does not ask included."""
        return tuple(item for item in self.score.items.values() if self.holds[item.id] is None)

    @property
    def low(self) -> float:
        """The fewest points that it can be."""
        return self.points + sum(min(item.points, 0.0) for item in self.not_known)

    @property
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
        """Whether it is worth showing: it may apply, and an answer tells of an item."""
        asked = [item.id for item in self.score.items.values() if item.when or item.number]
        return self.may_apply and any(self.holds[name] is not None for name in asked)

    @property
    def words(self) -> str:
        """`Wells score: 1 of 9, 3 items not known: 1 to 4 (unlikely to likely)`."""
        labels = dict.fromkeys(self.score.step_at(points).label for points in (self.low, self.high))
        told = f"{self.score.name}: {self.points:g} of {self.score.most:g}"
        if count := len(self.not_known):
            items = f"{count} item{'' if count == 1 else 's'} not known"
            told = f"{told}, {items}: {self.low:g} to {self.high:g}"
        unsure = "; whether it applies is not known" if self.applies is None else ""
        return f"{told} ({' to '.join(labels)}{unsure})"

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON. An item that the network does not ask has `asked` false."""
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
    posteriors = np.array([[posterior[name] for name in network.conditions]])
    one = PatientsToScore(nothing_known(network, 1), evidence, np.array([complaint_known]))
    known = _Known(network, posteriors, one)
    return tuple(_counted(known, score) for score in network.scores.values())


def _counted(known: _Known, score: GuidelineScore) -> PointCount:
    holds = {name: known.item(item) for name, item in score.items.items()}
    names = dict.fromkeys(
        name
        for item, truth in zip(score.items.values(), holds.values(), strict=True)
        if truth.yes[0]
        for name in _told_by(known, item)
    )
    answers = tuple(f"{name}={_told(known.evidence, name)}" for name in names)
    applies = known.lines(score.applies_if).of(0)
    may_apply = applies or (applies is None and any(known.lines([line]).yes[0] for line in score.applies_if))
    told = immutabledict({name: truth.of(0) for name, truth in holds.items()})
    return PointCount(score, told, applies, answers, may_apply)


def _told_by(known: _Known, item: ScoreItem) -> list[str]:
    """The questions whose answers make an item hold."""
    in_lines = [name for line in item.when for name, wanted in line.items() if known.is_in(name, wanted)[0]]
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
    known = _Known(network, np.asarray(posteriors, np.float64), patients)
    for score in calling:
        low = np.zeros(len(codes))
        for item in score.items.values():
            truth = known.item(item)
            low += item.points * (truth.yes if item.points > 0.0 else ~truth.no)
        starts = [step.start for step in score.steps]
        called = [LEVELS.index(step.level) if step.level else len(LEVELS) for step in score.steps]
        levels = np.array(called, np.int8)[np.searchsorted(starts, low, side="right") - 1]
        applies = known.lines(score.applies_if).yes
        found[applies] = np.minimum(found, levels)[applies]
    return found


class _Truth(NamedTuple):
    """Whether something holds, and whether it does not, of each patient; neither where it is not known."""

    yes: Bools
    no: Bools

    def of(self, row: int) -> bool | None:
        return True if self.yes[row] else False if self.no[row] else None


class _Known:
    """What is known of patients, read by lines of answers."""

    def __init__(self, network: Network, posteriors: Vector, patients: PatientsToScore) -> None:
        self.network, self.evidence = network, patients.evidence
        self._codes, self._complaint_known, self._numbers = patients.codes, patients.complaint_known, patients.numbers
        self._posteriors = posteriors
        self._possible: dict[str, Bools] = {}

    def item(self, item: ScoreItem) -> _Truth:
        never = np.zeros(len(self._codes), np.bool_)
        if item.at_least_as_likely_as:
            return self._likelier(item.at_least_as_likely_as)
        if item.number:
            return self._is_between(*next(iter(item.number.items())))
        if not item.when:
            return _Truth(never, never)
        held = self.lines(item.when)
        return _Truth(held.yes, never) if item.is_partly_asked else held

    def lines(self, lines: Iterable[AnswerLine]) -> _Truth:
        """Whether all lines hold. One that does not is enough for no."""
        yes, no = np.ones(len(self._codes), np.bool_), np.zeros(len(self._codes), np.bool_)
        for line in lines:
            yes &= np.any([self.is_in(name, wanted) for name, wanted in line.items()], axis=0)
            no |= np.all([self._is_out(name, wanted) for name, wanted in line.items()], axis=0)
        return _Truth(yes, no & ~yes)

    def is_in(self, name: str, wanted: tuple[str, ...]) -> Bools:
        """Whether a question can only be in one of these states; shape (rows,)."""
        possible = self._states(name)
        is_wanted = are_among(self.network.states[name], wanted)
        return np.asarray(possible.any(axis=1) & ~possible[:, ~is_wanted].any(axis=1))

    def _is_out(self, name: str, wanted: tuple[str, ...]) -> Bools:
        """Whether a question can be in none of these states, or is not asked since its gate does not hold."""
        is_wanted = are_among(self.network.states[name], wanted)
        out = np.asarray(~self._states(name)[:, is_wanted].any(axis=1))
        for gate, allowed in self.network.gates.get(name, ()):
            out |= ~self._states(gate)[:, are_among(self.network.states[gate], allowed)].any(axis=1)
        return out

    def _is_between(self, name: str, ends: tuple[float, float]) -> _Truth:
        """Whether the number of a question lies in [low, high). Of a state, this may not be known."""
        low, high = ends
        answer = self.evidence.answers.get(name)
        numbers = self._numbers.get(name, np.full(len(self._codes), np.nan)) if answer is None else np.nan
        if isinstance(answer, Measured):
            numbers = answer.number
        numbers = np.broadcast_to(numbers, len(self._codes))
        bands = {state: tuple(map(float, band)) for state, band in self.network.questions[name].bands.items()}
        inside = tuple(state for state, (start, end) in bands.items() if low <= start and end <= high)
        touched = tuple(state for state, (start, end) in bands.items() if start < high and low < end)
        given, holds = ~np.isnan(numbers), (low <= numbers) & (numbers < high)
        return _Truth(
            np.where(given, holds, self.is_in(name, inside)), np.where(given, ~holds, self._is_out(name, touched))
        )

    def _states(self, name: str) -> Bools:
        if name not in self._possible:
            self._possible[name] = possible_states(self.network, name, self._codes, self.evidence)
        return self._possible[name]

    def _likelier(self, condition: str) -> _Truth:
        """Whether another named condition is at least as probable, where anything is known of the complaint."""
        names = list(self.network.conditions)
        rounded = np.round(self._posteriors, TIE_DECIMALS)
        others = [place for place, name in enumerate(names) if name not in (condition, self.network.catch_all)]
        best = rounded[:, others].max(axis=1, initial=0.0)
        holds = best >= rounded[:, names.index(condition)]
        return _Truth(holds & self._complaint_known, ~holds & self._complaint_known)
