"""An interview with one patient: it chooses the next question, takes the answer, and says when to stop.

It reads nothing and prints nothing. A terminal, a notebook or a web page shows `question`, and passes on the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from immutabledict import immutabledict

from bayesknee.diagnosis.asking.advice import StopAdvice, advice_of
from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.candidates import EXAMINER, Candidate, next_candidate, topic_of
from bayesknee.diagnosis.asking.dangers import LEAST_CHANCE
from bayesknee.diagnosis.asking.next_questions import NextQuestions
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, THRESHOLD, StopRule
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import Reason, unknown_flags
from bayesknee.diagnosis.wording import reason, why
from bayesknee.errors import SEE_FINDINGS, AnswerClashError, InterviewError, unknown_text
from bayesknee.interview.answers import read_answer, read_answers, read_ticks
from bayesknee.interview.clashes import clashing, restorable, to_blame
from bayesknee.interview.preliminaries import (
    PATIENT,
    WHO,
    WHY,
    WHY_SCOPE,
    check_preliminary,
    is_preliminary,
    preliminary_ids,
    preliminary_prompt,
)
from bayesknee.interview.prompts import Prompt, prompt_of
from bayesknee.interview.state import PUT_AT_MOST, State, Step
from bayesknee.knowledge.model import RedFlag
from bayesknee.knowledge.opening import SETTING, TickAll
from bayesknee.knowledge.scope import ScopeAnswer
from bayesknee.patient.askable import ASKED_OF, askable, check_name
from bayesknee.patient.evidence import Answer

# How many questions are still asked, per question worth asking now. Answers make most questions worth less, but hidden
# dangers add others. By measurement: 0.88 in 551 states of 60 simulated patients of posterior_knee. With a larger one,
# `expected_left` is too large.
STAY_WORTH_IT: Final = 0.9
MOST_EXPLAINED: Final = 3  # lines of a checklist that `why` explains; judged: the answer is read during an interview


@dataclass(frozen=True)
class Policy:
    """How questions are chosen, and when enough is known.

    Attributes:
        asked_of: whom questions may be asked of: patient, clinician, test.
        objective: the name of what questions are valued by; see `bayesknee.diagnosis.asking.objectives`.
        look_ahead: whether the best few questions are ranked two steps ahead.
        threshold: of the same-decision probability, inside (0, 1]; see `bayesknee.diagnosis.asking.advice`.
        least_value: the least value at which a question is asked, in bits per unit of burden; 0 or more.
        lists: whether the network's checklists are asked beyond the opening; otherwise one question at a time.
        most_missed: inside [0, 1]. Asking goes on while stopping would miss a must-not-miss condition, which asking
            everything would find, with a probability over this.
        ask_setting: whether the care setting is asked for, if the network's opening has it.
        ask_who: whether it is asked who answers, which then goes before `asked_of`.
        ask_scope: whether the questions of the network's scope are asked.

    Raises:
        QuestionError: an unknown name, or a number out of range.
    """

    asked_of: tuple[str, ...] = PATIENT
    objective: str = DEFAULT_OBJECTIVE
    look_ahead: bool = False
    threshold: float = THRESHOLD
    least_value: float = LEAST_VALUE
    lists: bool = True
    most_missed: float = MOST_MISSED
    ask_setting: bool = False
    ask_who: bool = False
    ask_scope: bool = True

    def __post_init__(self) -> None:
        for name in self.asked_of:
            check_name("asked_of", name, ASKED_OF)
        find_objective(self.objective)
        _ = self.rule  # a number out of range is refused now, before a session file stores it

    @property
    def rule(self) -> StopRule:
        """When to stop."""
        return StopRule(
            self.threshold, self.least_value, self.objective, lists=self.lists, most_missed=self.most_missed
        )


@dataclass(frozen=True)
class Reply:
    """The consequences of an answer.

    Attributes:
        red_flags: the red flags that hold now and did not before, to be shown at once.
        set_aside: earlier answers that do not count any more because they clash with this one, by id.
        restored: answers that were set aside and count again, by id.
    """

    red_flags: tuple[Reason, ...] = ()
    set_aside: Mapping[str, Answer] = immutabledict()
    restored: Mapping[str, Answer] = immutabledict()


class _Now:
    """What follows from one state, computed when it is read."""

    def __init__(self, engine: Engine, state: State, policy: Policy) -> None:
        self.engine, self.state, self.policy = engine, state, policy

    @cached_property
    def diagnosis(self) -> Diagnosis:
        return self.engine.diagnose(self.state.answers)

    @cached_property
    def prompt(self) -> Prompt | None:
        if self.state.ended:
            return None
        if self.state.pending and (pending := self._prompt(self.state.pending)):
            return pending
        return None if self.is_stopped_outside else self.opening or self._chosen

    @property
    def outside(self) -> tuple[ScopeAnswer, ...]:
        return self.engine.network.scope.outside(self.state.scope)

    @property
    def is_stopped_outside(self) -> bool:
        return bool(self.outside) and not self.state.beyond_scope

    @property
    def asked_of(self) -> tuple[str, ...]:
        return self.state.asked_of or self.policy.asked_of

    @cached_property
    def opening(self) -> Prompt | None:
        """The next question of the opening."""
        return next((prompt for name in self._to_open_with if (prompt := self._prompt(name, put_off=0))), None)

    @property
    def _to_open_with(self) -> list[str]:
        network = self.engine.network
        names = dict.fromkeys((*preliminary_ids(network)[:-1], *network.opening.questions))
        return [name for name in names if not self.state.times_skipped(name)]

    @property
    def _chosen(self) -> Prompt | None:
        """The question worth most, or `Assessment.last` once the stop rule says to stop.

        A first question is always asked: without an answer, the result would be the prior.
        """
        going_on = self.state.beyond or not self.state.answers or not self.standing.is_enough
        ask = self._worth_most if going_on else self._ending.last
        return prompt_of(self.engine.network, ask.id, ask.members) if ask else self._skipped_once

    @property
    def _skipped_once(self) -> Prompt | None:
        """The first question that was skipped and did not come back: that is kept, whatever it is worth."""
        names = (name for name in dict.fromkeys(self.state.skipped) if self.state.times_skipped(name) < PUT_AT_MOST)
        return next((prompt for name in names if (prompt := self._prompt(name, put_off=PUT_AT_MOST - 1))), None)

    @property
    def _worth_most(self) -> Candidate | None:
        """The best question among those skipped least often, by topic; if none is worth it, the best of all left."""
        found = [ranked for times in range(PUT_AT_MOST) if (ranked := self._skipped(times))]
        worth = (ranked for ranked in found if ranked[0].value >= self.policy.least_value)
        best = next(worth, found[0] if found else None)
        if not best:
            return None
        return next_candidate(self.engine.network, best, self._topic, self.policy.least_value)

    def _skipped(self, times: int) -> Sequence[Candidate]:
        """The questions and checklists skipped that often, best first."""
        names = [name for name in self._candidates if self._times_put_off(name) == times]
        return self.standing.asks_within(names, ahead=self.policy.look_ahead)

    @cached_property
    def standing(self) -> Assessment:
        return Assessment(self.diagnosis, self._candidates, self.policy.rule)

    @cached_property
    def _ending(self) -> Assessment:
        """Where asking stands before it stops: without skipped questions, as long as others are still to be asked."""
        fresh = tuple(name for name in self._candidates if not self._times_put_off(name))
        standing = Assessment(self.diagnosis, fresh, self.policy.rule)
        return self.standing if fresh == self._candidates or standing.last is None else standing

    @property
    def would_be_missed(self) -> tuple[str, ...]:
        """The names of the hidden dangers because of which the present question is asked before stopping."""
        if self.state.pending or self.opening or self.state.beyond or self._ending.missed <= self.policy.most_missed:
            return ()
        conditions = self.engine.network.conditions
        return tuple(conditions[danger.condition].name for danger in self._ending.hidden_dangers if danger.missed > 0.0)

    @cached_property
    def advice(self) -> StopAdvice:
        return advice_of(self.standing)

    @cached_property
    def left(self) -> int:
        """About how many questions will still be asked."""
        if self.prompt is None:
            return 0
        first = {name for name in self._to_open_with if self._prompt(name, put_off=0)}
        lists = (
            self.engine.network.opening.tick_all[name] for name in first & self.engine.network.opening.tick_all.keys()
        )
        later = set(self._candidates) - first - {name for group in lists for name in group.members}
        return max(1, len(first) + round(STAY_WORTH_IT * self.standing.worth_among(later)))

    @cached_property
    def _candidates(self) -> tuple[str, ...]:
        """The questions that may be asked, now or later."""
        return tuple(
            name
            for name, question in self.engine.network.questions.items()
            if question.asked_of in self.asked_of and self._times_put_off(name) < PUT_AT_MOST
        )

    @property
    def skipped_for_good(self) -> tuple[str, ...]:
        """The questions that were skipped too often to be asked again."""
        names = (name for name in self.engine.network.questions if self._times_put_off(name) >= PUT_AT_MOST)
        return askable(self.engine.network, self.diagnosis.evidence, names)

    def _times_put_off(self, name: str) -> int:
        """How often a question was skipped, alone or with a checklist, or shown in one without being answered."""
        lists = (group.id for group in self.engine.network.opening.tick_all.values() if name in group.members)
        skipped = self.state.times_skipped(name) + sum(map(self.state.times_skipped, lists))
        return skipped + self.state.times_passed(name)

    @property
    def _topic(self) -> str | None:
        """The topic of the last question that has one."""
        network = self.engine.network
        for step in reversed(self.state.steps):
            if topic := topic_of(network, step.question):
                return topic
        return None

    def _prompt(self, name: str, *, put_off: int = PUT_AT_MOST) -> Prompt | None:
        """The prompt for any question; None if it is answered, cannot be asked, or was put off more often than that.

        Lines of a checklist that were put off more often are left out.
        """
        network = self.engine.network
        if is_preliminary(name):
            wanted = self._is_wanted(name) and name not in self.state.preliminaries
            return preliminary_prompt(network, name) if wanted else None
        group = network.opening.tick_all.get(name)
        members = askable(network, self.diagnosis.evidence, group.members if group else [name])
        members = tuple(member for member in members if self._times_put_off(member) <= put_off)
        return prompt_of(network, name, members) if members else None

    def _is_wanted(self, preliminary: str) -> bool:
        examined = any(each.asked_of == EXAMINER for each in self.engine.network.questions.values())
        wanted = {SETTING: self.policy.ask_setting, WHO: self.policy.ask_who and examined}
        return wanted.get(preliminary, self.policy.ask_scope)


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
        self._told_left: int | None = None
        if state is not None:
            for name in filter(None, (state.pending, *state.skipped, *(step.question for step in state.steps))):
                self._check_name(name)
        self._go_to(state or State(given=given))

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

        It does not rise from one question to the next, except after `go_on`, `back` and `change`: an estimate that
        rises tells a patient nothing but that it was wrong.
        """
        left = self._now.left
        self._told_left = left if self._told_left is None else min(left, self._told_left)
        return self._told_left

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
    def unknown_flags(self) -> tuple[RedFlag, ...]:
        """The red flags more urgent than the level now that unknown or skipped answers leave open."""
        now = self.diagnosis
        return tuple(unknown_flags(now.network, now.evidence, now.triage.level, self._now.skipped_for_good))

    @property
    def why_finished(self) -> tuple[str, ...]:
        """Why the interview is over, in words and figures; empty if it is not."""
        if not self.finished:
            return ()
        if self._now.is_stopped_outside:
            return tuple(f"{answer.label}: {answer.reason} {answer.go_to}" for answer in self.outside)
        if not self.state.ended:
            return self.advice.reasons
        unasked = dict.fromkeys(flag.flag.label for flag in self._now.standing.flags if flag.chance >= LEAST_CHANCE)
        return (
            "ended by choice; what was not asked could change the result",
            *((f"among it warning signs: {', '.join(unasked)}",) if unasked else ()),
        )

    def prompt_of(self, name: str) -> Prompt:
        """The prompt for any question, answered or not, to be shown before `change`.

        Args:
            name: id of a finding, of a risk factor or of a checklist, or `setting`.

        Raises:
            InterviewError: there is no such question.
        """
        self._check_name(name)
        network = self.engine.network
        if is_preliminary(name):
            return preliminary_prompt(network, name)
        group = network.opening.tick_all.get(name)
        return prompt_of(network, name, self._listed(group) or group.members if group else ())

    def reason(self) -> str:
        """Why the present question is asked, in a few words; empty where that needs none.

        Raises:
            InterviewError: the interview is over.
        """
        prompt = self._present()
        if is_preliminary(prompt.id):
            return ""
        ranked = self._ranked(prompt)
        return reason(self.diagnosis, ranked[0]) if ranked and ranked[0].value >= self.policy.least_value else ""

    def _ranked(self, prompt: Prompt) -> NextQuestions:
        """The questions of a prompt, best first."""
        names = [option.value for option in prompt.options] if prompt.kind == "tick_all" else [prompt.id]
        return self.diagnosis.rank_questions(within=names, objective=self.policy.objective)

    def why(self) -> str:
        """Why the present question is asked, in words and figures.

        Raises:
            InterviewError: the interview is over.
        """
        prompt = self._present()
        if is_preliminary(prompt.id):
            return WHY.get(prompt.id, WHY_SCOPE)
        names = [option.value for option in prompt.options] if prompt.kind == "tick_all" else [prompt.id]
        ranked = self._ranked(prompt)
        reasons = [why(self.diagnosis, question) for question in ranked[:MOST_EXPLAINED]]
        if prompt.kind == "tick_all":
            labels = [self.engine.network.questions[question.finding].label for question in ranked[:MOST_EXPLAINED]]
            reasons = [f"{label}: {reason}" for label, reason in zip(labels, reasons, strict=True)]
        likely = (flag for flag in self._now.standing.flags if flag.chance >= LEAST_CHANCE)
        flags = {f"it could be a warning sign: {flag.flag.label}" for flag in likely if flag.finding in names}
        missed = self._now.would_be_missed
        hidden = [f"ending now could miss {', '.join(missed)}"] if missed else []
        return "; ".join([*reasons, *sorted(flags), *hidden]) or "What is known settles it already."

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
        self._check_name(name)
        self._answers(name, value)

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
        self._told_left = None
        self._go_to(self._with_restored(self.state.without_last_step()))

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
        self._told_left = None
        if self._now.is_stopped_outside:
            self._go_to(replace(self.state, beyond_scope=True, ended=False))
            return
        by_choice = self.state.ended
        self._go_to(replace(self.state, ended=False))
        if not by_choice or self.finished:
            self._go_to(replace(self.state, beyond=True))

    # --- transitions -----------------------------------------------------------------------------------------------

    def _go_to(self, state: State) -> None:
        self._now = _Now(self._engine_for(state), state, self.policy)
        placed = self._now.diagnosis.evidence.answers  # impossible evidence is refused now
        if hanging := {name: placed[name] for name in self._engine.network.hanging if name in placed}:
            self._now.state = state.with_answers(hanging)  # a number may be in another band by what was answered since

    def _engine_for(self, state: State) -> Engine:
        setting = state.setting or self._engine.setting
        now = self._now.engine if hasattr(self, "_now") else self._engine
        if setting == now.setting:
            return now
        return self._engine if setting == self._engine.setting else Engine(self._engine.network, setting)

    def _check_name(self, name: str) -> None:
        network = self._engine.network
        known = (*preliminary_ids(network), *network.opening.tick_all, *network.questions)
        if name not in known:
            raise InterviewError(unknown_text("question", name, known, otherwise=SEE_FINDINGS))

    def _answers(self, name: str, value: object) -> Mapping[str, Answer]:
        network = self._engine.network
        if is_preliminary(name):
            return {name: check_preliminary(network, name, value)}
        if group := network.opening.tick_all.get(name):
            return read_ticks(network, group, value, self._listed(group))
        return {name: read_answer(network, name, value, self.state.answers)}

    def _listed(self, group: TickAll) -> tuple[str, ...]:
        """The lines of a checklist: those asked now, else those it had when answered, else those that can be asked."""
        if (put := self.question) and put.id == group.id:
            return tuple(option.value for option in put.options)
        answered = tuple(name for step in self.state.steps if step.question == group.id for name in _lines_of(step))
        return answered or askable(self.engine.network, self.diagnosis.evidence, group.members)

    def _take(self, name: str, value: object, *, set_aside: bool) -> Reply:
        self._check_name(name)
        answers = immutabledict(self._answers(name, value))
        group = self._engine.network.opening.tick_all.get(name)
        step = Step(name, answers, self._listed(group) if group else ())
        is_put = self.question is not None and self.question.id == name
        if not is_put:
            self._told_left = None
        state = self.state.with_step(step, put=is_put)
        clash = clashing(self._engine_for(state), state.answers, answers)
        if clash and not set_aside:
            new = to_blame(self._engine.network, answers, clash)
            raise AnswerClashError({other: state.answers[other] for other in clash}, new)
        settled = self._with_restored(state.with_set_aside(clash))
        before = {flag.id for flag in self.red_flags}
        self._go_to(settled)
        return Reply(
            red_flags=tuple(flag for flag in self.red_flags if flag.id not in before),
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


def _lines_of(step: Step) -> tuple[str, ...]:
    """The lines of a checklist as it was shown; sessions of earlier versions have those that were answered."""
    return tuple(dict.fromkeys((*step.shown, *step.answers)))
