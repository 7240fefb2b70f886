"""An interview with one patient: it says which question to put, takes answers, and tells when enough is known.

It reads nothing and prints nothing: a terminal, a notebook or a web page shows `question`, and hands over what was
answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from immutabledict import immutabledict

from bayesknee.diagnosis.asking.advice import StopAdvice, advice_of
from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.candidates import Candidate, topic_of
from bayesknee.diagnosis.asking.dangers import LEAST_CHANCE
from bayesknee.diagnosis.asking.next_questions import keep_to_topic
from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE, find_objective
from bayesknee.diagnosis.asking.same_decision import LEAST_VALUE, MOST_MISSED, THRESHOLD, StopRule
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import Reason, unknown_flags
from bayesknee.diagnosis.wording import why
from bayesknee.errors import AnswerClashError, InterviewError, did_you_mean, quoted
from bayesknee.interview.answers import read_answer, read_answers, read_ticks
from bayesknee.interview.clashes import clashing, restorable, to_blame
from bayesknee.interview.prompts import Prompt, prompt_of
from bayesknee.interview.state import PUT_AT_MOST, State, Step
from bayesknee.knowledge.model import RedFlag
from bayesknee.knowledge.network import check_setting
from bayesknee.knowledge.opening import SETTING, TickAll
from bayesknee.patient.askable import ASKED_OF, askable, check_name
from bayesknee.patient.evidence import Answer

PATIENT: Final = ("patient",)
# So much of what is worth asking now is put in the end: answers make most of it worth less, but what ending would miss
# is asked besides. 0.88 in 551 states of 60 simulated patients of posterior_knee.
STAY_WORTH_IT: Final = 0.9


@dataclass(frozen=True)
class Policy:
    """How questions are chosen, and when enough is known.

    Attributes:
        asked_of: who is there to answer: patient, clinician, test.
        objective: what questions are to bring; see `bayesknee.diagnosis.asking.objectives`.
        look_ahead: whether the best few are ranked by what they are worth with what may follow.
        threshold: of the same-decision probability, inside (0, 1]; see `bayesknee.diagnosis.asking.advice`.
        least_value: what a question must be worth to be asked, in bits for a burden of 1; 0 or more.
        lists: whether the network's lists to tick are put, too, beyond the opening; else one question at a time.
        most_missed: the chance of missing, by ending, a must-not-miss condition that asking all would find, over which
            asking goes on; inside [0, 1].
        ask_setting: whether the care setting is asked for, where the network's opening has it.

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

    def __post_init__(self) -> None:
        for name in self.asked_of:
            check_name("asked_of", name, ASKED_OF)
        find_objective(self.objective)
        _ = self.rule  # what is out of range is told now, before it gets into a session

    @property
    def rule(self) -> StopRule:
        """When enough is known."""
        return StopRule(
            self.threshold, self.least_value, self.objective, lists=self.lists, most_missed=self.most_missed
        )


@dataclass(frozen=True)
class Reply:
    """What an answer led to.

    Attributes:
        red_flags: those that hold now and did not before: to be told at once.
        set_aside: answers that do not count any more, since they clash with this one.
        restored: answers that were set aside and count again.
    """

    red_flags: tuple[Reason, ...] = ()
    set_aside: Mapping[str, Answer] = immutabledict()
    restored: Mapping[str, Answer] = immutabledict()


