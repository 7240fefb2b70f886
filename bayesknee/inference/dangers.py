"""Must-not-miss conditions that one more answer would take over or under their limit; all of it exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bayesknee.inference.objectives import by_question
from bayesknee.inference.questions import Ranking
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.model import Network


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


@dataclass(frozen=True)
class HiddenDanger:
    """A must-not-miss condition below its limit that an answer to one question would bring over it.

    Attributes:
        condition: its id.
        probability: now.
        limit: the probability below which it may be left.
        finding: the question.
        chance: of an answer that does, inside (0, 1].
        highest: the probability after the answer that takes it highest.
    """

    condition: str
    probability: float
    limit: float
    finding: str
    chance: float
    highest: float


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


def hidden_dangers(network: Network, ranking: Ranking, limits: Mapping[str, float]) -> Iterator[HiddenDanger]:
    """The must-not-miss conditions below their limit, each with all ranked questions that could bring it over."""
    outcomes = ranking.outcomes
    for column, (name, condition) in enumerate(network.conditions.items()):
        limit, now = limits[name], float(ranking.marginals[column])
        if not condition.must_not_miss or now >= limit:
            continue
        after = outcomes.posteriors[:, column]
        chances = by_question(outcomes, outcomes.probabilities * (after >= limit))
        for number in np.flatnonzero(chances > 0.0).tolist():
            highest = float(after[outcomes.starts[number] : outcomes.starts[number + 1]].max())
            yield HiddenDanger(name, now, limit, outcomes.names[number], float(chances[number]), highest)


def over_limit_chances(network: Network, ranking: Ranking, limits: Mapping[str, float]) -> Mapping[str, float]:
    """By ranked question, the chance of an answer that brings any must-not-miss condition over its limit."""
    dangerous = np.array([each.must_not_miss for each in network.conditions.values()])
    bounds: Vector = np.array([limits[name] for name in network.conditions])
    hidden = dangerous & (ranking.marginals < bounds)
    outcomes = ranking.outcomes
    crosses = ((outcomes.posteriors >= bounds) & hidden).any(axis=1)
    return dict(zip(outcomes.names, by_question(outcomes, outcomes.probabilities * crosses).tolist(), strict=True))
