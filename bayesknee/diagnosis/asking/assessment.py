"""Where asking stands: which questions are left, what they are worth, whether to stop, what to ask before stopping."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.candidates import Candidate, candidates
from bayesknee.diagnosis.asking.dangers import (
    LEAST_CHANCE,
    HiddenDanger,
    OpenDanger,
    OpenFlag,
    are_hidden,
    hidden_dangers,
    open_dangers,
    open_flags,
)
from bayesknee.diagnosis.asking.objectives import by_question, find_objective, information
from bayesknee.diagnosis.asking.ranking import Aim, Ranking, codes_after, ranking_of
from bayesknee.diagnosis.asking.same_decision import Agreement, StopRule, same_decision
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.care_steps import AnswersTold, CareSteps, checked_limits
from bayesknee.knowledge.model import LEVELS
from bayesknee.patient.askable import reachable


class Assessment:
    """Where asking stands. Each figure is computed when it is first read.

    Args:
        belief: the posterior and the answers so far.
        names: ids of the questions that may be asked.
        rule: when to stop.
    """

    def __init__(self, belief: Belief, names: Sequence[str], rule: StopRule) -> None:
        self.belief, self.names, self.rule = belief, names, rule

    @cached_property
    def ranking(self) -> Ranking:
        """The ranking of the single questions, one question ahead."""
        return ranking_of(self.belief, self.names, self.rule.objective)

    @cached_property
    def candidates(self) -> Sequence[Candidate]:
        """The questions and checklists that can be asked now, best first."""
        return self.asks_within(self.names)

    def asks_within(self, names: Collection[str], *, ahead: bool = False) -> Sequence[Candidate]:
        """The questions and checklists that can be asked now with members among `names` only, best first.

        With `ahead`, the best few single questions are valued together with the question that may follow; see
        `bayesknee.diagnosis.asking.look_ahead`.
        """
        values = self._values_ahead if ahead else self.ranking.values
        return candidates(self.belief.network, self.ranking, values, frozenset(names), lists=self.rule.lists)

    @cached_property
    def _values_ahead(self) -> Vector:
        from bayesknee.diagnosis.asking.look_ahead import AT_MOST, two_step_values

        values = self.ranking.values
        best = np.argsort(-values, kind="stable")[:AT_MOST].tolist()
        aim = Aim(self.names, find_objective(self.rule.objective))
        values[best] = two_step_values(self.belief.compiled, self.belief.evidence, aim, self.ranking, best)
        return values

    @cached_property
    def open_dangers(self) -> tuple[OpenDanger, ...]:
        """See `StopAdvice`."""
        found = open_dangers(self.belief.network, self.ranking, self._limits)
        return tuple(sorted(found, key=lambda danger: -danger.probability))

    @cached_property
    def left(self) -> tuple[str, ...]:
        """The questions that could still be asked, including those whose gate an answer may open."""
        return reachable(self.belief.network, self.belief.evidence, self.names)

    @cached_property
    def foreseen(self) -> tuple[str, ...]:
        """The questions of `left` to look ahead to: all, or those worth most if all are too many for the engine."""
        return self._followed(self.ranking.values)

    def _followed(self, values: Vector) -> tuple[str, ...]:
        order = np.argsort(-values, kind="stable").tolist()
        now = dict.fromkeys(self.ranking.outcomes.names[number] for number in order)
        best_first = [*now, *(name for name in self.left if name not in now)]
        ahead = self.belief.compiled.strategy.followed(self.belief.evidence, best_first)
        return self.left if len(ahead) == len(self.left) else tuple(ahead)

    @cached_property
    def agreement(self) -> Agreement:
        """In how many drawn patients the decision would stay the same if all of `foreseen` were answered."""
        return same_decision(self.belief, self.foreseen, self.rule)

    @cached_property
    def is_enough(self) -> bool:
        """Whether to stop, `last` aside.

        Asking goes on while one answer could bring a must-not-miss condition under its limit. Otherwise it stops if no
        question is worth its burden, or if the same-decision probability has reached the threshold.
        """
        if self.open_dangers:
            return False
        if not self.candidates or self.candidates[0].value < self.rule.least_value:
            return True
        return not self._is_unsettled and self.agreement.share >= self.rule.threshold

    @property
    def _is_unsettled(self) -> bool:
        """Whether one question alone changes the decision too often for the threshold, so that no draws are needed.

        Answers to other questions would have to undo the change. Of 35 such states of 40 patients, none was at the
        threshold of 0.95.
        """
        return self._changed_by_one > 1.0 - self.rule.threshold

    @property
    def _changed_by_one(self) -> float:
        """The largest chance, of a single question, of an answer that makes another leader or level."""
        network, outcomes = self.belief.network, self.ranking.outcomes
        if not outcomes.names:
            return 0.0
        fixed = [reason for reason in self.belief.triage.reasons if reason.kind in ("red_flag", "score")]
        flagged = min((LEVELS.index(reason.level) for reason in fixed), default=len(LEVELS) - 1)
        posteriors = np.vstack([self.ranking.marginals, outcomes.posteriors])
        told = AnswersTold(codes_after(network, outcomes), self.belief.evidence)
        leaders = posteriors.argmax(axis=1)
        called = np.minimum(CareSteps(self.belief.compiled, self.rule.limits).levels(posteriors, told), flagged)
        changes = (leaders[1:] != leaders[0]) | (called[1:] != called[0])
        return float(by_question(outcomes, outcomes.probabilities * changes).max())

    @property
    def worth_asking(self) -> int:
        """How many questions and checklists are worth their burden now, for showing progress.

        An answer lowers the value of most other questions and raises that of a few, so this is a guide. The
        same-decision probability has no part in it. At least 1 while a danger is open.
        """
        return max(self.worth_among(self.names), bool(self.open_dangers))

    def worth_among(self, names: Collection[str]) -> int:
        """How many of these questions and their checklists are worth their burden now, dangers aside."""
        asked: set[str] = set()
        count = 0
        for candidate in self.asks_within(names):
            if candidate.value >= self.rule.least_value and not asked.issuperset(candidate.members):
                asked.update(candidate.members)
                count += 1
        return count

    @cached_property
    def flags(self) -> tuple[OpenFlag, ...]:
        """All red flags more urgent than the level now that one answer would raise, however unlikely."""
        return open_flags(self.belief, self.names, least_chance=0.0, limits=self.rule.limits)

    @cached_property
    def _limits(self) -> Mapping[str, float]:
        return checked_limits(self.belief.network, self.rule.limits)

    @cached_property
    def last(self) -> Candidate | None:
        """What to ask before stopping: a possible warning sign, or what says most about the hidden dangers."""
        if self._warning or not self.candidates or self.missed <= self.rule.most_missed:
            return self._warning
        ranking = self._ranking_of_hidden
        network, within = self.belief.network, frozenset(self.names)
        return candidates(network, ranking, ranking.values, within, lists=self.rule.lists)[0]

    @cached_property
    def _warning(self) -> Candidate | None:
        """The question or checklist most likely to raise a red flag above the level now, per unit of burden.

        It counts if the chances of its members sum to `LEAST_CHANCE` or more per unit of burden.
        """
        chances = dict.fromkeys(self.ranking.outcomes.names, 0.0)
        for flag in self.flags:
            chances[flag.finding] = max(chances[flag.finding], flag.chance)
        worth = {
            candidate: sum(chances[name] for name in candidate.members) / candidate.burden
            for candidate in self.candidates
        }
        best = max(worth, key=worth.__getitem__, default=None)
        return best if best and worth[best] >= LEAST_CHANCE else None

    @property
    def open_flags(self) -> tuple[OpenFlag, ...]:
        """See `StopAdvice`."""
        return tuple(flag for flag in self.flags if self._warning and flag.finding in self._warning.members)

    @property
    def missed(self) -> float:
        """See `StopAdvice`."""
        return float(sum(danger.missed for danger in self.hidden_dangers))

    @cached_property
    def foreseen_of_hidden(self) -> tuple[str, ...]:
        """As `foreseen`, but the questions are ranked by what they say about the hidden dangers."""
        return self._followed(self._ranking_of_hidden.values)

    @cached_property
    def hidden_dangers(self) -> tuple[HiddenDanger, ...]:
        """See `StopAdvice`. No patients are drawn if asking goes on anyway, or if the dangers are too improbable."""
        if not self.is_enough or self._warning or self._most_hidden <= self.rule.most_missed:
            return ()
        found = hidden_dangers(self.belief, self.foreseen_of_hidden, self._limits, self.rule)
        return tuple(sorted(found, key=lambda danger: -danger.missed))

    @property
    def _most_hidden(self) -> float:
        """The sum of the posteriors of the hidden dangers, an upper bound of `missed`."""
        return float(self.ranking.marginals[self._hidden].sum()) if self.left else 0.0

    @cached_property
    def _hidden(self) -> NDArray[np.bool_]:
        return are_hidden(self.belief, self._limits)

    @cached_property
    def _ranking_of_hidden(self) -> Ranking:
        """The ranking of the questions by their mutual information with the hidden dangers, in bits."""
        gains = information(self.belief.network, self.ranking.outcomes)
        return self.ranking._replace(gains=gains * self._hidden)
