"""How far an interview has come: a value that does not change, and what it becomes with each event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from immutabledict import immutabledict

from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.evidence import Answer

PUT_AT_MOST: Final = 2  # how often a question that is skipped is put


@dataclass(frozen=True)
class Step:
    """A question that was put and answered.

    Attributes:
        question: id of a finding, of a risk factor or of a question to tick, or `setting`.
        answers: by id; for a question to tick, of all that it showed. The answer to `setting` is the setting.
    """

    question: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class State:
    """How far an interview has come.

    Attributes:
        given: what was known before it began.
        steps: what was asked and answered since, in order; a changed answer keeps its place.
        skipped: questions that were skipped, once for each time.
        set_aside: answers that clash with a later one, and are kept without counting.
        pending: the question to put next, whatever is worth more; empty where there is none.
        ended: whether the patient ended it.
        beyond: whether it goes on though the stop rule would end it.
    """

    given: Mapping[str, Answer] = field(default_factory=immutabledict)
    steps: tuple[Step, ...] = ()
    skipped: tuple[str, ...] = ()
    set_aside: Mapping[str, Answer] = field(default_factory=immutabledict)
    pending: str = ""
    ended: bool = False
    beyond: bool = False

    @property
    def answers(self) -> Mapping[str, Answer]:
        """All answers that count, in the order in which they came, the setting left out."""
        told = {name: answer for step in self.steps for name, answer in step.answers.items()}
        return {
            name: answer
            for name, answer in {**self.given, **told}.items()
            if name != SETTING and name not in self.set_aside
        }

    @property
    def setting(self) -> str:
        """The care setting, where it was asked for; else empty."""
        return next((str(step.answers[SETTING]) for step in self.steps if SETTING in step.answers), "")

    def times_skipped(self, question: str) -> int:
        """How often a question was skipped."""
        return Counter(self.skipped)[question]

    def with_step(self, step: Step, *, put: bool = False) -> State:
        """The question answered: for the first time, or anew, in its old place.

        Answers that it had among those given before, or in other questions, give way to these.

        Args:
            step: the question with its answers.
            put: whether it was put just now, so that it comes last; a list that is put once more is a step of its own.
        """
        same = [] if put else [number for number, each in enumerate(self.steps) if each.question == step.question]
        steps = [
            _with(each, step) if number in same[:1] else _without(each, step.answers)
            for number, each in enumerate(self.steps)
        ]
        if not same:
            steps.append(step)
        return replace(
            self,
            given=_dropped(self.given, step.answers),
            steps=tuple(each for each in steps if each.answers),
            set_aside=_dropped(self.set_aside, step.answers),
            skipped=tuple(each for each in self.skipped if each != step.question),
            pending="",
            ended=False,
        )

    def with_set_aside(self, names: Iterable[str]) -> State:
        """These answers kept without counting."""
        answers = self.answers
        return replace(self, set_aside=immutabledict({**self.set_aside, **{name: answers[name] for name in names}}))

    def with_restored(self, names: Iterable[str]) -> State:
        """These answers counting again."""
        return replace(self, set_aside=_dropped(self.set_aside, set(names)))

    def without_last_step(self) -> State:
        """The last question open again; there must be one."""
        *steps, last = self.steps
        aside = _dropped(self.set_aside, last.answers)
        return replace(self, steps=tuple(steps), set_aside=aside, pending=last.question, ended=False)

    def with_skipped(self, question: str) -> State:
        """The question put off."""
        return replace(self, skipped=(*self.skipped, question), pending="")


def _without(step: Step, names: Iterable[str]) -> Step:
    return replace(step, answers=_dropped(step.answers, names))


def _with(step: Step, again: Step) -> Step:
    """Of a list only some may be answered anew, so its other answers stay."""
    return replace(step, answers=immutabledict({**step.answers, **again.answers}))


def _dropped(answers: Mapping[str, Answer], names: Iterable[str]) -> Mapping[str, Answer]:
    gone = set(names)
    return immutabledict({name: answer for name, answer in answers.items() if name not in gone})
