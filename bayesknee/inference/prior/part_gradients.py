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

from bayesknee.arrays import Vector
from bayesknee.inference.prior.cutset import Part, Side, product
from bayesknee.inference.prior.factors import Factor, added_up, outer
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.set_plans import over_own_sets, own_members, set_plan, set_scope

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
        self._n = len(prior.parents.conditions)
        self._most = prior.parents.most or 0
        of_blocks = [Factor((number,), weights[number]) for number in part.blocks]
        given = [*of_blocks, *(factors[c] for c in part.numbers)]
        scopes = tuple(set_scope(factor.variables, self._n) for factor in given)
        self._tables = [over_own_sets(factor, self._n, self._most) for factor in given]
        target = part.conditions, prior.cutset
        self._plan = set_plan(scopes, part.blocks, target, self._most, prior.parents.states)
        self._left = self._plan.run(self._tables)
        self._sizes = (part.sets.size, *(len(weights[number]) for number in prior.cutset))
        self.message = np.broadcast_to(self._left, self._sizes).reshape(part.sets.size, -1)

    def gradients(self, change: Vector, factors: Sequence[Factor]) -> PartChanges:
        """By block and condition, from the derivative by the message, shape (sums, sets, states of the cutset)."""
        alike = tuple(1 + axis for axis, size in enumerate(self._left.shape) if size != self._sizes[axis])
        of_left = change.reshape(len(change), *self._sizes).sum(axis=alike, keepdims=True)
        found = self._plan.gradients(self._tables, of_left)
        of_blocks, of_conditions = found[: len(self.part.blocks)], found[len(self.part.blocks) :]
        return {number: each[:, 0] for number, each in zip(self.part.blocks, of_blocks, strict=True)}, {
            c: _to_states(each, factors[c], self._n, self._most)
            for c, each in zip(self.part.numbers, of_conditions, strict=True)
        }


def _to_states(change: Vector, factor: Factor, conditions: int, most: int) -> Vector:
    """From the sets of the conditions that a table has to their states; all sums as first axis."""
    own, _ = set_scope(factor.variables, conditions)
    states = own_members(own, most) @ (1 << np.arange(len(own))[::-1])
    return added_up(change, states, 2 ** len(own)).reshape(len(change), *factor.table.shape)


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
