"""The numbers of an entry of a network, drawn anew from their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import MixtureNumbers, sign_likelihood
from bayesknee.knowledge.model import Condition, Finding, Mixture, RiskFactor, Sign, stated_as
from bayesknee.knowledge.ranges import Ranges, drawn_vector, stream
from bayesknee.patient.evidence import Likelihood

USUAL_DRAWS: Final = 1000  # 25 draws lie beyond either end of a 95 % interval; the time grows in proportion
Drawn: TypeAlias = Mapping[tuple[str, ...], Vector]


def drawn_numbers(entry: RiskFactor | Condition | Sign | Finding, draws: int, seed: int) -> Drawn:
    """The drawn numbers of an entry by path, shape (draws,)."""
    ranges = Ranges(entry)
    return dict(zip(ranges.paths, ranges.draw(stream(seed, entry.id), draws), strict=True))


def drawn_distribution(drawn: Drawn, path: tuple[str, ...], stated: Iterable[str], states: Sequence[str]) -> Vector:
    """P(state) from the drawn numbers at a path, shape (states, draws); an unstated state gets the remainder."""
    return drawn_vector({state: drawn[*path, state] for state in stated}, states)


def drawn_reading(drawn: Drawn, likelihood: Likelihood) -> Vector:
    """The likelihood of an answer given no sign, and given the sign, shape (2, draws)."""
    return np.stack(sign_likelihood(likelihood, drawn["reads", "sensitivity"], drawn["reads", "specificity"]))


def drawn_mixture(rule: Mixture, states: tuple[str, ...], causes: Sequence[str], drawn: Drawn) -> MixtureNumbers:
    """The drawn numbers of a mixture, with the draws on the last axis.

    Args:
        rule: the mixture.
        states: of its finding.
        causes: ids of all conditions, or of their forms.
        drawn: numbers by path.
    """
    draws = len(next(iter(drawn.values())))

    def distribution(path: tuple[str, ...], stated: Iterable[str]) -> Vector:
        return drawn_distribution(drawn, path, stated, states)

    uniform = np.full((len(states), draws), 1.0 / len(states))
    otherwise = distribution(("mixture", "otherwise"), rule.otherwise.numbers) if rule.otherwise else uniform
    distributions = [
        distribution(("mixture", "distributions", name), rule.distributions[name].numbers) if name else otherwise
        for name in (stated_as(rule.distributions, cause) for cause in causes)
    ]
    ones = np.ones(draws)
    weights = np.array(
        [drawn.get(("mixture", "weights", stated_as(rule.weights, cause) or ""), ones) for cause in causes]
    )
    return MixtureNumbers(weights, np.array(distributions), otherwise)
