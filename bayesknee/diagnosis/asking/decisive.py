"""Which questions can change what is done: the leader, the level of urgency, or what is ruled out.

The value of a question is the expected size of such changes, for the burden of an examination and of its occasion:

    value(question) = sum over answers a of P(a | e) change(a)  /  (burden + OCCASION)
    change(a) = lead of a new leader + levels of urgency moved + number of dangers that a takes below their limit

The lead of a new leader is its probability less that of the present leader, after the answer.

A question may tell much about a condition and still change nothing: a test of a ligament whose tear is at 0.2 % has
information, and no value here. This looks one answer ahead. Red flags that the answer raises, or sets aside, count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import TIE_DECIMALS, Bools, Integers, Vector
from bayesknee.diagnosis.asking.objectives import by_question
from bayesknee.diagnosis.asking.ranking import codes_after, ranking_of
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.triage import levels
from bayesknee.inference.results import Outcomes
from bayesknee.knowledge.model import LEVELS, Level, Question
from bayesknee.plain import attributes

# The least probability of an answer that changes something. Judged: one patient in ten. A smaller one would propose
# tests whose only use is a rare surprise, which any test of anything has.
LEAST_CHANCE: Final = 0.1
# The burden of the occasion, which any examination or test takes. Judged: with 0, a sign that is cheap and just crosses
# a threshold comes before the scan that settles the matter; a large one makes an MRI cost as little as a look.
OCCASION: Final = 4.0
# The least value. Judged: a test of burden 6 that moves one level of urgency in one patient of five. A smaller one
# proposes a needle or an MRI for what is not suspected.
LEAST_VALUE: Final = 0.02


@dataclass(frozen=True)
class DecisiveAnswer:
    """An answer that would change something.

    Attributes:
        state: the answer.
        probability: P(answer | evidence), inside (0, 1].
        leader: id of the condition that would lead.
        level: the level of urgency that the case would have.
        below_limit: ids of the conditions not ruled out that would fall below their limit.
        change: how much would be new: the lead of a new leader, 1 for each level of urgency moved and for each of
            `below_limit`; above 0.
    """

    state: str
    probability: float
    leader: str
    level: Level
    below_limit: tuple[str, ...]
    change: float

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return attributes(self)


@dataclass(frozen=True)
class DecisiveQuestion:
    """A question that can change what is done.

    Attributes:
        asked: the finding or risk factor.
        value: the expected change for each unit of burden, that of the occasion included; above 0.
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
    belief: Belief, wanted: Sequence[str], least_chance: float = LEAST_CHANCE, least_value: float = LEAST_VALUE
) -> tuple[DecisiveQuestion, ...]:
    """Those of these questions that can be asked now and can change what is done, the most valuable first.

    Args:
        belief: the posterior and the answers so far.
        wanted: ids of findings and risk factors.
        least_chance: the least probability of an answer that changes something, inside [0, 1].
        least_value: the least value, 0 or more.
    """
    outcomes = ranking_of(belief, wanted).outcomes
    if not outcomes.names:
        return ()
    now, after = _decisions(belief, outcomes)
    lead = outcomes.posteriors.max(axis=1) - outcomes.posteriors[:, now.leaders[0]]
    moved = np.abs(after.levels.astype(np.intp) - now.levels)
    changes = lead * (after.leaders != now.leaders) + moved + (now.over & ~after.over).sum(axis=1)
    changes *= outcomes.probabilities > 0.0
    chances = by_question(outcomes, outcomes.probabilities * (changes > 0.0)).tolist()
    expected = by_question(outcomes, outcomes.probabilities * changes).tolist()
    answers = list(_answers(belief, outcomes, changes, now, after))
    found = []
    for name, first, end, chance, gain in zip(outcomes.names, *_ends(outcomes), chances, expected, strict=True):
        asked = belief.network.questions[name]
        value = gain / (asked.burden + OCCASION)
        if chance > 0.0 and chance >= least_chance and value >= least_value:
            telling = sorted(
                (answer for answer in answers[first:end] if answer.change), key=lambda each: -each.probability
            )
            found.append(DecisiveQuestion(asked, value, chance, tuple(telling)))
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
    network, steps = belief.network, CareSteps(belief.compiled)
    codes = codes_after(network, outcomes)
    posteriors = np.vstack([outcomes.marginals, outcomes.posteriors])
    limits = np.array(
        [steps.limits[name] if condition.must_not_miss else np.inf for name, condition in network.conditions.items()]
    )
    leaders = np.round(posteriors, TIE_DECIMALS).argmax(axis=1)
    urgent = levels(steps, posteriors, codes, belief.evidence)
    over = posteriors >= limits
    return _Actions(leaders[:1], urgent[:1], over[:1]), _Actions(leaders[1:], urgent[1:], over[1:])


def _answers(
    belief: Belief, outcomes: Outcomes, changes: Vector, now: _Actions, after: _Actions
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
            float(changes[row]),
        )
