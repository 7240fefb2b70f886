"""P(s, known risk factors): the conditions before any finding, risk factors summed out exactly.

    logit P(c = 1 | parents) = a_c + sum of ln(odds ratio of the state that each parent is in)

Unknown risk factors are summed out by variable elimination: those that touch a single condition inside that condition's
own table, then those that touch few, and the common ones last.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.inference.caches import keep
from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.factors import MOST_PLANS, Factor, Plan, Scope, check_size, elimination_order, sum_out
from bayesknee.inference.intercepts import solve_intercepts
from bayesknee.inference.parents import list_parents, odds_ratios
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.model import Network

MOST_CACHED_WEIGHTS: Final = 4096
MOST_CACHED_NUMBERS: Final = 2**22
MOST_NUMBERS_AT_ONCE: Final = 2**21
MOST_PLACES: Final = 8


class Pair(NamedTuple):
    """P(c | parents) of one condition, or of several multiplied.

    Attributes:
        private: the number of the block that touches this condition alone.
        full: over all parents.
        summed: where nothing is known of the private block.
    """

    private: int | None
    full: Factor
    summed: Factor


def absorbed(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs, after each without a private block is multiplied into one that has all its variables, if any has."""
    left: list[Pair] = []
    for pair in sorted(pairs, key=lambda each: (each.private is None, -len(each.summed.variables))):
        hosts = [i for i, host in enumerate(left) if set(pair.full.variables) <= set(host.summed.variables)]
        if pair.private is None and hosts:
            private, full, summed = left[hosts[0]]
            left[hosts[0]] = Pair(private, sum_out([full, pair.full], []), sum_out([summed, pair.full], []))
        else:
            left.append(pair)
    return left


