"""Three reasons not to stop asking yet: open dangers, open flags and hidden dangers.

Open dangers are must-not-miss conditions at or over their limit that one more answer would bring under it. Open flags
are red flags that one more answer would raise. They hold whatever the posterior says, so they are worth a question that
hardly moves it. Both are exact. Hidden dangers are must-not-miss conditions below their limit that further answers
would bring over it. With e the evidence, a the answers to all questions left, and c such a condition,

    missed(c) = P(c | e) P(P(c | e, a) >= limit of c | e, c)

is the probability that the patient has c, and that further questions would find it. It is estimated from patients drawn
given e and c, so a few draws suffice for a rare condition. A question whose gate does not hold in a drawn patient is
not asked of that patient.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.next_questions import next_questions
from bayesknee.diagnosis.asking.objectives import by_question
from bayesknee.diagnosis.asking.ranking import Ranking
from bayesknee.diagnosis.asking.same_decision import FEWEST, StopRule, drawn_answers, patients_in_share
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import is_present
from bayesknee.knowledge.model import LEVELS, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import askable, make_filter
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.plain import attributes


@dataclass(frozen=True)
class OpenDanger:
    """A must-not-miss condition at or over its limit that one more answer could bring under it.

    Attributes:
        condition: its id.
        probability: P(condition | evidence).
        limit: the probability below which the condition may be left alone.
        finding: id of the question that is most likely to bring it under its limit.
        chance: the probability of an answer to `finding` that does, inside (0, 1].
        lowest: the posterior after the answer to `finding` that lowers it most.
    """

    condition: str
    probability: float
    limit: float
    finding: str
    chance: float
    lowest: float


def open_dangers(network: Network, ranking: Ranking, limits: Mapping[str, float]) -> Iterator[OpenDanger]:
    """The must-not-miss conditions over their limit that an answer to a ranked question would take under it."""
    outcomes = ranking.outcomes
    for column, (name, condition) in enumerate(network.conditions.items()):
        limit, now = limits[name], float(ranking.marginals[column])
        if not condition.must_not_miss or now < limit or not outcomes.names:
            continue
        after = np.where(outcomes.probabilities > 0.0, outcomes.posteriors[:, column], 1.0)
        chances = by_question(outcomes, outcomes.probabilities * (after < limit))
        best = int(chances.argmax())
        if chances[best] > 0.0:
            lowest = float(after[outcomes.starts[best] : outcomes.starts[best + 1]].min())
            yield OpenDanger(name, now, limit, outcomes.names[best], float(chances[best]), lowest)


# Patients drawn each time an interview would stop: about 0.1 s. Fewer make the estimate of `missed` coarser.
MOST_DRAWN: Final = 240
# One drawn patient stands for at most this fraction, 1 / PARTS, of `most_missed`. With 1, a single patient would decide
# whether asking goes on. Judged.
PARTS: Final = 4


@dataclass(frozen=True)
class HiddenDanger:
    """A must-not-miss condition below its limit, and the probability that stopping now misses it.

    Attributes:
        condition: its id.
        probability: P(c | e).
        limit: the probability below which the condition may be left alone.
        drawn: how many patients were drawn who have it.
        found: in how many of these the answers to all questions left would bring it over its limit.
        missed: the probability that it is present and found only by asking on: `probability * found / drawn`.
    """

    condition: str
    probability: float
    limit: float
    drawn: int
    found: int
    missed: float


def are_hidden(belief: Belief, limits: Mapping[str, float]) -> NDArray[np.bool_]:
    """Which conditions are must-not-miss, possible, and below their limit, shape (conditions,)."""
    conditions = belief.network.conditions
    dangerous = np.array([condition.must_not_miss for condition in conditions.values()])
    now = _now(belief)
    return np.asarray(dangerous & (now > 0.0) & (now < np.array([limits[name] for name in conditions])))


def hidden_dangers(
    belief: Belief, left: Collection[str], limits: Mapping[str, float], rule: StopRule
) -> Iterator[HiddenDanger]:
    """The hidden dangers for which patients were drawn. Draws are divided in proportion to the posteriors.

    Args:
        belief: the posterior and the answers so far.
        left: ids of the questions to look ahead to.
        limits: of all conditions, by id.
        rule: how much may be missed, and the seed of the draws.
    """
    names, now = list(belief.network.conditions), _now(belief)
    numbers = np.flatnonzero(are_hidden(belief, limits))
    enough = min(
        _enough(float(now[numbers].sum()), rule.most_missed),
        belief.compiled.budget.draws,
        max(FEWEST, patients_in_share(belief, left)),
    )
    counts = _shared_out(now[numbers], enough)
    has = np.repeat(numbers, counts)
    after = _after_all(belief, left, has, rule.seed)
    for number, drawn in zip(numbers.tolist(), counts.tolist(), strict=True):
        if drawn:
            name, limit, probability = names[number], limits[names[number]], float(now[number])
            found = int((after[has == number] >= limit).sum())
            yield HiddenDanger(name, probability, limit, drawn, found, probability * found / drawn)


def _now(belief: Belief) -> Vector:
    return np.array([belief.posterior[name] for name in belief.network.conditions])


def _enough(hidden: float, most_missed: float) -> int:
    """How many patients to draw if the posteriors of the hidden conditions sum to `hidden`."""
    return math.ceil(min(float(MOST_DRAWN), PARTS * hidden / most_missed)) if most_missed else MOST_DRAWN


def _shared_out(weights: Vector, count: int) -> NDArray[np.intp]:
    """`count` divided in proportion to the weights into whole numbers that sum to it, shape as `weights`."""
    ends = np.rint(np.cumsum(weights) / weights.sum() * count).astype(np.intp)
    return np.asarray(np.diff(ends, prepend=0))


def _after_all(belief: Belief, left: Collection[str], has: NDArray[np.intp], seed: int) -> Vector:
    """P(c | e, answers to the questions left) of a patient drawn given c, for each c in `has`; shape (patients,)."""
    compiled, evidence = belief.compiled, belief.evidence
    names, rng = list(compiled.network.conditions), np.random.default_rng(seed)
    codes = [nothing_known(compiled.network, 0)]
    for number, count in zip(*np.unique(has, return_counts=True), strict=True):
        having = check_evidence(compiled.network, {**evidence.answers, names[number]: "yes"})
        codes.append(drawn_answers(compiled, having, left, int(count), rng))
    marginals = compiled.strategy.infer_many(np.concatenate(codes), evidence).marginals
    return np.asarray(marginals[np.arange(len(has)), has])


# The least probability of raising a red flag at which a question of burden 1 is asked. Judged: one patient in a
# hundred. A smaller one makes interviews longer, a larger one leaves more warning signs unasked.
LEAST_CHANCE: Final = 0.01


@dataclass(frozen=True)
class OpenFlag:
    """A red flag, more urgent than the level now, that an answer to one question would raise.

    Attributes:
        flag: the red flag.
        finding: id of the question.
        states: the answers that raise it.
        chance: the probability of one of `states`, inside (0, 1].
    """

    flag: RedFlag
    finding: str
    states: tuple[str, ...]
    chance: float

    def to_dict(self) -> dict[str, Any]:
        """As plain data, ready for JSON."""
        return {
            "red_flag": self.flag.id,
            "level": self.flag.level,
            **attributes(self, ("finding", "states", "chance")),
        }


def open_flags(
    belief: Belief,
    wanted: Iterable[str],
    least_chance: float = LEAST_CHANCE,
    limits: Mapping[str, float] | None = None,
) -> tuple[OpenFlag, ...]:
    """The red flags above the level now that one answer would raise; the most urgent first, then the most probable.

    Args:
        belief: the posterior and the answers so far.
        wanted: ids of findings and risk factors; those that cannot be asked now are left out.
        least_chance: the least probability of the answer per unit of burden, inside [0, 1].
        limits: other limits than the network's, by condition id, for the level now.
    """
    names = askable(belief.network, belief.evidence, wanted)
    level = LEVELS.index((belief.triage if limits is None else belief.triage_with(limits)).level)
    flags = [flag for flag in belief.network.red_flags.values() if LEVELS.index(flag.level) < level]
    raising = [(flag, name, states) for flag in flags for name, states in _raising(flag, belief.evidence, names)]
    chances = _chances(belief, {name for _, name, _ in raising})
    found = [
        OpenFlag(flag, name, states, sum(chances[name].get(state, 0.0) for state in states))
        for flag, name, states in raising
    ]
    burdens = {name: belief.network.questions[name].burden for name in names}
    likely = (flag for flag in found if flag.chance > 0.0 and flag.chance >= least_chance * burdens[flag.finding])
    return tuple(sorted(likely, key=lambda flag: (LEVELS.index(flag.flag.level), -flag.chance)))


def _raising(flag: RedFlag, evidence: Evidence, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The questions of which one answer makes all lines hold that do not hold yet, with these answers."""
    missing = [line for line in flag.when if not any(is_present(evidence, *item) for item in line.items())]
    for name in names:
        if missing and all(name in line for line in missing):
            first, *rest = (line[name] for line in missing)
            if states := tuple(state for state in first if all(state in others for others in rest)):
                yield name, states


def _chances(belief: Belief, names: Iterable[str]) -> Mapping[str, Mapping[str, float]]:
    ranked = next_questions(belief, make_filter(belief.network, within=frozenset(names)))
    return {
        question.finding: {outcome.state: outcome.probability for outcome in question.outcomes} for question in ranked
    }
