"""What follows from the state of an interview: the diagnosis, the next question, and whether to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from bayesknee.diagnosis.asking.advice import StopAdvice, advice_of
from bayesknee.diagnosis.asking.assessment import Assessment
from bayesknee.diagnosis.asking.candidates import EXAMINER, Candidate, is_examined, next_candidate, topic_of
from bayesknee.diagnosis.asking.dangers import LEAST_CHANCE
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.triage import Reason, is_complaint_known
from bayesknee.interview.checklists import EXAMINATION, checklists, examination, worth_examining
from bayesknee.interview.policy import Policy
from bayesknee.interview.preliminaries import WHO, is_preliminary, preliminary_ids, preliminary_prompt
from bayesknee.interview.prompts import Prompt, prompt_of
from bayesknee.interview.state import PUT_AT_MOST, State
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.opening import SETTING, TickAll
from bayesknee.knowledge.scope import ScopeAnswer
from bayesknee.patient.askable import askable

# How many questions are still asked: so many for a question worth asking now, since answers make most of them worth
# less; so many for an examination that has not begun, which opens gates; one for what is left of it; and so many
# besides, that is, what could be a warning sign, hidden dangers, and what answers make worth asking. By least squares
# over 1,574 states of 100 interviews of drawn patients of posterior_knee, half of them with a clinician, rounded: off
# by 2.7 questions alone with a patient (root mean square), by 3.5 with a clinician.
STAY_WORTH_IT: Final = 0.7
EXAMINED: Final = 2.0
BESIDES: Final = 1.5


class Consequences:
    """What follows from one state of an interview, computed when it is read."""

    def __init__(self, engine: Engine, state: State, policy: Policy) -> None:
        self.engine, self.state, self.policy = engine, state, policy

    @cached_property
    def diagnosis(self) -> Diagnosis:
        return self.engine.diagnose(self.state.answers, skipped=self.state.left_open)

    @property
    def raised(self) -> tuple[Reason, ...]:
        """What sets a level that cannot wait, if it is to be told and no red flag sets it."""
        now = self.diagnosis.triage
        set_by_flag = any(flag.level == now.level for flag in now.red_flags)
        return now.decisive if self._is_alarming and not set_by_flag else ()

    @property
    def level_to_tell(self) -> int:
        """The number of the level that is to be told; that of the least urgent where none is."""
        return LEVELS.index(self.diagnosis.triage.level) if self._is_alarming else len(LEVELS) - 1

    @property
    def _is_alarming(self) -> bool:
        """Whether it cannot wait; before a complaint is known, age alone is no reason to interrupt."""
        now = self.diagnosis
        known = bool(now.triage.red_flags) or is_complaint_known(now.network, now.evidence)
        return now.triage.alarming and known

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

    @cached_property
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
        if ask is None:
            return self._skipped_once
        if is_examined(self.engine.network, ask) and (block := self._examination(ask.members)):
            return block
        return prompt_of(self.engine.network, ask.id, ask.members)

    def _examination(self, wanted: Iterable[str] = ()) -> Prompt | None:
        """All of an examination that is worth finding, as one list; None where that is less than two lines.

        Args:
            wanted: ids of findings to be among them, whatever they are worth.
        """
        if not self.policy.lists:
            return None
        network = self.engine.network
        fresh = [name for name in self._candidates if not self._times_put_off(name)]
        warning = [flag.finding for flag in self.standing.flags if flag.chance >= LEAST_CHANCE]
        found = worth_examining(network, self.standing.asks_within(fresh), self.policy.least_value)
        worth = {*found, *(name for name in warning if name in fresh), *wanted}
        group = examination(network)
        members = [name for name in group.members if name in worth] if group else []
        return prompt_of(network, EXAMINATION, members) if len(members) > 1 else None

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
    def left(self) -> float:
        """About how many questions will still be asked; 0 at the end, else 1 or more."""
        if self.prompt is None:
            return 0.0
        first = {name for name in self._to_open_with if self._prompt(name, put_off=0)}
        lists = (self._checklists[name] for name in first & self._checklists.keys())
        later = set(self._candidates) - first - {name for group in lists for name in group.members}
        examined = {name for name in later if self.engine.network.questions[name].asked_of == EXAMINER}
        examined = examined if self.policy.lists else set()
        worth = STAY_WORTH_IT * self.standing.worth_among(later - examined)
        most = len(later.intersection(self.standing.left))
        return max(1.0, len(first) + min(worth + self._blocks(examined) + BESIDES, most))

    def _blocks(self, examined: Collection[str]) -> float:
        """About how often an examination will still be put."""
        if not examined or not self.standing.worth_among(examined):
            return 0.0
        return 1.0 if any(step.question == EXAMINATION for step in self.state.steps) else EXAMINED

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
        return self._put_off[name]

    @cached_property
    def _put_off(self) -> Counter[str]:
        """How often each question was skipped, alone or with a checklist, or shown in one without being answered.

        What an examination left out counts twice, so that it is not put again: it is not done twice, and who leaves
        lines unmarked knows why.
        """
        found = Counter(self.state.skipped)
        for name, times in Counter(self.state.skipped).items():
            if group := self._checklists.get(name):
                found.update(dict.fromkeys(group.members, times))
        for step in self.state.steps:
            found.update(dict.fromkeys(step.passed, PUT_AT_MOST if step.question == EXAMINATION else 1))
        return found

    @cached_property
    def _checklists(self) -> Mapping[str, TickAll]:
        return checklists(self.engine.network)

    @property
    def _topic(self) -> str | None:
        """The topic of the last question that has one."""
        network = self.engine.network
        for step in reversed(self.state.steps):
            name = step.question if step.question != EXAMINATION else next(reversed(step.shown or (*step.answers,)))
            if topic := topic_of(network, name):
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
        if name == EXAMINATION:
            return self._examination() if put_off else None
        group = self._checklists.get(name)
        members = askable(network, self.diagnosis.evidence, group.members if group else [name])
        members = tuple(member for member in members if self._times_put_off(member) <= put_off)
        return prompt_of(network, name, members) if members else None

    def _is_wanted(self, preliminary: str) -> bool:
        examined = any(question.asked_of == EXAMINER for question in self.engine.network.questions.values())
        wanted = {SETTING: self.policy.ask_setting, WHO: self.policy.ask_who and examined}
        return wanted.get(preliminary, self.policy.ask_scope)
