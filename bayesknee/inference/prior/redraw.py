"""The prior of a network redrawn many times: as `joint` and `intercepts` have it, for all draws at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.drawn_numbers import drawn_distribution, drawn_numbers
from bayesknee.inference.prior.drawn_tables import drawn_tables
from bayesknee.inference.prior.intercepts import Intercepts, InterceptSearch
from bayesknee.inference.prior.joint import sum_over_blocks
from bayesknee.inference.prior.limited import LimitedSearch, SumByParts
from bayesknee.inference.prior.parents import ParentNumbers, Parents, PriorDraws
from bayesknee.knowledge.model import RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import draw_base_rates
from bayesknee.patient.evidence import Likelihood

# By draws and seed: callers mostly keep to one pair, and each has numbers for all conditions in every draw. Judged.
MOST_KEPT: Final = 2


class RedrawnPrior:
    """Redraws the prior of a network in a setting, and sums it over what is not known.

    Args:
        network: the network.
        parents: how its conditions hang on risk factors and each other, in a setting.
        intercepts: a_c by condition, as the network stands.
        complaint: P(complaint), likewise.
        order: in which to sum blocks out; that of `Prior`.
    """

    def __init__(
        self, network: Network, parents: Parents, intercepts: Vector, complaint: float, order: Sequence[int] = ()
    ) -> None:
        self._network = network
        self._parents = parents
        self._order = tuple(order)
        self._sums = SumByParts(parents, order) if parents.most is not None else None
        self._search = LimitedSearch(parents, self._sums) if self._sums else InterceptSearch(parents)
        self._stated = Intercepts(intercepts[:, None], np.array([complaint]))
        self._kept: dict[tuple[int, int], PriorDraws] = {}

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self, draws: int, seed: int, chunk: int) -> PriorDraws:
        """That many draws, kept for the next call; those of a seed are always the same.

        Args:
            draws: how many, 1 or more.
            seed: 0 or more.
            chunk: for how many at a time intercepts are searched. It shows in the time, and in no number.
        """
        if (found := self._kept.get((draws, seed))) is None:
            found = self._draw(draws, seed, chunk)
            keep(self._kept, (draws, seed), found, MOST_KEPT)
        return found

    def _draw(self, draws: int, seed: int, chunk: int) -> PriorDraws:
        numbers = self._draw_numbers(draws, seed)
        found = PriorDraws(numbers, np.empty_like(numbers.base_rates), np.empty(draws))
        for start in range(0, draws, chunk):
            span = slice(start, min(start + chunk, draws))
            found.intercepts[:, span], found.complaint[span] = self._search.solve(numbers.span(span), self._stated)
        return found

    def _draw_numbers(self, draws: int, seed: int) -> ParentNumbers:
        conditions, key = self._network.conditions, self._parents.key
        by_condition = [drawn_numbers(condition, draws, seed) for condition in conditions.values()]
        rates, ones = draw_base_rates(self._network, seed, draws), np.ones(draws)

        def odds_ratios(c: int, parent: str, states: tuple[str, ...]) -> Vector:
            return np.array([by_condition[c].get(("odds_ratios", parent, state), ones) for state in states])

        def prior(factor: RiskFactor) -> Vector:
            drawn, setting = drawn_numbers(factor, draws, seed), key(factor.prior)
            return drawn_distribution(drawn, ("prior", setting), factor.prior[setting].numbers, factor.states)

        paths = [("conditions", name, "base_rate", key(model.base_rate)) for name, model in conditions.items()]
        return self._parents.redrawn(prior, odds_ratios, np.array([rates[path] for path in paths]))

    # --- the sum over what is not known ------------------------------------------------------------------------------

    def joint(self, drawn: PriorDraws, known: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors) / P(complaint), shape (sets, draws).

        In each draw the parts of the sum are others, so there is nothing to keep for another patient.

        Args:
            drawn: the draws.
            known: a likelihood for each state, by risk factor.
        """
        weights, factors = drawn_tables(self._parents, drawn, known)
        if self._sums:
            return self._sums.joint(weights, factors)
        return sum_over_blocks([*weights.values(), *factors], self._order, len(self._parents.conditions))
