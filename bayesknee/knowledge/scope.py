"""What a network is for: which causes it leaves out, and the questions that tell whether a patient is outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from immutabledict import immutabledict

from bayesknee.errors import Problem


@dataclass(frozen=True)
class ScopeAnswer:
    """An answer to a question of the scope.

    Attributes:
        label: in words.
        reason: why a patient who answers so is outside; empty where the patient is inside.
        go_to: where to go instead.
    """

    id: str
    label: str
    reason: str = ""
    go_to: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether the network is not for a patient who answers so."""
        return bool(self.reason)


@dataclass(frozen=True)
class ScopeQuestion:
    """A question that is asked before all others; its answer is no evidence.

    Attributes:
        answers: by id, in the order in which they are shown.
    """

    id: str
    question: str
    answers: Mapping[str, ScopeAnswer]
    help: str = ""


@dataclass(frozen=True)
class Scope:
    """What a network is for.

    Attributes:
        purpose: whom it is for, in one sentence; empty where nothing is said.
        not_for: whom it is not for.
        leaves_out: causes of the complaint that it does not name.
        questions: by id; they tell whether a patient is outside.
    """

    purpose: str = ""
    not_for: tuple[str, ...] = ()
    leaves_out: tuple[str, ...] = ()
    questions: Mapping[str, ScopeQuestion] = field(default_factory=immutabledict)

    def outside(self, given: Mapping[str, str]) -> tuple[ScopeAnswer, ...]:
        """The answers that put the patient outside.

        Args:
            given: ids of answers by id of the question; what the scope does not know is left out.
        """
        known = (self.questions[name].answers.get(answer) for name, answer in given.items() if name in self.questions)
        return tuple(answer for answer in known if answer is not None and answer.is_outside)

    def __bool__(self) -> bool:
        return bool(self.purpose or self.not_for or self.leaves_out or self.questions)


def scope_problems(scope: Scope) -> Iterator[Problem]:
    """All that is wrong with a scope."""
    for name, question in scope.questions.items():
        path = ("scope", "questions", name, "answers")
        outside = [answer for answer in question.answers.values() if answer.is_outside]
        if not outside or len(outside) == len(question.answers):
            got = f"{len(outside)} of {len(question.answers)} answers with a reason"
            expected = "an answer with a reason, which is outside, and one without, which is inside"
            yield Problem(path, got, expected, "give a reason to the answers that are outside, and to no other")
        for answer in question.answers.values():
            if answer.is_outside != bool(answer.go_to):
                got = "a reason and no go_to" if answer.is_outside else "go_to and no reason"
                yield Problem((*path, answer.id), got, "both, or neither", "say why, and where to go instead")
