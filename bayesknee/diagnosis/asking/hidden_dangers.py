"""What ending now would miss: must-not-miss conditions below their limit that asking on would bring over it.

With e what is known, a the answers to all that is left, and c a must-not-miss condition below its limit,

    missed(c) = P(c | e) P(P(c | e, a) >= limit of c | e, c)

is the chance that the patient has c, that asking on would have told, and that ending now does not. It is estimated from
patients drawn given e and c: so few draws tell of what is rare. A question whose gate does not hold in a patient stays
unasked in that patient.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.diagnosis.asking.same_decision import StopRule, drawn_answers
from bayesknee.diagnosis.belief import Belief
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.evidence import check_evidence

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
