"""Counterfactuals: the posterior if one answer were taken back or changed, or if one more were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bayesknee.diagnosis.asking.next_questions import next_questions
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import EvidenceError
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.askable import make_filter
from bayesknee.patient.evidence import Answer, check_evidence
from bayesknee.patient.measured import as_state
from bayesknee.plain import attributes


@dataclass(frozen=True)
class Change:
    """One answer replaced by another, with all other answers as they are.

    Attributes:
        finding: id of a finding, risk factor or condition that was answered.
        answer: the answer that was given.
        instead: the state in its place, or `unknown` if the answer is taken back.
        posterior: P(condition | changed evidence) by condition id, most probable first.
    """

    finding: str
    answer: Answer
    instead: str
    posterior: Mapping[str, float]

    @property
    def leader(self) -> str:
        """The condition that would come first."""
        return next(iter(self.posterior))

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self, ("finding", "answer", "instead", "leader", "posterior"))


@dataclass(frozen=True)
class NewAnswer:
    """An answer to a question that was not asked yet.

    Attributes:
        finding: id of the finding or risk factor.
        state: the answer.
        probability: P(answer | evidence).
        posterior: P(condition | evidence, answer) by condition id, most probable first.
    """

    finding: str
    state: str
    probability: float
    posterior: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


def changes(belief: Belief) -> Iterator[Change]:
    """The changes of each answer: taken back, then replaced by each other state. Impossible evidence is left out."""
    answers = belief.evidence.answers
    others = {name: as_state(answer) for name, answer in answers.items()}
    for name, answer in answers.items():
        if answer == UNKNOWN:
            continue
        for instead in (UNKNOWN, *(state for state in belief.network.states[name] if state != answer)):
            try:
                other = Belief.of(belief.compiled, check_evidence(belief.network, {**others, name: instead}))
            except EvidenceError:  # a gate that no longer holds, or evidence that becomes impossible
                continue
            yield Change(name, answer, instead, other.posterior)


def leader_changes(belief: Belief) -> tuple[Change, ...]:
    """The changes of a single answer after which another condition comes first."""
    leader = next(iter(belief.posterior))
    return tuple(change for change in changes(belief) if change.leader != leader)


def answers_that_turn(belief: Belief, one: str, other: str) -> tuple[NewAnswer, ...]:
    """The single new answers after which the less probable of two conditions is the more probable one.

    Args:
        belief: the posterior and the answers so far.
        one: id of a condition.
        other: id of another condition.

    Returns:
        The answers, most probable first.
    """
    against, condition = (name for name in belief.posterior if name in (one, other))
    found = (answer for answer in new_answers(belief) if answer.posterior[condition] > answer.posterior[against])
    return tuple(sorted(found, key=lambda answer: (-answer.probability, answer.finding)))


def new_answers(belief: Belief) -> Iterator[NewAnswer]:
    """Each possible answer to each question that can be asked now."""
    for question in next_questions(belief, make_filter(belief.network)):
        for outcome in question.outcomes:
            yield NewAnswer(question.finding, outcome.state, outcome.probability, outcome.posterior)