class _Now:
    """All that follows from one state; worked out where it is looked at."""

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
        return self.opening or self._chosen

    @cached_property
    def opening(self) -> Prompt | None:
        """The next question of the opening."""
        names = (name for name in self.engine.network.opening.questions if not self.state.times_skipped(name))
        return next((prompt for name in names if (prompt := self._prompt(name))), None)

    @property
    def _chosen(self) -> Prompt | None:
        """What is worth most, or, once enough is known, what could be a warning sign.

        A first question is always put: nobody comes to be told what holds of everybody.
        """
        going_on = self.state.beyond or not self.state.answers or not self.standing.is_enough
        ask = self._worth_most if going_on else self._ending.last
        return prompt_of(self.engine.network, ask.id, ask.members) if ask else None

    @property
    def _worth_most(self) -> Candidate | None:
        """Of what was skipped least often, topic by topic: of what is worth asking, else of all that is left."""
        found = [each for times in range(PUT_AT_MOST) if (each := self._skipped(times))]
        worth = (each for each in found if each[0].value >= self.policy.least_value)
        best = next(worth, found[0] if found else None)
        return keep_to_topic(best, self._topic)[0] if best else None

    def _skipped(self, times: int) -> Sequence[Candidate]:
        """What can be put of that which was skipped so often, best first."""
        names = [name for name in self._candidates if self._times_put_off(name) == times]
        return self.standing.asks_within(names, ahead=self.policy.look_ahead)

    @cached_property
    def standing(self) -> Assessment:
        return Assessment(self.diagnosis, self._candidates, self.policy.rule)

    @cached_property
    def _ending(self) -> Assessment:
        """Where asking stands before it ends: by what was never skipped, as long as any of that is to be put."""
        fresh = tuple(name for name in self._candidates if not self._times_put_off(name))
        standing = Assessment(self.diagnosis, fresh, self.policy.rule)
        return self.standing if fresh == self._candidates or standing.last is None else standing

    @property
    def would_be_missed(self) -> tuple[str, ...]:
        """The names of the conditions for whose sake the present question is put before it ends."""
        if self.state.pending or self.opening or self.state.beyond or self._ending.missed <= self.policy.most_missed:
            return ()
        conditions = self.engine.network.conditions
        return tuple(conditions[each.condition].name for each in self._ending.hidden_dangers if each.missed > 0.0)

    @cached_property
    def advice(self) -> StopAdvice:
        return advice_of(self.standing)

    @cached_property
    def left(self) -> int:
        """About how many questions will still be put."""
        if self.prompt is None:
            return 0
        names = [name for name in self.engine.network.opening.questions if not self.state.times_skipped(name)]
        first = {name for name in names if self._prompt(name)}
        lists = (
            self.engine.network.opening.tick_all[name] for name in first & self.engine.network.opening.tick_all.keys()
        )
        later = set(self._candidates) - first - {name for group in lists for name in group.members}
        return max(1, len(first) + round(STAY_WORTH_IT * self.standing.worth_among(later)))

    @cached_property
    def _candidates(self) -> tuple[str, ...]:
        """Questions that may be put, now or later."""
        return tuple(
            name
            for name, question in self.engine.network.questions.items()
            if question.asked_of in self.policy.asked_of and self._times_put_off(name) < PUT_AT_MOST
        )

    @property
    def skipped_for_good(self) -> tuple[str, ...]:
        """Questions that are not put again."""
        names = (name for name in self.engine.network.questions if self._times_put_off(name) >= PUT_AT_MOST)
        return askable(self.engine.network, self.diagnosis.evidence, names)

    def _times_put_off(self, name: str) -> int:
        """How often it was skipped, by itself or with a list."""
        lists = (group.id for group in self.engine.network.opening.tick_all.values() if name in group.members)
        return self.state.times_skipped(name) + sum(map(self.state.times_skipped, lists))

    @property
    def _topic(self) -> str | None:
        """That of the last question, but for lists that have none."""
        network = self.engine.network
        for step in reversed(self.state.steps):
            if topic := topic_of(network, step.question):
                return topic
        return None

    def _prompt(self, name: str) -> Prompt | None:
        """The prompt for anything that can be put; None where it has been answered or cannot be asked."""
        network = self.engine.network
        if name == SETTING:
            return prompt_of(network, name) if self.policy.ask_setting and not self.state.setting else None
        group = network.opening.tick_all.get(name)
        members = askable(network, self.diagnosis.evidence, group.members if group else [name])
        return prompt_of(network, name, members) if members else None


