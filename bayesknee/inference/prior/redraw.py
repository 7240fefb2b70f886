"""The prior of a network redrawn many times: as `joint` and `intercepts` have it, for all draws at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.drawn_numbers import drawn_distribution, drawn_numbers
from bayesknee.inference.prior.factors import Factor
from bayesknee.inference.prior.intercepts import Intercepts, InterceptSearch
from bayesknee.inference.prior.joint import sum_over_blocks
from bayesknee.inference.prior.parents import ParentNumbers, Parents, given_parents
from bayesknee.knowledge.model import RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import draw_base_rates
from bayesknee.patient.evidence import Likelihood

# By draws and seed: callers mostly keep to one pair, and each has numbers for all conditions in every draw. Judged.
MOST_KEPT: Final = 2


class PriorDraws(NamedTuple):
    """Redrawn figures of conditions and risk factors, the draws as the last axis.

    Attributes:
        numbers: priors of risk factors, and odds ratios.
        intercepts: a_c, shape (conditions, draws).
        complaint: P(complaint), shape (draws,).
    """

    numbers: ParentNumbers
    intercepts: Vector
    complaint: Vector

    def span(self, draws: slice) -> PriorDraws:
        """A range of the draws."""
        return PriorDraws(self.numbers.span(draws), self.intercepts[:, draws], self.complaint[draws])

    def factor(self, c: int, cut: Mapping[int, int | slice]) -> Factor:
        """P(c | parents) of a condition, where parents are in known states or in a range of them."""
        return given_parents(c, self.numbers.odds(c, np.exp(self.intercepts[c]), cut))


class RedrawnPrior:
    """Redraws the prior of a network in a setting, and sums it over what is not known.

    Args:
        network: the network.
        parents: how its conditions hang on risk factors and each other, in a setting.
        intercepts: a_c by condition, as the network stands.
        complaint: P(complaint), likewise.
    """

    def __init__(self, network: Network, parents: Parents, intercepts: Vector, complaint: float) -> None:
        self._network = network
        self._parents = parents
        self._search = InterceptSearch(parents)
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

    def joint(self, drawn: PriorDraws, known: Mapping[str, Likelihood], order: Sequence[int]) -> Vector:
        """P(s, known risk factors) / P(complaint), shape (2**n, draws).

        By one plan: in each draw the parts of the sum are others, so there is nothing to keep for another patient.

        Args:
            drawn: the draws.
            known: a likelihood for each state, by risk factor.
            order: in which to sum blocks out; that of `Prior`.
        """
        *numbers, common = self._parents.block_numbers
        cut: dict[int, int | slice] = {}
        weights: dict[int, Factor] = {}
        for number in (common, *numbers):
            block = self._parents.block_of[number]
            answers = [known.get(name) for name in block.ids]
            states, _ = block.possible(answers)
            is_sure = number != common and states.stop - states.start == 1
            cut[number] = states.start if is_sure else states
            table = (drawn.numbers.priors[number] * block.likelihood(answers)[:, None])[cut[number]]
            weights[number] = Factor(() if is_sure else (number,), table)
        weights[common] = Factor((common,), weights[common].table / drawn.complaint)
        n = len(self._parents.conditions)
        factors = [self._factor(drawn, c, cut, weights) for c in range(n)]
        return sum_over_blocks([*weights.values(), *factors], order, n)

    def _factor(self, drawn: PriorDraws, c: int, cut: Mapping[int, int | slice], weights: dict[int, Factor]) -> Factor:
        """P(c | parents), with the block that touches c alone summed out, and taken from the weights.

        State by state, as the table over all of them may be so large that most of the time is spent on new memory.
        """
        private = self._parents.private_blocks[c]
        if private is None or isinstance(states := cut[private], int):
            return drawn.factor(c, cut)
        first, *others = weights.pop(private).table
        variables, total = drawn.factor(c, {**cut, private: states.start})
        total *= first
        for state, weight in enumerate(others, start=states.start + 1):
            total += drawn.factor(c, {**cut, private: state}).table * weight
        return Factor(variables, total)
