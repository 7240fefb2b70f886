"""How P(s, known risk factors) changes with the numbers that stand before the findings.

These are the base rates, the odds ratios and the priors of risk factors. Sums over subsets of conditions are taken back
through the product of tables that gave them (reverse mode), which gives their derivatives by every entry of every table
at once; and from those, by every number: see `bayesknee.inference.prior.number_moves`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.prior.factors import Factor, FactorScope
from bayesknee.inference.prior.joint import Prior, joint_plan, places
from bayesknee.inference.prior.number_moves import PriorNumbers, Raw
from bayesknee.inference.prior.part_gradients import through_parts
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.knowledge.model import Path
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood

YES: Final = 1
# Numbers in the derivatives by the largest table, for all sums of a part: 8 MB, and a few more arrays of that size.
# Smaller parts take more calls, larger ones more memory. Judged.
MOST_NUMBERS_AT_ONCE: Final = 2**20
BOTH: Final = np.arange(2)


class PriorGradients:
    """Derivatives by the numbers before the findings, for one network and setting. Read-only once made."""

    def __init__(self, prior: Prior, network: Network) -> None:
        self._prior = prior
        self._parents = prior.parents
        self._numbers = PriorNumbers(network, prior.parents)
        possible = np.ones(prior.sets.size)
        if network.complaint:
            possible[0] = 0.0
        conditions = range(len(self._parents.conditions))
        sums = np.stack([possible, *(prior.sets.holds_any(frozenset([c])) for c in conditions)])
        self._moves = self._numbers.moves(self._raw({}, sums))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The numbers: base rates, then odds ratios, then priors of risk factors."""
        return self._numbers.paths

    def slopes(self, known: Mapping[str, Likelihood], sums: Vector) -> Vector:
        """How sums over subsets, weighed by P(s, known | complaint), change with each number.

        Args:
            known: a likelihood for each state, by risk factor.
            sums: what is summed, shape (sums, sets).

        Returns:
            Shape (numbers, sums), the intercepts moving with the numbers.
        """
        raw = self._raw(known, sums)
        values = vector_product(sums, self._prior.joint(known))
        moves = self._moves
        return raw.by_number + moves.of_intercepts @ raw.by_intercept - np.outer(moves.of_complaint, values)

    def _raw(self, known: Mapping[str, Likelihood], sums: Vector) -> Raw:
        """The derivatives of these sums by numbers and intercepts, so many sums at a time that memory is bounded."""
        joined = self._parents.states[-1] * sums.shape[1] // 2  # the tables of all conditions but one, multiplied
        length = max(1, MOST_NUMBERS_AT_ONCE // max(sums.shape[1], joined, self._prior.largest_table))
        parts = [self._raw_part(known, sums[start : start + length]) for start in range(0, len(sums), length)]
        return Raw(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))

    def _raw_part(self, known: Mapping[str, Likelihood], sums: Vector) -> Raw:
        blocks = self._parents.block_of
        possible = {number: block.possible([known.get(name) for name in block.ids]) for number, block in blocks.items()}
        of_blocks, of_conditions = self._of_tables(possible, sums)
        along = {number: np.arange(states.start, states.stop) for number, (states, _) in possible.items()}
        by_state = {number: (of_blocks[number] * weights, along[number]) for number, (_, weights) in possible.items()}
        along |= dict.fromkeys(range(len(self._parents.conditions)), BOTH)
        by_log_odds = [
            (change[:, YES] - change[:, 1 - YES]) * table[YES] * table[1 - YES] for change, table in of_conditions
        ]
        return self._numbers.raw([(change, along) for change in by_log_odds], by_state)

    def _of_tables(
        self, possible: Mapping[int, tuple[slice, Vector]], sums: Vector
    ) -> tuple[dict[int, Vector], list[tuple[Vector, Vector]]]:
        """The derivatives by each block's weights; by each condition's table, and the table, the condition first."""
        *numbers, common = possible
        index = {number: states for number, (states, _) in possible.items()}
        factors = [self._parents.factor(c, float(a)).cut(index) for c, a in enumerate(self._prior.intercepts)]
        weights = {number: possible[number][1] for number in (common, *numbers)}
        weights[common] = weights[common] / self._prior.complaint
        if self._parents.most is not None:
            of_blocks, by_condition = through_parts(self._prior, weights, factors, sums)
            of_blocks[common] /= self._prior.complaint
            return of_blocks, [_condition_first(by_condition[c], factor, c) for c, factor in enumerate(factors)]
        scopes: list[FactorScope] = [*((number,) for number in weights), *(factor.variables for factor in factors)]
        tables = [*weights.values(), *(factor.table for factor in factors)]
        changes = _through_joint(scopes, tables, self._prior.order, sums)
        of_blocks = dict(zip(weights, changes, strict=False))
        of_blocks[common] /= self._prior.complaint
        of_conditions = [
            _condition_first(change, factor, c)
            for c, (change, factor) in enumerate(zip(changes[len(weights) :], factors, strict=True))
        ]
        return of_blocks, of_conditions


def _condition_first(change: Vector, factor: Factor, c: int) -> tuple[Vector, Vector]:
    axis = factor.variables.index(c)
    return np.moveaxis(change, axis + 1, 1), np.moveaxis(factor.table, axis, 0)


def _through_joint(
    scopes: Sequence[FactorScope], tables: Sequence[Vector], order: tuple[int, ...], sums: Vector
) -> list[Vector]:
    """The derivatives of sums over subsets by the entries of the tables whose product, summed, is the joint."""
    n = sums.shape[1].bit_length() - 1
    plan, axes = joint_plan(tuple(scopes), order, n)
    left = plan.run(tables)
    smaller, larger = (table.reshape(-1, table.shape[-1]) for table in left)
    of_product = np.empty_like(sums)
    of_product[:, places(axes)] = sums
    of_product = of_product.reshape(len(sums), len(smaller), len(larger))
    of_left = [matrix_product(of_product, larger), matrix_product(of_product.transpose(0, 2, 1), smaller)]
    return plan.gradients(
        tables, [change.reshape(len(sums), *table.shape) for change, table in zip(of_left, left, strict=True)]
    )
