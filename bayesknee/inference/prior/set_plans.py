"""Products of tables over sets of a few conditions each, where only so many conditions may come together.

A table over conditions C and blocks B has an axis of sets, those of C of at most k conditions, and one for each block.
To multiply two, each is first spread over the sets of all conditions that either has: a set of these goes with the set
of its own conditions in either. So blocks are summed out while tables have few conditions, and thus few sets; only what
is left at the end is spread over the sets of all. With draws, tables have these as their last axis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.inference.cause_sets import MOST_KEPT, CauseSets, count_sets, list_sets
from bayesknee.inference.prior.factors import MOST_PLANS, Factor, FactorScope, added_up

# Sets up to which what is left at the end is multiplied before it is spread over the sets of all conditions: more would
# be as many as those, with fewer each table is spread by itself. Judged.
MOST_GATHERED: Final = 64

SetScope: TypeAlias = tuple[FactorScope, FactorScope]  # the conditions of a table, and its blocks; both ascending


class SetJoin(NamedTuple):
    """Tables multiplied, and maybe a block summed out.

    Attributes:
        numbers: of the tables.
        places: by table, which of its sets goes with each set of the result; None where they are the same.
        shapes: by table, where it has an axis for the blocks of the product, and where it lacks one.
        axis: of the block to be summed out; None for none.
    """

    numbers: tuple[int, ...]
    places: tuple[Integers | None, ...]
    shapes: tuple[tuple[slice | None, ...], ...]
    axis: int | None

    def spread(self, tables: Sequence[Vector]) -> list[Vector]:
        """The tables over the sets and with the axes of the product."""
        return [
            (tables[number] if places is None else tables[number].take(places, axis=0))[:, *shape]
            for number, places, shape in zip(self.numbers, self.places, self.shapes, strict=True)
        ]

    def run(self, tables: Sequence[Vector]) -> Vector:
        """The product, summed."""
        product = reduce(np.multiply, self.spread(tables))
        return product if self.axis is None else np.asarray(product.sum(axis=self.axis))

    def gradients(self, change: Vector, tables: Sequence[Vector]) -> list[Vector]:
        """The derivatives by each table from those by the result; all have a first axis of sums."""
        spread = self.spread(tables)
        if self.axis is not None:
            change = np.expand_dims(change, self.axis + 1)
        found = []
        for i, (number, places) in enumerate(zip(self.numbers, self.places, strict=True)):
            others = [*spread[:i], *spread[i + 1 :]]
            own = change * reduce(np.multiply, others)[None] if others else change
            lacks = tuple(2 + axis for axis, index in enumerate(self.shapes[i]) if index is None)
            own = own.sum(axis=lacks) if lacks else own
            own = own if places is None else added_up(own, places, len(tables[number]))
            found.append(np.broadcast_to(own, (len(own), *tables[number].shape)))
        return found


class SetPlan:
    """What to multiply and sum out, for tables of given scopes, to one table over all conditions and the blocks left.

    Attributes:
        steps: one after the other; each makes a table with the next number.
    """

    def __init__(self, scopes: Iterable[SetScope], unsure: Iterable[int], target: SetScope, limits: _Limits) -> None:
        self._scopes = list(scopes)
        self._limits = limits
        self._left = set(range(len(self._scopes)))
        self.steps: list[SetJoin] = []
        waiting = set(unsure)
        while waiting:
            best = min(waiting, key=lambda block: (self._size(self._union(self._having(block))), block))
            self._join(self._having(best), best)
            waiting.remove(best)
        self._gather()
        self._join(sorted(self._left), None, target)

    def _having(self, block: int) -> list[int]:
        return [number for number in sorted(self._left) if block in self._scopes[number][1]]

    def _union(self, numbers: Iterable[int]) -> SetScope:
        scopes = [self._scopes[number] for number in numbers]
        conditions, blocks = ({v for scope in scopes for v in scope[kind]} for kind in range(2))
        return tuple(sorted(conditions)), tuple(sorted(blocks))

    def _size(self, scope: SetScope) -> int:
        return reduce(int.__mul__, (self._limits.states[block] for block in scope[1]), self._count(scope))

    def _count(self, scope: SetScope) -> int:
        return count_sets((1 for _ in scope[0]), self._limits.most)

    def _gather(self) -> None:
        """Multiplies what is left, the smallest first, as long as the products are over few sets."""
        ordered = sorted(self._left, key=lambda number: (self._count(self._scopes[number]), number))
        while len(ordered) > 1 and self._count(self._union(ordered[:2])) <= MOST_GATHERED:
            ordered = [*ordered[2:], self._join(ordered[:2], None)]
            ordered.sort(key=lambda number: (self._count(self._scopes[number]), number))

    def _join(self, numbers: Sequence[int], without: int | None, target: SetScope | None = None) -> int:
        conditions, blocks = target or self._union(numbers)
        sets = self._limits.sets(conditions)
        scopes = [self._scopes[number] for number in numbers]
        self.steps.append(
            SetJoin(
                numbers=tuple(numbers),
                places=tuple(
                    None if own == conditions else self._limits.sets(own).find(conditions, sets.membership)
                    for own, _ in scopes
                ),
                shapes=tuple(tuple(slice(None) if b in own else None for b in blocks) for _, own in scopes),
                axis=None if without is None else 1 + blocks.index(without),
            )
        )
        self._scopes.append((conditions, tuple(block for block in blocks if block != without)))
        self._left = self._left.difference(numbers) | {len(self._scopes) - 1}
        return len(self._scopes) - 1

    def run(self, tables: Iterable[Vector]) -> Vector:
        """The product over all conditions, shape (sets, states of each block left); of length 1 if nothing varies."""
        return self._make(tables)[-1]

    def _make(self, tables: Iterable[Vector]) -> list[Vector]:
        made = list(tables)
        for step in self.steps:
            made.append(step.run(made))
        return made

    def gradients(self, tables: Sequence[Vector], change: Vector) -> list[Vector]:
        """The derivatives of sums by each table, from those by the product, shape (sums, *its shape); reverse mode."""
        made = self._make(tables)
        changes = {len(made) - 1: change}
        for number in range(len(made) - 1, len(tables) - 1, -1):
            step = self.steps[number - len(tables)]
            changes |= dict(zip(step.numbers, step.gradients(changes.pop(number), made), strict=True))
        return [changes[number] for number in range(len(tables))]


class _Limits(NamedTuple):
    """How many conditions come together, and the states of all variables."""

    most: int
    states: tuple[int, ...]

    def sets(self, conditions: FactorScope) -> CauseSets:
        """The sets of these conditions."""
        return _sets_of(conditions, self.most)


@lru_cache(maxsize=MOST_KEPT)
def _sets_of(conditions: FactorScope, most: int) -> CauseSets:
    names = tuple((str(number),) for number in range(1 + max(conditions, default=-1)))
    return list_sets(names, most, conditions)


def set_scope(variables: FactorScope, conditions: int) -> SetScope:
    """The conditions, of which there are so many, and the blocks among the variables of a table."""
    return tuple(v for v in variables if v < conditions), tuple(v for v in variables if v >= conditions)


def over_own_sets(factor: Factor, conditions: int, most: int) -> Vector:
    """A table with an axis of sets in place of those of its conditions, in front where it has none of them."""
    own, _ = set_scope(factor.variables, conditions)
    return factor.over_sets(own, own_members(own, most)).table if own else factor.table[None]


def own_members(conditions: FactorScope, most: int) -> Bools:
    """Whether a set of some conditions holds each, shape (sets, conditions)."""
    return _sets_of(conditions, most).membership


@lru_cache(maxsize=MOST_PLANS)
def set_plan(
    scopes: tuple[SetScope, ...], unsure: tuple[int, ...], target: SetScope, most: int, states: tuple[int, ...]
) -> SetPlan:
    """How to multiply tables of these scopes, with some blocks summed out."""
    return SetPlan(scopes, unsure, target, _Limits(most, states))
