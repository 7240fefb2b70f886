"""Which questions can change what is done: the leader, the level of urgency, or what is ruled out.

The value of a question is the expected number of such changes for each unit of burden,

    value(question) = sum over answers a of P(a | e) changes(a)  /  burden
    changes(a) = [ another leader ] + [ another level ] + number of dangers over their limit that a takes below it

A question may tell much about a condition and still change nothing: a test of a ligament whose tear is at 0.2 % has
information, and no value here. This looks one answer ahead. Red flags that the answer raises, or sets aside, count.
Thresholds count as if the complaint were known: that any first finding makes them count is no merit of a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Integers
from bayesknee.diagnosis.asking.objectives import by_question
from bayesknee.diagnosis.asking.ranking import ranking_of
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import CareSteps, levels
from bayesknee.inference.results import Outcomes
from bayesknee.knowledge.model import LEVELS, Level, Question
from bayesknee.patient.codes import nothing_known
from bayesknee.plain import attributes

# The least probability of an answer that changes something. Judged: one patient in ten. A smaller one would propose
# tests whose only use is a rare surprise, which any test of anything has.
LEAST_CHANCE: Final = 0.1


@dataclass(frozen=True)
class DecisiveAnswer:
    """An answer that would change something.

    Attributes:
        state: the answer.
        probability: P(answer | evidence), inside (0, 1].
        leader: id of the condition that would lead.
        level: the level of urgency that the case would have.
        below_limit: ids of the conditions not ruled out that would fall below their limit.
        changes: how many of leader, level and conditions below their limit would be new.
    """

    state: str
    probability: float
    leader: str
    level: Level
    below_limit: tuple[str, ...]
    changes: int

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class DecisiveQuestion:
    """A question that can change what is done.

    Attributes:
        asked: the finding or risk factor.
        value: expected changes for each unit of burden, above 0.
        chance: the probability of an answer that changes something, inside (0, 1].
        answers: those that do, the most probable first.
    """

    asked: Question = field(hash=False)
    value: float
    chance: float
    answers: tuple[DecisiveAnswer, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        asked = {"finding": self.asked.id, **attributes(self.asked, ("question", "asked_of", "burden"))}
        return {**asked, **attributes(self, ("value", "chance", "answers"))}


def decisive_questions(
    belief: Belief, wanted: Sequence[str], least_chance: float = LEAST_CHANCE
) -> tuple[DecisiveQuestion, ...]:
    """Those of these questions that can be asked now and can change what is done, the most valuable first.

    Args:
        belief: the posterior and the answers so far.
        wanted: ids of findings and risk factors.
        least_chance: the least probability of an answer that changes something, inside [0, 1].
    """
    outcomes = ranking_of(belief, wanted).outcomes
    if not outcomes.names:
        return ()
    now, after = _decisions(belief, outcomes)
    changes = (after.leaders != now.leaders) * 1 + (after.levels != now.levels) + (now.over & ~after.over).sum(axis=1)
    changes *= outcomes.probabilities > 0.0
    chances = by_question(outcomes, outcomes.probabilities * (changes > 0)).tolist()
    expected = by_question(outcomes, outcomes.probabilities * changes).tolist()
    answers = list(_answers(belief, outcomes, changes, now, after))
    found = []
    for name, first, end, chance, gain in zip(outcomes.names, *_ends(outcomes), chances, expected, strict=True):
        if chance > 0.0 and chance >= least_chance:
            asked = belief.network.questions[name]
            telling = sorted(answers[first:end], key=lambda each: -each.probability)
            found.append(
                DecisiveQuestion(asked, gain / asked.burden, chance, tuple(each for each in telling if each.changes))
            )
    return tuple(sorted(found, key=lambda each: -each.value))


def _ends(outcomes: Outcomes) -> tuple[list[int], list[int]]:
    """The first row of each question, and the row after its last."""
    starts = outcomes.starts.tolist()
    return starts[:-1], starts[1:]


class _Actions(NamedTuple):
    """What is done, for the evidence alone or after each answer.

    Attributes:
        leaders: the number of the leading condition, shape (rows,).
        levels: the level of urgency, as an index into `LEVELS`, shape (rows,).
        over: which must-not-miss conditions are not below their limit, shape (rows, conditions).
    """

    leaders: Integers
    levels: NDArray[np.int8]
    over: Bools


def _decisions(belief: Belief, outcomes: Outcomes) -> tuple[_Actions, _Actions]:
    """The decisions now, in one row, and after each answer."""
    network, steps = belief.network, CareSteps(belief.network, belief.setting)
    columns = {name: column for column, name in enumerate(network.questions)}
    codes = nothing_known(network, 1 + len(outcomes.probabilities))
    for name, first, end in zip(outcomes.names, *_ends(outcomes), strict=True):
        codes[1 + first : 1 + end, columns[name]] = np.arange(end - first)
    posteriors = np.vstack([outcomes.marginals, outcomes.posteriors])
    limits = np.array(
        [steps.limits[name] if each.must_not_miss else np.inf for name, each in network.conditions.items()]
    )
    called = steps.levels(posteriors, np.ones(len(codes), np.bool_))
    leaders = np.round(posteriors, TIE_DECIMALS).argmax(axis=1)
    urgent = np.minimum(levels(steps, posteriors, codes, belief.evidence), called)
    over = posteriors >= limits
    return _Actions(leaders[:1], urgent[:1], over[:1]), _Actions(leaders[1:], urgent[1:], over[1:])


def _answers(
    belief: Belief, outcomes: Outcomes, changes: Integers, now: _Actions, after: _Actions
) -> Iterator[DecisiveAnswer]:
    """All answers to all questions, in the order of the rows."""
    names = list(belief.network.conditions)
    states = [state for name in outcomes.names for state in belief.network.states[name]]
    for row, state in enumerate(states):
        yield DecisiveAnswer(
            state,
            float(outcomes.probabilities[row]),
            names[int(after.leaders[row])],
            LEVELS[int(after.levels[row])],
            tuple(names[number] for number in np.flatnonzero(now.over[0] & ~after.over[row]).tolist()),
            int(changes[row]),
        )