class Prior:
    """P(s, known risk factors) of a network in a setting.

    Attributes:
        intercepts: a_c by condition, such that its marginal is its base rate.
        complaint: P(complaint); 1 where the network has none.
        parents: how conditions hang on risk factors and each other.
        order: in which to sum the blocks of risk factors out, but for the common one.
        pairs: the conditions' tables.
        largest_table: how many numbers the largest table has that this takes.

    Raises:
        InferenceError: base rates that no intercepts meet, or tables too large.
    """

    def __init__(self, network: Network, setting: str) -> None:
        self._network = network
        self.parents = list_parents(network, setting)
        self.order, self.largest_table = self._find_order()
        base_rates = np.array([each.base_rate_in(setting) for each in network.conditions.values()])
        self.intercepts, self.complaint = solve_intercepts(
            self.parents, base_rates, has_complaint=bool(network.complaint)
        )
        self._n = len(self.parents.conditions)
        *numbers, self._common = self.parents.block_numbers
        self._blocks = dict(zip(self.parents.block_numbers, self.parents.blocks, strict=True))
        self._shared = {
            number: self._blocks[number].prior for number in numbers if len(self._blocks[number].children) > 1
        }
        self._number_of = {name: number for number in numbers for name in self._blocks[number].ids}
        self.pairs = absorbed([self._pair(c) for c in range(self._n)])
        self._kept_parts: dict[tuple[int, int], list[Pair]] = {}
        self._kept: dict[tuple[int, tuple[Likelihood | None, ...]], tuple[slice, Vector]] = {}

    def _find_order(self) -> tuple[tuple[int, ...], int]:
        """The order in which to sum blocks out. With some known it serves as well, since tables only shrink."""
        parents = self.parents
        scopes = [(c, *each.variables) for c, each in enumerate(parents.odds_ratios)]
        order, largest = elimination_order(scopes, parents.block_numbers[:-1], parents.states)
        check_size(max(largest, parents.states[-1] << len(parents.conditions)), "conditions that share risk factors")
        return order, largest

    def _pair(self, c: int) -> Pair:
        full = self.parents.factor(c, float(self.intercepts[c]))
        private = self.parents.private_blocks[c]
        if private is None:
            return Pair(None, full, full)
        return Pair(private, full, sum_out([full, self.parents.prior(private)], [private]))

    def table(self, condition: str) -> tuple[tuple[str, ...], Vector]:
        """P(condition | parents): the names of its parents, and a table whose first axis is the condition's own."""
        own = self._network.conditions[condition]
        odds = np.exp(self.intercepts[self.parents.conditions.index(condition)])
        for parent in own.odds_ratios:
            odds = odds[..., None] * odds_ratios(own, parent, self._network.states[parent])
        no = 1.0 / (1.0 + odds)
        return tuple(own.odds_ratios), np.stack([no, odds * no])

    def joint(self, known: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors) / P(complaint), shape (2**n,), the empty subset included.

        Args:
            known: a likelihood for each state, by risk factor.
        """
        index, weights, (part, common) = self.given(known)
        length = max(1, MOST_NUMBERS_AT_ONCE >> self._n)
        pieces = (
            self._joint_over(
                slice(start, min(start + length, part.stop)), common[start - part.start :][:length], index, weights
            )
            for start in range(part.start, part.stop, length)
        )
        return functools.reduce(np.add, pieces)

    def _joint_over(
        self, part: slice, common: Vector, index: Mapping[int, int | slice], weights: Mapping[int, Vector]
    ) -> Vector:
        """The share of `joint` that some of the common states have: all tables have these as an axis."""
        scopes: list[Scope] = [(number,) for number in (self._common, *weights)]
        tables = [common, *weights.values()]
        for private, full, summed in self._at(part):
            scope, table = (full if private in index else summed).cut(index)
            scopes.append(scope)
            tables.append(table)
        plan, axes = joint_plan(tuple(scopes), self.order, self._n)
        smaller, larger = [table.reshape(-1, len(common)) for table in plan.run(tables)]
        return (smaller @ larger.T).take(places(axes))

    def _at(self, part: slice) -> list[Pair]:
        """The pairs, cut to a range of common states."""
        key = (part.start, part.stop)
        if (found := self._kept_parts.get(key)) is None:
            found = [
                Pair(private, _compact(full, part), _compact(summed, part)) for private, full, summed in self.pairs
            ]
            size = sum(each.full.table.size + each.summed.table.size for each in found)
            keep(self._kept_parts, key, found, MOST_CACHED_NUMBERS // size)
        return found

    def given(
        self, known: Mapping[str, Likelihood]
    ) -> tuple[dict[int, int | slice], dict[int, Vector], tuple[slice, Vector]]:
        """The possible states of known blocks, P(state, known) of those to sum out, and both of the common one.

        The latter carries all that is the same for every subset.
        """
        touched = sorted({self._number_of[name] for name in known if name in self._number_of})
        weights = {number: prior for number, prior in self._shared.items() if number not in touched}
        index: dict[int, int | slice] = {}
        scale = 1.0 / self.complaint
        for number in touched:
            part, own = self._weights(number, known)
            if len(own) == 1 or not self._blocks[number].children:
                index[number] = part.start
                scale *= float(own.sum())
            else:
                index[number] = part
                weights[number] = own
        part, own = self._weights(self._common, known)
        return index, weights, (part, scale * own)

    def _weights(self, number: int, known: Mapping[str, Likelihood]) -> tuple[slice, Vector]:
        """The range of states of a block that are possible, and P(state, what is known) of these."""
        answers = tuple([known.get(each) for each in self._blocks[number].ids])
        if (found := self._kept.get((number, answers))) is None:
            weights = self._blocks[number].weights(answers)
            possible = np.flatnonzero(weights)
            part = slice(int(possible[0]), int(possible[-1]) + 1)
            found = part, weights[part]
            keep(self._kept, (number, answers), found, MOST_CACHED_WEIGHTS)
        return found


def _compact(factor: Factor, part: slice) -> Factor:
    return Factor(factor.variables, np.ascontiguousarray(factor.table[..., part]))


@lru_cache(maxsize=MOST_PLANS)
def joint_plan(scopes: tuple[Scope, ...], order: tuple[int, ...], n: int) -> tuple[Plan, tuple[int, ...]]:
    """From all factors to two that share the common variable only, and the order of conditions in their product.

    The smaller one holds the weights of the common variable, too.

    Args:
        scopes: the variables of each factor; the common variable's own factor is the first.
        order: in which to sum blocks out, all but the common one, which each factor of a condition has.
        n: the number of conditions.
    """
    plan = Plan(scopes)
    for block in order:
        if numbers := plan.having(block):
            plan.join(numbers, block)
    for condition in range(n):
        if len(numbers := plan.having(condition)) > 1:
            plan.join(numbers)
    *small, largest = sorted(plan.left, key=lambda number: len(plan.left[number]))
    plan.join(small)
    plan.left[largest] = plan.left.pop(largest)
    return plan, tuple(variable for scope in plan.left.values() for variable in scope[:-1])


@lru_cache(maxsize=MOST_PLACES)
def places(order: tuple[int, ...]) -> NDArray[np.intp]:
    """Where the subsets lie in a flat table whose axes are the conditions in that order: quicker than to transpose."""
    n = len(order)
    return np.arange(2**n).reshape((2,) * n).transpose(np.argsort(order)).ravel()
