"""Tables over discrete variables, and variables summed out of their product (variable elimination).

Where the numbers of a network are redrawn, a table has the draws as one more axis, the last one. That axis is no
variable. It has length 1 where a number is the same in all draws.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.errors import InferenceError

MOST_TABLE_ENTRIES: Final = 2**26  # half a gigabyte; two or three of that size are in use at a time
ALL: Final = slice(None)
SETS: Final = -1  # the variable that stands for sets of conditions, in place of these: before all others
ONE: Final = np.ones(1)
MOST_FACTORS_AT_ONCE: Final = 2  # einsum is quick with two operands, and slow with many
MOST_PLANS: Final = 1024  # a few kilobytes each; a network has one for each pattern of what is known of risk factors

FactorScope: TypeAlias = tuple[int, ...]


class Factor(NamedTuple):
    """A table with an axis for each of its variables, which are numbers in ascending order; maybe with draws."""

    variables: FactorScope
    table: Vector

    def cut(self, index: Mapping[int, int | slice]) -> Factor:
        """What is left where some variables are in a known state, or in a range of states."""
        if index.keys().isdisjoint(self.variables):
            return self
        wanted = [index.get(variable, ALL) for variable in self.variables]
        left = [
            variable for variable, states in zip(self.variables, wanted, strict=True) if not isinstance(states, int)
        ]
        return Factor(tuple(left), self.table[tuple(wanted)])

    def over_sets(self, conditions: Sequence[int], members: Bools) -> Factor:
        """The table with one axis of sets in place of those of its conditions.

        Args:
            conditions: all of those that the table may have, ascending.
            members: whether a set holds a condition, shape (sets, conditions).
        """
        own = [variable for variable in self.variables if variable in conditions]  # they come before other variables
        bits = tuple(members[:, conditions.index(variable)].astype(np.intp) for variable in own)
        table = self.table.take(bits[0], axis=0) if len(bits) == 1 else self.table[bits]
        return Factor((SETS, *self.variables[len(own) :]), table)

    def over(self, scope: FactorScope) -> Vector:
        """The table with an axis for each variable of a wider scope, of length 1 where it lacks one."""
        return self.table[tuple(ALL if variable in self.variables else None for variable in scope)]


class Product(NamedTuple):
    """A product of tables with at most one variable summed out.

    Attributes:
        numbers: of the tables.
        scopes: their variables.
        rest: the variables of the result.
        subscripts: the same for einsum, which takes draws along as they are.
    """

    numbers: tuple[int, ...]
    scopes: tuple[FactorScope, ...]
    rest: FactorScope
    subscripts: str

    def gradient(self, place: int, change: Vector, tables: Sequence[Vector]) -> Vector:
        """The derivative by one of the tables, from that by the result. Both have a first axis of sums, no draws."""
        *factors, result = self.subscripts.replace("...", "").replace("->", ",").split(",")
        wanted = factors[place]
        others = [
            (letters, table) for i, (letters, table) in enumerate(zip(factors, tables, strict=True)) if i != place
        ]
        met = {*result, *(letter for letters, _ in others for letter in letters)}
        alone = [letter for letter in wanted if letter not in met]
        others += [(letter, np.ones(tables[place].shape[wanted.index(letter)])) for letter in alone]
        given = ",".join([f"Z{result}", *(letters for letters, _ in others)])
        return np.asarray(np.einsum(f"{given}->Z{wanted}", change, *(table for _, table in others)))


class EliminationPlan:
    """Products and sums of tables of given scopes, worked out once for all tables of these scopes.

    Attributes:
        steps: what to do, one after the other; each makes a table with the next number.
        left: the scope of each table that is left, by its number.
    """

    def __init__(self, scopes: Iterable[FactorScope]) -> None:
        self.left = dict(enumerate(scopes))
        self.steps: list[Product] = []
        self._next = len(self.left)

    def having(self, variable: int) -> list[int]:
        """The tables left that have this variable."""
        return [number for number, scope in self.left.items() if variable in scope]

    def join(self, numbers: Sequence[int], without: int | None = None) -> None:
        """Multiplies tables, the smallest first, and sums the variable `without` out of their product."""
        numbers = sorted(numbers, key=lambda number: len(self.left[number]))
        while len(numbers) > MOST_FACTORS_AT_ONCE:
            self._add(numbers[:MOST_FACTORS_AT_ONCE], None)
            numbers = [self._next - 1, *numbers[MOST_FACTORS_AT_ONCE:]]
        self._add(numbers, without)

    def _add(self, numbers: Sequence[int], without: int | None) -> None:
        scopes = tuple(self.left.pop(number) for number in numbers)
        union = sorted({variable for scope in scopes for variable in scope})
        letter = dict(zip(union, ascii_letters, strict=False))
        rest = tuple(variable for variable in union if variable != without)
        *factors, result = ("".join(letter[variable] for variable in scope) + "..." for scope in (*scopes, rest))
        self.steps.append(Product(tuple(numbers), scopes, rest, f"{','.join(factors)}->{result}"))
        self.left[self._next] = rest
        self._next += 1

    def run(self, tables: Iterable[Vector]) -> list[Vector]:
        """The tables that are left, in the order of `left`."""
        made = self._make(tables)
        return [made[number] for number in self.left]

    def _make(self, tables: Iterable[Vector]) -> list[Vector]:
        """The tables, and after them what each step makes."""
        made = list(tables)
        for step in self.steps:
            made.append(np.einsum(step.subscripts, *[made[number] for number in step.numbers]))
        return made

    def gradients(self, tables: Sequence[Vector], of_left: Sequence[Vector]) -> list[Vector]:
        """What some sums over the tables that are left change by, for each entry of the tables at the start.

        Args:
            tables: as for `run`, without draws.
            of_left: the weights of these sums, by table that is left: shape (sums, *shape of the table).

        Returns:
            By table at the start, shape (sums, *shape of the table): the derivatives of the sums (reverse mode).
        """
        all_tables = self._make(tables)
        changes: dict[int, Vector] = dict(zip(self.left, of_left, strict=True))
        for made in range(len(all_tables) - 1, len(tables) - 1, -1):
            step = self.steps[made - len(tables)]
            change = changes.pop(made)
            for place, number in enumerate(step.numbers):
                changes[number] = step.gradient(place, change, [all_tables[other] for other in step.numbers])
        return [changes[number] for number in range(len(tables))]


def added_up(rows: Vector, places: Integers, number: int) -> Vector:
    """The sums along the second axis of what has the same place; that axis then has `number` entries."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    total = np.zeros((len(rows), number, *rows.shape[2:]))
    total[:, ordered[starts]] = np.add.reduceat(rows.take(order, axis=1), starts, axis=1)
    return total


