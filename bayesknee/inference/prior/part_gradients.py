"""Derivatives of sums over sets by all tables of the prior, where only so many causes may come together.

The joint is a product of messages, summed over the states of the cutset; see `bayesknee.inference.prior.cutset`. So a
sum over sets is taken back in three steps: through that product to each message, from the sets of a side to those of a
part, and through the plan that made the message to the tables (reverse mode).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.inference.prior.cutset import Part, Side, product
from bayesknee.inference.prior.factors import SETS, Factor, outer, plan_of
from bayesknee.inference.prior.joint import Prior

PartChanges = tuple[dict[int, Vector], dict[int, Vector]]  # by block, and by condition


def through_parts(prior: Prior, weights: Mapping[int, Vector], factors: Sequence[Factor], sums: Vector) -> PartChanges:
    """The derivatives of sums over sets by the entries of the tables whose product, summed, is the joint.

    Args:
        prior: of a network that says how many causes may come together.
        weights: P(state, known) by block, over the states that are possible; that of the common one over P(complaint).
        factors: P(c | parents) by condition, cut to these states.
        sums: what is summed, shape (sums, sets).

    Returns:
        By block, shape (sums, states); and by condition, shape (sums, *shape of its table).
    """
    sides = [_RunSide(side, [_RunPart(part, prior, weights, factors) for part in side.parts]) for side in prior.sides]
    first, second = (side.product for side in sides)
    of_cutset = [weights[number] for number in prior.cutset]
    in_parts = {number for side in prior.sides for part in side.parts for number in part.blocks}
    apart = {number: float(each.sum()) for number, each in weights.items() if number not in {*in_parts, *prior.cutset}}
    scale = functools.reduce(float.__mul__, apart.values(), 1.0)
    rows, sets, chances = prior.in_order(sums), prior.side_sets, scale * outer(of_cutset)
    to_first, to_second = sets.times_second(rows, second), sets.times_first(rows, first)
    by_state = (to_first * first).sum(axis=1)
    totals = (by_state * chances).sum(axis=1)
    by_block = {
        number: np.repeat((totals / each)[:, None], len(weights[number]), axis=1) for number, each in apart.items()
    }
    by_block |= _of_cutset(prior.cutset, of_cutset, scale * by_state)
    by_condition: dict[int, Vector] = {}
    for side, change in zip(sides, (to_first * chances, to_second * chances), strict=True):
        for blocks, conditions in side.gradients(change, factors):
            by_block |= blocks
            by_condition |= conditions
    return by_block, by_condition


def _of_cutset(numbers: Sequence[int], weights: Sequence[Vector], by_state: Vector) -> dict[int, Vector]:
    """By block of the cutset, from the derivatives by the product of their weights, shape (sums, states)."""
    table = by_state.reshape(-1, *map(len, weights))
    found: dict[int, Vector] = {}
    for axis, number in enumerate(numbers, start=1):
        others = [each if place != axis else np.ones(len(each)) for place, each in enumerate(weights, start=1)]
        rest = tuple(place for place in range(1, table.ndim) if place != axis)
        found[number] = (table * outer(others).reshape(table.shape[1:])).sum(axis=rest)
    return found


class _RunPart:
    """The message of a part, with all that made it."""

    def __init__(self, part: Part, prior: Prior, weights: Mapping[int, Vector], factors: Sequence[Factor]) -> None:
        self.part = part
        self._members = part.sets.membership
        tables = [factors[c].over_sets(part.conditions, self._members) for c in part.numbers]
        self._factors = [*(Factor((number,), weights[number]) for number in part.blocks), *tables]
        scopes, self._tables = zip(*self._factors, strict=True)
        self._plan = plan_of(scopes, part.blocks)
        ((self._scope, self._left),) = zip(self._plan.left.values(), self._plan.run(self._tables), strict=True)
        self._axes = (SETS, *prior.cutset)
        self._sizes = (part.sets.size, *(len(weights[number]) for number in prior.cutset))
        table = Factor(self._scope, self._left).over(self._axes)
        self.message = np.broadcast_to(table, self._sizes).reshape(part.sets.size, -1)

    def gradients(self, change: Vector, factors: Sequence[Factor]) -> PartChanges:
        """By block and condition, from the derivative by the message, shape (sums, sets, states of the cutset)."""
        missing = tuple(1 + axis for axis, variable in enumerate(self._axes) if variable not in self._scope)
        of_left = change.reshape(len(change), *self._sizes).sum(axis=missing)
        found = self._plan.gradients(self._tables, [of_left])
        blocks = dict(zip(self.part.blocks, found, strict=False))
        of_conditions = zip(self.part.numbers, found[len(blocks) :], strict=True)
        return blocks, {
            c: _to_states(each, factors[c], self.part.conditions, self._members) for c, each in of_conditions
        }


def _to_states(change: Vector, factor: Factor, conditions: Sequence[int], members: Bools) -> Vector:
    """From the sets of a part to the states of the conditions that a table has; all sums as first axis."""
    own = [variable for variable in factor.variables if variable in conditions]
    bits = members[:, [conditions.index(variable) for variable in own]]
    states = bits @ (1 << np.arange(len(own))[::-1])
    total = added_up(change, states, 2 ** len(own))
    return total.reshape(len(change), *factor.table.shape)


def added_up(rows: Vector, places: Integers, number: int) -> Vector:
    """The sums along the second axis of what has the same place; that axis then has `number` entries."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    total = np.zeros((len(rows), number, *rows.shape[2:]))
    total[:, ordered[starts]] = np.add.reduceat(rows.take(order, axis=1), starts, axis=1)
    return total


class _RunSide(NamedTuple):
    """A side with its parts."""

    side: Side
    parts: list[_RunPart]

    @property
    def messages(self) -> list[Vector]:
        """By part, for the sets of the side."""
        return [part.message.take(sets, axis=0) for part, sets in zip(self.parts, self.side.places, strict=True)]

    @property
    def product(self) -> Vector:
        """Shape (sets of the side, states of the cutset)."""
        return product(self.messages)

    def gradients(self, change: Vector, factors: Sequence[Factor]) -> list[PartChanges]:
        """By part, from the derivative by the product, shape (sums, sets of the side, states of the cutset)."""
        messages = self.messages
        found = []
        for i, part in enumerate(self.parts):
            others = product([*messages[:i], *messages[i + 1 :]])
            of_part = added_up(change * others, self.side.places[i], part.part.sets.size)
            found.append(part.gradients(of_part, factors))
        return found
