"""What a single answer would change: one taken back or changed, or one not given yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bayesknee.diagnosis.asking.next_questions import next_questions
from bayesknee.diagnosis.belief import Belief
from bayesknee.errors import EvidenceError
from bayesknee.patient.askable import make_filter
from bayesknee.patient.evidence import UNKNOWN, Answer, check_evidence


@dataclass(frozen=True)
class Change:
    """An answer that would be another, all others staying as they are.

    Attributes:
        finding: id of a finding, risk factor or condition that was answered.
        answer: what was stated.
        instead: a state, or `unknown` for the answer taken back.
        posterior: P(condition | evidence with that), most probable first.
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
        """All of it as plain data, ready for JSON."""
        answer = dict(self.answer) if isinstance(self.answer, Mapping) else self.answer
        return {
            "finding": self.finding,
            "answer": answer,
            "instead": self.instead,
            "leader": self.leader,
            "posterior": dict(self.posterior),
        }


@dataclass(frozen=True)
class NewAnswer:
    """An answer to a question that was not asked yet.

    Attributes:
        finding: id of the finding or risk factor.
        state: the answer.
        probability: P(answer | evidence).
        posterior: P(condition | evidence, answer), most probable first.
    """

    finding: str
    state: str
    probability: float
    posterior: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain data, ready for JSON."""
        return {
            "finding": self.finding,
            "state": self.state,
            "probability": self.probability,
            "posterior": dict(self.posterior),
        }


def changes(belief: Belief) -> Iterator[Change]:
    """Each answer taken back, then with each other state; what cannot be is left out."""
    answers = belief.evidence.answers
    for name, answer in answers.items():
        if answer == UNKNOWN:
            continue
        for instead in (UNKNOWN, *(state for state in belief.network.states[name] if state != answer)):
            try:
                other = Belief.of(belief.compiled, check_evidence(belief.network, {**answers, name: instead}))
            except EvidenceError:  # a gate that no longer holds, or evidence that becomes impossible
                continue
            yield Change(name, answer, instead, other.posterior)


def leader_changes(belief: Belief) -> tuple[Change, ...]:
    """The single answers that hold the leader in place: taken back or changed, another condition comes first."""
    leader = next(iter(belief.posterior))
    return tuple(each for each in changes(belief) if each.leader != leader)


def answers_that_turn(belief: Belief, one: str, other: str) -> tuple[NewAnswer, ...]:
    """The answers to single questions not asked yet that would put the less probable of two conditions first.

    The most probable answer first.
    """
    against, condition = (name for name in belief.posterior if name in (one, other))
    found = (each for each in new_answers(belief) if each.posterior[condition] > each.posterior[against])
    return tuple(sorted(found, key=lambda each: (-each.probability, each.finding)))


def new_answers(belief: Belief) -> Iterator[NewAnswer]:
    """Each answer to each question that can be asked now, but for those that cannot be."""
    for question in next_questions(belief, make_filter(belief.network)):
        for outcome in question.outcomes:
            yield NewAnswer(question.finding, outcome.state, outcome.probability, outcome.posterior)
