"""Risk factors drawn given a set of conditions and what is known: summed out forward, then drawn backward.

A block is summed out with all that hangs on it, and the product before the sum is kept. In the reverse order that
product, with the blocks drawn before put in, is the distribution of the block up to a constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from bayesknee.arrays import Integers
from bayesknee.inference.drawn_states import draw_each
from bayesknee.inference.prior.factors import SETS, Factor, sum_out
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.parents import Block
from bayesknee.patient.evidence import Likelihood

MOST_NUMBERS_AT_ONCE: Final = 2**21  # 16 megabytes in the largest table: sets are taken so many at a time


class RiskFactors:
    """Draws risk factors in a network and setting.

    Args:
        prior: of that network and setting.
        known: a likelihood for each state, by risk factor.
    """

    def __init__(self, prior: Prior, known: Mapping[str, Likelihood]) -> None:
        self._parents = prior.parents
        self._tables = [self._parents.factor(c, float(a)) for c, a in enumerate(prior.intercepts)]
        self._blocks = self._parents.block_of
        self._weights = {
            number: block.weights([known.get(name) for name in block.ids]) for number, block in self._blocks.items()
        }
        self._order = _order(prior)
        self._largest = prior.largest_table

    def draw(self, subsets: Integers, rng: np.random.Generator) -> dict[str, Integers]:
        """A state of each risk factor for each row.

        Args:
            subsets: shape (rows,); each possible, given what is known.
            rng: source of chance.

        Returns:
            By risk factor, the number of its state, shape (rows,).
        """
        distinct, which = np.unique(subsets, return_inverse=True)
        length = max(1, MOST_NUMBERS_AT_ONCE // self._largest)
        drawn = {name: np.empty(len(subsets), np.intp) for block in self._blocks.values() for name in block.ids}
        for start in range(0, len(distinct), length):
            rows = np.flatnonzero((start <= which) & (which < start + length))
            products = self._forward(distinct[start : start + length])
            for number, states in self._backward(products, which[rows] - start, rng).items():
                for name, of_member in _by_member(self._blocks[number], states).items():
                    drawn[name][rows] = of_member
        return drawn

    def _forward(self, subsets: Integers) -> list[tuple[int, Factor]]:
        """The product that each block was summed out of, in the order in which they were."""
        members, conditions = self._parents.sets.membership[subsets], range(len(self._parents.conditions))
        left = [factor.over_sets(conditions, members) for factor in self._tables]
        products: list[tuple[int, Factor]] = []
        for number in self._order:
            ones, weights = Factor((SETS,), np.ones(len(subsets))), Factor((number,), self._weights[number])
            product = sum_out([ones, weights, *(factor for factor in left if number in factor.variables)], [])
            rest = sum_out([product], [number])
            left = [factor for factor in left if number not in factor.variables] + [rest]
            products.append((number, product))
        return products

    def _backward(
        self, products: list[tuple[int, Factor]], which: Integers, rng: np.random.Generator
    ) -> dict[int, Integers]:
        drawn: dict[int, Integers] = {SETS: which}
        for number, (variables, table) in reversed(products):
            others = tuple(drawn[variable] for variable in variables if variable != number)
            chances = np.moveaxis(table, variables.index(number), -1)[others]
            drawn[number] = draw_each(chances, rng)
        del drawn[SETS]
        return drawn


def risk_factor_draws(prior: Prior) -> int:
    """How many random numbers a patient's risk factors take."""
    return len(_order(prior))


def _order(prior: Prior) -> tuple[int, ...]:
    """The blocks in the order in which they are summed out."""
    return (*prior.order, prior.parents.block_numbers[-1])


def _by_member(block: Block, states: Integers) -> dict[str, Integers]:
    sizes = [len(member.states) for member in block.members]
    return dict(zip(block.ids, np.unravel_index(states, sizes), strict=True)) if sizes else {}
