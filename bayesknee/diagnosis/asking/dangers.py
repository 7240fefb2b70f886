"""What could still come out, and is dangerous: three reasons not to end an interview yet.

Open dangers are must-not-miss conditions at or over their limit that one more answer would take under it. Open flags
are red flags that one more answer would raise: they hold whatever the posterior says, so they are worth asking for
though they hardly move it. Both are exact. Hidden dangers are must-not-miss conditions below their limit that asking on
would bring over it. With e what is known, a the answers to all that is left, and c such a condition,

    missed(c) = P(c | e) P(P(c | e, a) >= limit of c | e, c)

is the chance that the patient has c, that asking on would have told, and that ending now does not. It is estimated from
patients drawn given e and c: so few draws tell of what is rare. A question whose gate does not hold in a patient stays
unasked in that patient.
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
from bayesknee.diagnosis.asking.same_decision import StopRule, drawn_answers
from bayesknee.diagnosis.belief import Belief
from bayesknee.diagnosis.triage import is_present
from bayesknee.knowledge.model import LEVELS, RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import askable, make_filter
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.evidence import Evidence, check_evidence


@dataclass(frozen=True)
class OpenDanger:
    """A must-not-miss condition at or over its limit that one more answer could bring under it.

    Attributes:
        condition: its id.
        probability: now.
        limit: the probability below which it may be left.
        finding: the question that is most likely to bring it under.
        chance: of an answer to it that does.
        lowest: the probability after the answer that takes it lowest.
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


MOST_DRAWN: Final = 240  # patients, each time that an interview would end: some 0.1 s


PARTS: Final = 4  # of the most that may be missed, of which one patient drawn stands for no more than one


@dataclass(frozen=True)
class HiddenDanger:
    """A must-not-miss condition below its limit, and what ending now would miss of it.

    Attributes:
        condition: its id.
        probability: now, P(c | e).
        limit: the probability below which it may be left.
        drawn: patients drawn who have it.
        found: those of them in whom all that is left would bring it over its limit.
        missed: the chance that it is there, and that only asking on would tell: `probability` times their share.
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
    dangerous = np.array([each.must_not_miss for each in conditions.values()])
    now = _now(belief)
    return np.asarray(dangerous & (now > 0.0) & (now < np.array([limits[name] for name in conditions])))


def hidden_dangers(
    belief: Belief, left: Collection[str], limits: Mapping[str, float], rule: StopRule
) -> Iterator[HiddenDanger]:
    """What ending now would miss of each condition that is hidden, of which any patient was drawn.

    Args:
        belief: what is known.
        left: ids of the questions to look ahead to.
        limits: of all conditions.
        rule: how much may be missed, and the seed of the draws. They are shared out by how probable the conditions are.
    """
    names, now = list(belief.network.conditions), _now(belief)
    numbers = np.flatnonzero(are_hidden(belief, limits))
    counts = _shared_out(now[numbers], _enough(float(now[numbers].sum()), rule.most_missed))
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
    """How many patients to draw, where the conditions are so probable together."""
    return math.ceil(min(float(MOST_DRAWN), PARTS * hidden / most_missed)) if most_missed else MOST_DRAWN


def _shared_out(weights: Vector, count: int) -> NDArray[np.intp]:
    """So many things, shared out by weight, each share rounded and the sum kept."""
    ends = np.rint(np.cumsum(weights) / weights.sum() * count).astype(np.intp)
    return np.asarray(np.diff(ends, prepend=0))


def _after_all(belief: Belief, left: Collection[str], has: NDArray[np.intp], seed: int) -> Vector:
    """P(c | e, answers to what is left) of a patient drawn for each c in `has`, who has it; shape (patients,)."""
    compiled, evidence = belief.compiled, belief.evidence
    names, rng = list(compiled.network.conditions), np.random.default_rng(seed)
    codes = [nothing_known(compiled.network, 0)]
    for number, count in zip(*np.unique(has, return_counts=True), strict=True):
        having = check_evidence(compiled.network, {**evidence.answers, names[number]: "yes"})
        codes.append(drawn_answers(compiled, having, left, int(count), rng))
    marginals = compiled.strategy.infer_many(np.concatenate(codes), evidence).marginals
    return np.asarray(marginals[np.arange(len(has)), has])


# Judged, for a burden of 1: a question that raises a flag in one patient of a hundred is worth putting.
LEAST_CHANCE: Final = 0.01


@dataclass(frozen=True)
class OpenFlag:
    """A red flag, more urgent than the level now, that an answer to one question would raise.

    Attributes:
        flag: the red flag.
        finding: id of the question.
        states: the answers that raise it.
        chance: of one of them, inside (0, 1].
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
            "finding": self.finding,
            "states": list(self.states),
            "chance": self.chance,
        }


def open_flags(
    belief: Belief,
    wanted: Iterable[str],
    least_chance: float = LEAST_CHANCE,
    limits: Mapping[str, float] | None = None,
) -> tuple[OpenFlag, ...]:
    """The red flags that one answer to a wanted question would raise above the level now; most urgent, likeliest first.

    Args:
        belief: what is known.
        wanted: ids of findings and risk factors; those that cannot be asked now are left out.
        least_chance: of the answer, from which on it counts, for a burden of 1.
        limits: other limits than the network's, by condition, which the level now rests on.
    """
    names = askable(belief.network, belief.evidence, wanted)
    level = LEVELS.index((belief.triage if limits is None else belief.triage_with(limits)).level)
    flags = [each for each in belief.network.red_flags.values() if LEVELS.index(each.level) < level]
    raising = [(flag, name, states) for flag in flags for name, states in _raising(flag, belief.evidence, names)]
    chances = _chances(belief, {name for _, name, _ in raising})
    found = [
        OpenFlag(flag, name, states, sum(chances[name].get(state, 0.0) for state in states))
        for flag, name, states in raising
    ]
    burdens = {name: belief.network.questions[name].burden for name in names}
    likely = (each for each in found if each.chance > 0.0 and each.chance >= least_chance * burdens[each.finding])
    return tuple(sorted(likely, key=lambda each: (LEVELS.index(each.flag.level), -each.chance)))


def _raising(flag: RedFlag, evidence: Evidence, names: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The questions of which one answer makes all lines hold that do not hold yet, each with those answers."""
    missing = [line for line in flag.when if not any(is_present(evidence, *each) for each in line.items())]
    for name in names:
        if missing and all(name in line for line in missing):
            first, *rest = (line[name] for line in missing)
            if states := tuple(state for state in first if all(state in others for others in rest)):
                yield name, states


def _chances(belief: Belief, names: Iterable[str]) -> Mapping[str, Mapping[str, float]]:
    ranked = next_questions(belief, make_filter(belief.network, within=frozenset(names)))
    return {each.finding: {one.state: one.probability for one in each.outcomes} for each in ranked}
