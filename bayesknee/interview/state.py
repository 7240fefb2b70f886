"""The state of an interview: an immutable value, and its successor for each event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from immutabledict import immutabledict

from bayesknee.interview.preliminaries import SCOPE, WHO, asked_of_by, is_preliminary
from bayesknee.knowledge.opening import SETTING
from bayesknee.patient.evidence import Answer

PUT_AT_MOST: Final = 2  # how often a skipped question is asked; judged: once more catches a slip, a third time annoys


@dataclass(frozen=True)
class Step:
    """A question that was asked and answered.

    Attributes:
        question: id of a finding, of a risk factor or of a checklist, or one of `bayesknee.interview.preliminaries`.
        answers: by id; for a checklist, of the lines that something was said of. A preliminary has its answer.
        shown: ids of the lines that a checklist showed.
    """

    question: str
    answers: Mapping[str, Answer]
    shown: tuple[str, ...] = ()

    @property
    def passed(self) -> tuple[str, ...]:
        """The lines that were shown, and of which nothing was said."""
        return tuple(name for name in self.shown if name not in self.answers)

    @property
    def names(self) -> frozenset[str]:
        """All that it answers or showed."""
        return frozenset({*self.answers, *self.shown})


@dataclass(frozen=True)
class State:
    """The state of an interview.

    Attributes:
        given: the answers known before it began, by id.
        steps: the questions answered since, in order. A changed answer keeps its place.
        skipped: ids of skipped questions, once for each time.
        set_aside: answers that clash with a later one, by id. They are kept, but do not count.
        pending: id of the question to ask next, whatever the ranking; empty if there is none.
        ended: whether the patient ended the interview.
        beyond: whether it continues although the stop rule would end it.
        beyond_scope: whether it continues although the network is not for this patient.
    """

    given: Mapping[str, Answer] = field(default_factory=immutabledict)
    steps: tuple[Step, ...] = ()
    skipped: tuple[str, ...] = ()
    set_aside: Mapping[str, Answer] = field(default_factory=immutabledict)
    pending: str = ""
    ended: bool = False
    beyond: bool = False
    beyond_scope: bool = False

    @property
    def answers(self) -> Mapping[str, Answer]:
        """All answers that count, in the order in which they were given, without preliminaries."""
        in_steps = {name: answer for step in self.steps for name, answer in step.answers.items()}
        return {
            name: answer
            for name, answer in {**self.given, **in_steps}.items()
            if not is_preliminary(name) and name not in self.set_aside
        }

    @property
    def preliminaries(self) -> Mapping[str, str]:
        """The answers to what is asked before all else, by id."""
        return {
            name: str(answer) for step in self.steps for name, answer in step.answers.items() if is_preliminary(name)
        }

    @property
    def setting(self) -> str:
        """The care setting that was answered; empty if it was not asked for."""
        return self.preliminaries.get(SETTING, "")

    @property
    def asked_of(self) -> tuple[str, ...]:
        """Whom questions may be asked of; empty if it was not asked who answers."""
        return asked_of_by(self.preliminaries[WHO]) if WHO in self.preliminaries else ()

    @property
    def scope(self) -> Mapping[str, str]:
        """The answers to the questions of the scope, by id of the question."""
        given = self.preliminaries.items()
        return {name.removeprefix(SCOPE): answer for name, answer in given if name.startswith(SCOPE)}

    @property
    def left_open(self) -> tuple[str, ...]:
        """Ids of the questions and checklists that were skipped, and of the lines that were shown and left unmarked."""
        passed = (name for step in self.steps for name in step.passed)
        names = dict.fromkeys((*self.skipped, *passed))
        return tuple(name for name in names if not is_preliminary(name) and "." not in name)  # nor the examination

    def times_passed(self, name: str) -> int:
        """How often a line of a checklist was shown, and nothing was said of it."""
        return sum(name in step.passed for step in self.steps)

    def times_skipped(self, question: str) -> int:
        """How often a question was skipped."""
        return Counter(self.skipped)[question]

    def with_step(self, step: Step, *, put: bool = False) -> State:
        """The state after a question is answered; a changed answer keeps its place.

        The answers replace earlier ones to the same questions, in `given` and in other steps.

        Args:
            step: the question with its answers.
            put: whether the question was asked just now, so that the step comes last, even if it repeats a checklist.
        """
        same = [] if put else [number for number, earlier in enumerate(self.steps) if earlier.question == step.question]
        steps = [
            _with(earlier, step) if number in same[:1] else _without(earlier, step.answers)
            for number, earlier in enumerate(self.steps)
        ]
        if not same:
            steps.append(step)
        return replace(
            self,
            given=_dropped(self.given, step.names),
            steps=tuple(kept for kept in steps if kept.names),
            set_aside=_dropped(self.set_aside, step.answers),
            skipped=tuple(question for question in self.skipped if question != step.question),
            pending="",
            ended=False,
            beyond_scope=self.beyond_scope and not step.question.startswith(SCOPE),
        )

    def with_answers(self, answers: Mapping[str, Answer]) -> State:
        """The state with other answers in the places of those that count; all of them are there."""

        def changed(earlier: Mapping[str, Answer]) -> Mapping[str, Answer]:
            return immutabledict({name: answers.get(name, answer) for name, answer in earlier.items()})

        steps = tuple(replace(step, answers=changed(step.answers)) for step in self.steps)
        return replace(self, given=changed(self.given), steps=steps)

    def with_set_aside(self, names: Iterable[str]) -> State:
        """The state in which these answers are kept, but do not count."""
        answers = self.answers
        return replace(self, set_aside=immutabledict({**self.set_aside, **{name: answers[name] for name in names}}))

    def with_restored(self, names: Iterable[str]) -> State:
        """The state in which these answers count again."""
        return replace(self, set_aside=_dropped(self.set_aside, set(names)))

    def without_last_step(self) -> State:
        """The state in which the last question is asked again. There must be a step."""
        *steps, last = self.steps
        aside = _dropped(self.set_aside, last.answers)
        return replace(self, steps=tuple(steps), set_aside=aside, pending=last.question, ended=False)

    def with_skipped(self, question: str) -> State:
        """The state after a question is skipped."""
        return replace(self, skipped=(*self.skipped, question), pending="")


def _without(step: Step, names: Iterable[str]) -> Step:
    gone = set(names)
    shown = tuple(name for name in step.shown if name not in gone)
    return replace(step, answers=_dropped(step.answers, gone), shown=shown)


def _with(step: Step, again: Step) -> Step:
    """The step with its answers replaced by those of `again`; other lines of a checklist keep their answers."""
    kept = _dropped(step.answers, again.shown)
    shown = tuple(dict.fromkeys((*step.shown, *again.shown)))
    return replace(step, answers=immutabledict({**kept, **again.answers}), shown=shown)


def _dropped(answers: Mapping[str, Answer], names: Iterable[str]) -> Mapping[str, Answer]:
    gone = set(names)
    return immutabledict({name: answer for name, answer in answers.items() if name not in gone})