def outer(tables: Iterable[Vector]) -> Vector:
    """The product over all combinations of the states of tables, flat, those of the last one fastest; of none it is 1.

    Args:
        tables: each shape (states,), or (states, draws).
    """
    return functools.reduce(_outer, tables, ONE)


def _outer(first: Vector, second: Vector) -> Vector:
    return (first[:, None] * second).reshape(-1, *second.shape[1:])


def sum_out(factors: Iterable[Factor], variables: Iterable[int]) -> Factor:
    """The product of factors, summed over `variables` one after the other."""
    scopes, tables = zip(*factors, strict=True)
    plan = plan_of(scopes, tuple(variables))
    (scope,), (table,) = plan.left.values(), plan.run(tables)
    return Factor(scope, table)


@lru_cache(maxsize=MOST_PLANS)
def plan_of(scopes: tuple[FactorScope, ...], variables: tuple[int, ...]) -> EliminationPlan:
    """How to multiply tables of these scopes, and sum variables out one after the other, to one table."""
    plan = EliminationPlan(scopes)
    for variable in variables:
        plan.join(plan.having(variable), variable)
    plan.join(list(plan.left))
    return plan


def elimination_order(
    scopes: Iterable[Iterable[int]], variables: Iterable[int], states: Sequence[int]
) -> tuple[tuple[int, ...], int]:
    """In which order to sum variables out, always the one with the smallest table next; and the largest table's size.

    Args:
        scopes: the variables of each factor.
        variables: those to be summed out.
        states: the number of states by variable.
    """
    joined = [frozenset(scope) for scope in scopes]
    waiting = sorted(variables)
    order: list[int] = []
    largest = 1
    while waiting:
        unions = {one: frozenset[int]().union(*(scope for scope in joined if one in scope)) for one in waiting}
        sizes = {one: math.prod(states[other] for other in unions[one]) for one in waiting}
        best = min(waiting, key=sizes.__getitem__)
        joined = [scope for scope in joined if best not in scope] + [unions[best] - {best}]
        largest = max(largest, sizes[best])
        order.append(best)
        waiting.remove(best)
    return tuple(order), largest


def check_size(size: int, what: str) -> None:
    """Refuses a table that would not fit in memory.

    Raises:
        InferenceError: it is too large.
    """
    if size > MOST_TABLE_ENTRIES:
        raise InferenceError(
            f"{what} need a table of {size:,} numbers; at most {MOST_TABLE_ENTRIES:,} are allowed; "
            "let risk factors touch fewer conditions"
        )
