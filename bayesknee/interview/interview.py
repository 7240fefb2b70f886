"""An interview with one patient: it chooses the next question, takes the answer, and says when to stop.

It reads nothing and prints nothing. A terminal, a notebook or a web page shows `question`, and passes on the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from immutabledict import immutabledict

from bayesknee.diagnosis.asking.advice import StopAdvice
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import Reason, unknown_flags
from bayesknee.errors import AnswerClashError, InterviewError
from bayesknee.interview.answers import read_answers
from bayesknee.interview.checklists import checklist
from bayesknee.interview.clashes import clashing, restorable, to_blame
from bayesknee.interview.consequences import Consequences
from bayesknee.interview.countdown import Countdown
from bayesknee.interview.lines import answers_to, check_question, lines_of
from bayesknee.interview.policy import Policy
from bayesknee.interview.preliminaries import is_preliminary, preliminary_prompt
from bayesknee.interview.prompts import Prompt, prompt_of
from bayesknee.interview.reasons import full_reason, short_reason, why_finished
from bayesknee.interview.state import State, Step
from bayesknee.knowledge.model import RedFlag
from bayesknee.knowledge.scope import ScopeAnswer
from bayesknee.patient.evidence import Answer


@dataclass(frozen=True)
class Reply:
    """The consequences of an answer.

    Attributes:
        red_flags: the red flags that hold now and did not before, to be shown at once.
        raised: what sets a level that cannot wait for an ordinary appointment and is more urgent than any told before;
            empty if there is none, or if a red flag among `red_flags` sets it. To be shown at once, too.
        set_aside: earlier answers that do not count any more because they clash with this one, by id.
        restored: answers that were set aside and count again, by id.
    """

    red_flags: tuple[Reason, ...] = ()
    raised: tuple[Reason, ...] = ()
    set_aside: Mapping[str, Answer] = immutabledict()
    restored: Mapping[str, Answer] = immutabledict()


class Interview:
    """An interview with one patient.

    It ends when the stop rule says so, and no possible warning sign is left to ask about; see
    `bayesknee.diagnosis.asking.advice`.

    ::

        interview = Interview(engine)
        for prompt in interview:
            interview.answer(ask_the_user(prompt))
        interview.diagnosis

    An interview must not be shared between threads; its engine may be.

    Args:
        engine: a network in a care setting.
        evidence: the answers known already, by id; values as for `Interview.answer`.
        policy: how questions are chosen.
        state: the state of an interview to continue; `evidence` then does not count.

    Raises:
        EvidenceError: evidence that the network cannot take, or that is impossible.
        InterviewError: a state of another network.
    """

    def __init__(
        self,
        engine: Engine,
        evidence: Mapping[str, object] | None = None,
        policy: Policy | None = None,
        state: State | None = None,
    ) -> None:
        self.policy = policy or Policy()
        given = read_answers(engine.network, evidence or {})
        self._engine = engine
        self._countdown = Countdown()
        if state is not None:
            for name in filter(None, (state.pending, *state.skipped, *(step.question for step in state.steps))):
                check_question(self._engine.network, name)
        self._go_to(state or State(given=given))
        self._told_levels = [self._now.level_to_tell]  # the most urgent told, at the beginning and after each answer

    # --- the state and its consequences ----------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The engine of the care setting, which an answer may have changed."""
        return self._now.engine

    @property
    def state(self) -> State:
        """The state, from which a new interview can continue."""
        return self._now.state

    @property
    def first_setting(self) -> str:
        """The care setting in which the interview began."""
        return self._engine.setting

    @property
    def diagnosis(self) -> Diagnosis:
        """The diagnosis from the answers so far."""
        return self._now.diagnosis

    @property
    def question(self) -> Prompt | None:
        """The next question; None if the interview is over."""
        return self._now.prompt

    def __iter__(self) -> Iterator[Prompt]:
        """The questions in turn, until the interview is over."""
        while prompt := self.question:
            yield prompt

    @property
    def finished(self) -> bool:
        """Whether the interview is over."""
        return self.question is None

    @property
    def advice(self) -> StopAdvice:
        """Whether more answers would change the decision, with the figures."""
        return self._now.advice

    @property
    def asked(self) -> int:
        """How many questions were answered."""
        return len(self.state.steps)

    @property
    def expected_left(self) -> int:
        """About how many questions are left: the rest of the opening, and what the stop rule needs; 0 at the end.

        It falls as answers come, and does not rise from one question to the next, except after `go_on`, `back` and
        `change`: an estimate that rises tells a patient nothing but that it was wrong.
        """
        return self._countdown.shown(self._now.left, self.asked + len(self.state.skipped))

    @property
    def asked_of(self) -> tuple[str, ...]:
        """Whom questions are asked of: as was answered, else as the policy has it."""
        return self._now.asked_of

    @property
    def outside(self) -> tuple[ScopeAnswer, ...]:
        """The answers that put the patient outside what the network is for; empty if there are none."""
        return self._now.outside

    @property
    def red_flags(self) -> tuple[Reason, ...]:
        """The red flags that hold."""
        return self.diagnosis.triage.red_flags

    @property
    def raised(self) -> tuple[Reason, ...]:
        """What sets a level that cannot wait for an ordinary appointment; empty if red flags do, or it can wait.

        Empty, too, before a complaint is known: age alone is no reason to interrupt.
        """
        return self._now.raised

    @property
    def unknown_flags(self) -> tuple[RedFlag, ...]:
        """The red flags more urgent than the level now that unknown or skipped answers leave open."""
        now = self.diagnosis
        return tuple(unknown_flags(now.network, now.evidence, now.triage.level, self._now.skipped_for_good))

    @property
    def why_finished(self) -> tuple[str, ...]:
        """Why the interview is over, in words and figures; empty if it is not."""
        return why_finished(self._now)

    def prompt_of(self, name: str) -> Prompt:
        """The prompt for any question, answered or not, to be shown before `change`.

        Args:
            name: id of a finding, of a risk factor or of a checklist, or `setting`.

        Raises:
            InterviewError: there is no such question.
        """
        check_question(self._engine.network, name)
        network = self.engine.network
        if is_preliminary(name):
            return preliminary_prompt(network, name)
        group = checklist(network, name)
        return prompt_of(network, name, lines_of(self._now, group) or group.members if group else ())

    def reason(self) -> str:
        """Why the present question is asked, in a few words; empty where that needs none.

        Raises:
            InterviewError: the interview is over.
        """
        return short_reason(self._now, self._present())

    def why(self) -> str:
        """Why the present question is asked, in words and figures.

        Raises:
            InterviewError: the interview is over.
        """
        return full_reason(self._now, self._present())

    def _present(self) -> Prompt:
        if self.question is None:
            raise InterviewError("the interview is over; go on with go_on(), or change an answer")
        return self.question

    # --- events ----------------------------------------------------------------------------------------------------

    def answer(self, value: object, *, set_aside: bool = False) -> Reply:
        """Answers the present question.

        Args:
            value: a state, `unknown`, `probably`, `probably not`, `probably STATE`, a number if the states are bands,
                or a likelihood for each state. For a checklist, the ids of the lines that hold, or answers by id, of
                which lines that are left out were not asked; or `none` if all lines were denied, `unknown` if none is
                known. `Prompt.only` gives the answers if one says "these, and none of the others".
            set_aside: whether earlier answers that clash with this one give way.

        Raises:
            EvidenceError: an answer that the network cannot take. Nothing has changed.
            AnswerClashError: the answer clashes with earlier ones, which the error names. Nothing has changed.
            InterviewError: the interview is over.
        """
        return self._take(self._present().id, value, set_aside=set_aside)

    def check(self, name: str, value: object) -> None:
        """Checks an answer without giving it; arguments as for `change`.

        Raises:
            EvidenceError: an answer that the network cannot take.
            InterviewError: there is no such question.
        """
        check_question(self._engine.network, name)
        answers_to(self._now, name, value)

    def change(self, name: str, value: object, *, set_aside: bool = False) -> Reply:
        """Replaces the answer to a question, or answers one that was not asked yet. All other answers stay.

        Args:
            name: id of a finding, of a risk factor or of a checklist, or `setting`.
            value: as for `answer`.
            set_aside: as for `answer`. Answers set aside count again once they fit again.

        Raises:
            EvidenceError, AnswerClashError: as `answer`.
            InterviewError: there is no such question.
        """
        return self._take(name, value, set_aside=set_aside)

    def back(self) -> None:
        """Asks the last question again, without its answer.

        Raises:
            InterviewError: there is no answer yet.
        """
        if not self.state.steps:
            raise InterviewError("there is nothing to go back to; this is the first question")
        self._countdown.forget()
        self._go_to(self._with_restored(self.state.without_last_step()))
        self._told_levels = self._told_levels[:-1] or [self._now.level_to_tell]

    def skip(self) -> None:
        """Skips the present question. It is asked once more, after all others that are worth asking.

        Raises:
            InterviewError: the interview is over.
        """
        self._go_to(self.state.with_skipped(self._present().id))

    def stop(self) -> None:
        """Ends the interview."""
        self._go_to(replace(self.state, ended=True, pending=""))

    def go_on(self) -> None:
        """Continues an interview that is over.

        If the patient is outside the network's scope, it goes on all the same; if it was ended by choice, up to the
        stop rule; else to the end.
        """
        self._countdown.forget()
        if self._now.is_stopped_outside:
            self._go_to(replace(self.state, beyond_scope=True, ended=False))
            return
        by_choice = self.state.ended
        self._go_to(replace(self.state, ended=False))
        if not by_choice or self.finished:
            self._go_to(replace(self.state, beyond=True))

    # --- transitions -----------------------------------------------------------------------------------------------

    def _go_to(self, state: State) -> None:
        self._now = Consequences(self._engine_for(state), state, self.policy)
        placed = self._now.diagnosis.evidence.answers  # impossible evidence is refused now
        if hanging := {name: placed[name] for name in self._engine.network.hanging if name in placed}:
            self._now.state = state.with_answers(hanging)  # a number may be in another band by what was answered since

    def _engine_for(self, state: State) -> Engine:
        setting = state.setting or self._engine.setting
        now = self._now.engine if hasattr(self, "_now") else self._engine
        if setting == now.setting:
            return now
        return self._engine if setting == self._engine.setting else self._engine.in_setting(setting)

    def _take(self, name: str, value: object, *, set_aside: bool) -> Reply:
        check_question(self._engine.network, name)
        answers = immutabledict(answers_to(self._now, name, value))
        group = checklist(self._engine.network, name)
        step = Step(name, answers, lines_of(self._now, group) if group else ())
        is_put = self.question is not None and self.question.id == name
        if not is_put:
            self._countdown.forget()
        state = self.state.with_step(step, put=is_put)
        clash = clashing(self._engine_for(state), state.answers, answers)
        if clash and not set_aside:
            new = to_blame(self._engine.network, answers, clash)
            raise AnswerClashError({other: state.answers[other] for other in clash}, new)
        settled = self._with_restored(state.with_set_aside(clash))
        before = {flag.id for flag in self.red_flags}
        self._go_to(settled)
        told = self._told_levels[-1]
        self._told_levels.append(min(told, self._now.level_to_tell))
        return Reply(
            red_flags=tuple(flag for flag in self.red_flags if flag.id not in before),
            raised=self.raised if self._now.level_to_tell < told else (),
            set_aside=immutabledict({other: answer for other, answer in settled.set_aside.items() if other in clash}),
            restored=immutabledict(
                {other: self.state.answers[other] for other in state.set_aside if other not in settled.set_aside}
            ),
        )

    def _with_restored(self, state: State) -> State:
        return state.with_restored(restorable(self._engine_for(state), state.answers, state.set_aside))

    def __repr__(self) -> str:
        what = f"next {self.question.id}" if self.question else "over"
        return f"<Interview {self.engine.network.id}, {self.asked} answered, {what}>"