class Interview:
    """An interview with one patient.

    It ends when the stop rule says so, and nothing that could be a warning sign is left to ask; see
    `bayesknee.diagnosis.asking.advice`.

    ::

        interview = Interview(engine)
        for prompt in interview:
            interview.answer(ask_the_user(prompt))
        interview.diagnosis

    Not to be shared between threads; the engine may be.

    Args:
        engine: a network in a care setting.
        evidence: what is known already, by id; answers as for `Interview.answer`.
        policy: how questions are chosen.
        state: where to take up an interview; `evidence` is then not read.

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
        if state is not None:
            for name in filter(None, (state.pending, *state.skipped, *(step.question for step in state.steps))):
                self._check_name(name)
        self._go_to(state or State(given=given))

    # --- what there is ---------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """The network in the care setting, which an answer may have changed."""
        return self._now.engine

    @property
    def state(self) -> State:
        """How far it has come; to be kept, and given to a new interview that goes on from there."""
        return self._now.state

    @property
    def first_setting(self) -> str:
        """The care setting that it began in."""
        return self._engine.setting

    @property
    def diagnosis(self) -> Diagnosis:
        """What is to be said now."""
        return self._now.diagnosis

    @property
    def question(self) -> Prompt | None:
        """What to ask; None where the interview is over."""
        return self._now.prompt

    def __iter__(self) -> Iterator[Prompt]:
        """The questions, as long as there is one."""
        while prompt := self.question:
            yield prompt

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.question is None

    @property
    def advice(self) -> StopAdvice:
        """Whether more answers would change what is done, with the figures."""
        return self._now.advice

    @property
    def asked(self) -> int:
        """How many questions were answered."""
        return len(self.state.steps)

    @property
    def expected_left(self) -> int:
        """About how many questions are left: the rest of the opening, and what the stop rule needs; 0 when over."""
        return self._now.left

    @property
    def red_flags(self) -> tuple[Reason, ...]:
        """Those that hold."""
        return self.diagnosis.triage.red_flags

    @property
    def unknown_flags(self) -> tuple[RedFlag, ...]:
        """The red flags, more urgent than the level now, that cannot be told for what is not known, or was skipped."""
        now = self.diagnosis
        return tuple(unknown_flags(now.network, now.evidence, now.triage.level, self._now.skipped_for_good))

    @property
    def why_finished(self) -> tuple[str, ...]:
        """Why it is over, in words and figures; empty where it is not."""
        if not self.finished:
            return ()
        if not self.state.ended:
            return self.advice.reasons
        unasked = dict.fromkeys(each.flag.label for each in self._now.standing.flags if each.chance >= LEAST_CHANCE)
        return (
            "ended by choice; what was not asked could change the result",
            *((f"among it warning signs: {', '.join(unasked)}",) if unasked else ()),
        )

    def prompt_of(self, name: str) -> Prompt:
        """Any question as it is put, be it answered or not: what `change` needs to be shown.

        Raises:
            InterviewError: there is no such question.
        """
        self._check_name(name)
        network = self.engine.network
        group = network.opening.tick_all.get(name)
        return prompt_of(network, name, self._listed(group) or group.members if group else ())

    def why(self) -> str:
        """Why the present question is asked, in words and figures.

        Raises:
            InterviewError: it is over.
        """
        prompt = self._present()
        names = [each.value for each in prompt.options] if prompt.kind == "tick_all" else [prompt.id]
        if prompt.id == SETTING:
            return "How frequent each cause is depends on where people are seen."
        ranked = self.diagnosis.rank_questions(within=names, objective=self.policy.objective)
        told = [why(self.diagnosis, each) for each in ranked[:3]]
        if prompt.kind == "tick_all":
            labels = [self.engine.network.questions[each.finding].label for each in ranked[:3]]
            told = [f"{label}: {each}" for label, each in zip(labels, told, strict=True)]
        likely = (each for each in self._now.standing.flags if each.chance >= LEAST_CHANCE)
        flags = {f"it could be a warning sign: {each.flag.label}" for each in likely if each.finding in names}
        missed = self._now.would_be_missed
        hidden = [f"ending now could miss {', '.join(missed)}"] if missed else []
        return "; ".join([*told, *sorted(flags), *hidden]) or "What is known settles it already."

    def _present(self) -> Prompt:
        if self.question is None:
            raise InterviewError("the interview is over; go on with go_on(), or change an answer")
        return self.question

    # --- what may happen -------------------------------------------------------------------------------------------

    def answer(self, value: object, *, set_aside: bool = False) -> Reply:
        """Answers the present question.

        Args:
            value: a state, `unknown`, `probably`, `probably not`, `probably STATE`, a number where the states are
                bands, or a likelihood for each state; for a list, the ids of what is ticked, the rest of it then
                counting as no, answers by id, or `unknown`, which leaves all of it unknown.
            set_aside: whether earlier answers that clash with this one give way.

        Raises:
            EvidenceError: an answer that the network cannot take; nothing has changed.
            AnswerClashError: it clashes with earlier answers, which are named; nothing has changed.
            InterviewError: the interview is over.
        """
        return self._take(self._present().id, value, set_aside=set_aside)

    def check(self, name: str, value: object) -> None:
        """Refuses what cannot be an answer to a question, without answering it.

        Raises:
            EvidenceError: an answer that the network cannot take.
            InterviewError: there is no such question.
        """
        self._check_name(name)
        self._answers(name, value)

    def change(self, name: str, value: object, *, set_aside: bool = False) -> Reply:
        """Answers a question anew, or one that was not put yet; all other answers stay.

        Args:
            name: id of a finding, of a risk factor or of a question to tick, or `setting`.
            value: as for `answer`.
            set_aside: as for `answer`. Answers set aside come back once they fit again.

        Raises:
            EvidenceError, AnswerClashError: as `answer`.
            InterviewError: there is no such question.
        """
        return self._take(name, value, set_aside=set_aside)

    def back(self) -> None:
        """Opens the last question again, without its answer.

        Raises:
            InterviewError: nothing was answered yet.
        """
        if not self.state.steps:
            raise InterviewError("there is nothing to go back to; this is the first question")
        self._go_to(self._with_restored(self.state.without_last_step()))

    def skip(self) -> None:
        """Puts the present question off: it comes once more, after all others that are worth asking."""
        self._go_to(self.state.with_skipped(self._present().id))

    def stop(self) -> None:
        """Ends the interview."""
        self._go_to(replace(self.state, ended=True, pending=""))

    def go_on(self) -> None:
        """Goes on though it is over: up to the stop rule where the patient ended it, else to the last question."""
        chosen = self.state.ended
        self._go_to(replace(self.state, ended=False))
        if not chosen or self.finished:
            self._go_to(replace(self.state, beyond=True))

    # --- how -------------------------------------------------------------------------------------------------------

    def _go_to(self, state: State) -> None:
        self._now = _Now(self._engine_for(state), state, self.policy)
        _ = self._now.diagnosis  # what is impossible is told now

    def _engine_for(self, state: State) -> Engine:
        setting = state.setting or self._engine.setting
        now = self._now.engine if hasattr(self, "_now") else self._engine
        if setting == now.setting:
            return now
        return self._engine if setting == self._engine.setting else Engine(self._engine.network, setting)

    def _check_name(self, name: str) -> None:
        network = self._engine.network
        known = (SETTING, *network.opening.tick_all, *network.questions)
        if name not in known:
            hint = did_you_mean(name, known) or "`bayesknee findings` lists what is known"
            raise InterviewError(f"unknown question {quoted(name)}; {hint}")

    def _answers(self, name: str, value: object) -> Mapping[str, Answer]:
        network = self._engine.network
        if name == SETTING:
            return {SETTING: check_setting(network, str(value))}
        if group := network.opening.tick_all.get(name):
            return read_ticks(network, group, value, self._listed(group))
        return {name: read_answer(network, name, value)}

    def _listed(self, group: TickAll) -> tuple[str, ...]:
        """What a list shows: what it asks now, else what it asked when answered, else what can be asked of it."""
        if (put := self.question) and put.id == group.id:
            return tuple(each.value for each in put.options)
        answered = tuple(name for step in self.state.steps if step.question == group.id for name in step.answers)
        return answered or askable(self.engine.network, self.diagnosis.evidence, group.members)

    def _take(self, name: str, value: object, *, set_aside: bool) -> Reply:
        self._check_name(name)
        answers = immutabledict(self._answers(name, value))
        state = self.state.with_step(Step(name, answers), put=self.question is not None and self.question.id == name)
        clash = clashing(self._engine_for(state), state.answers, answers)
        if clash and not set_aside:
            new = to_blame(self._engine.network, answers, clash)
            raise AnswerClashError({each: state.answers[each] for each in clash}, new)
        settled = self._with_restored(state.with_set_aside(clash))
        before = {each.id for each in self.red_flags}
        self._go_to(settled)
        return Reply(
            red_flags=tuple(each for each in self.red_flags if each.id not in before),
            set_aside=immutabledict({each: a for each, a in settled.set_aside.items() if each in clash}),
            restored=immutabledict({each: a for each, a in state.set_aside.items() if each not in settled.set_aside}),
        )

    def _with_restored(self, state: State) -> State:
        return state.with_restored(restorable(self._engine_for(state), state.answers, state.set_aside))

    def __repr__(self) -> str:
        what = f"next {self.question.id}" if self.question else "over"
        return f"<Interview {self.engine.network.id}, {self.asked} answered, {what}>"
