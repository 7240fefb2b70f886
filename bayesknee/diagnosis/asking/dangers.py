"""Must-not-miss conditions that one more answer would take under their limit; all of it exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bayesknee.diagnosis.asking.objectives import by_question
from bayesknee.diagnosis.asking.ranking import Ranking
from bayesknee.knowledge.network import Network


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
