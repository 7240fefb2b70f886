"""P(so many causes) and P(c, few causes), without a table over sets of causes: variables are summed out by number.

Each condition that is present brings a factor z. So a table holds, for each state of its variables, a polynomial in z,

    T(x, z) = sum over i of T_i(x) z**i,  T_i(x) = the sum over those sets of conditions summed out that have i members,

and polynomials are cut off after z**k, where at most k causes come together (a generating function; where all
conditions are independent, the T_i are elementary symmetric polynomials of odds). The result holds P(exactly i causes).
Where the presence of c has a weight w_c more, the derivative of the sum allowed by w_c, at 1, is P(c, s allowed). It is
found for all c by going backwards from the result, to the step that sums c out. All of that takes tables over few
variables at a time, and a time in proportion to conditions; sets of them are many more.

Tables have the number of causes as their first axis, and the draws as their last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.prior.factors import Factor, FactorScope, check_size, elimination_order
from bayesknee.inference.prior.parents import Parents


class CountedProduct(NamedTuple):
    """Two tables multiplied.

    Attributes:
        first, second: which.
        result: the variables of the product.
    """

    first: int
    second: int
    result: FactorScope


class CountedSum(NamedTuple):
    """A variable summed out of a table.

    Attributes:
        table: which.
        axis: of the variable.
        condition: its number, if it is a condition.
        result: the variables that are left.
    """

    table: int
    axis: int
    condition: int | None
    result: FactorScope


CountedStep: TypeAlias = CountedProduct | CountedSum


class CountedPlan:
    """What to multiply and sum out, for tables of given scopes.

    Attributes:
        steps: one after the other; each makes a table with the next number.
        scopes: the variables of all tables, those given first.
        counted: by table, whether a condition is summed out in it.
    """

    def __init__(self, scopes: Iterable[FactorScope], order: Iterable[int], conditions: int) -> None:
        self.scopes = list(scopes)
        self.given = len(self.scopes)
        self.steps: list[CountedStep] = []
        self.counted = [False] * self.given
        self._left = set(range(self.given))
        for variable in order:
            table = self._join([number for number in self._left if variable in self.scopes[number]])
            scope = self.scopes[table]
            rest = tuple(other for other in scope if other != variable)
            condition = variable if variable < conditions else None
            self._add(CountedSum(table, 1 + scope.index(variable), condition, rest), {table})
        self._join(sorted(self._left))

    def _join(self, numbers: Sequence[int]) -> int:
        """Multiplies tables, the smallest first; returns the number of the product."""
        first, *others = sorted(numbers, key=lambda number: len(self.scopes[number]))
        for other in others:
            union = tuple(sorted({*self.scopes[first], *self.scopes[other]}))
            first = self._add(CountedProduct(first, other, union), {first, other})
        return first

    def _add(self, step: CountedStep, used: set[int]) -> int:
        self.steps.append(step)
        self.scopes.append(step.result)
        is_counted = isinstance(step, CountedSum) and step.condition is not None
        self.counted.append(is_counted or any(self.counted[number] for number in used))
        self._left = (self._left - used) | {len(self.scopes) - 1}
        return len(self.scopes) - 1


class CountedSums:
    """Sums over sets of at most so many conditions, by draw.

    Args:
        parents: how conditions hang on risk factors and each other; the causes that come together must be limited.

    Attributes:
        largest: how many numbers the largest table has, a draw.

    Raises:
        InferenceError: a table would be too large.
    """

    def __init__(self, parents: Parents) -> None:
        self._parents = parents
        self._most = parents.most or 0
        self._conditions = len(parents.conditions)
        *others, common = range(self._conditions + len(parents.blocks))
        private = frozenset(parents.private_blocks)  # they are summed out before, in the table of their condition
        scopes = [{c, *ratios} - private for c, ratios in enumerate(parents.numbers.ratios)]
        order, largest = elimination_order(scopes, [v for v in others if v not in private], parents.states)
        self.largest = (1 + self._most) * largest
        check_size(self.largest, "conditions that share risk factors")
        self._order = (*order, common)
        self._plans: dict[tuple[FactorScope, ...], CountedPlan] = {}

    def of(self, weights: Mapping[int, Factor], factors: Sequence[Factor]) -> tuple[Vector, Vector]:
        """P(exactly i causes), for i from 0 to the most, and P(c, at most these and at least one).

        Where there is no complaint, that is the sum over all sets allowed as well, as the empty one does not hold c.

        Args:
            weights: by block that is not summed out yet, P(state).
            factors: P(c | parents), by condition.

        Returns:
            Shapes (most + 1, draws) and (conditions, draws).
        """
        given = [*weights.values(), *factors]
        plan = self._plan(tuple(factor.variables for factor in given))
        tables = [factor.table[None] for factor in given]
        for step in plan.steps:
            tables.append(self._run(plan, step, tables))
        return tables[-1], self._marginals(plan, tables)

    def _plan(self, scopes: tuple[FactorScope, ...]) -> CountedPlan:
        if scopes not in self._plans:
            met = {variable for scope in scopes for variable in scope}
            order = [variable for variable in self._order if variable in met]
            self._plans[scopes] = CountedPlan(scopes, order, self._conditions)
        return self._plans[scopes]

    def _run(self, plan: CountedPlan, step: CountedStep, tables: Sequence[Vector]) -> Vector:
        if isinstance(step, CountedProduct):
            first, second = (_over(tables[number], plan.scopes[number], step.result) for number in step[:2])
            return _product(first, second, self._most)
        table, axis = tables[step.table], step.axis
        if step.condition is None:
            return np.asarray(table.sum(axis=axis))
        absent, present = _halves(table, axis)
        made = np.zeros((min(len(table), self._most) + 1, *absent.shape[1:]))
        made[: len(table)] = absent[: len(made)]
        made[1:] += present[: len(made) - 1]
        return made

    def _marginals(self, plan: CountedPlan, tables: Sequence[Vector]) -> Vector:
        """P(c, s allowed), by the chain rule from the last table back to those in which a condition is summed out."""
        result = tables[-1]
        marginals = np.zeros((self._conditions, result.shape[-1]))
        changes: dict[int, Vector] = {len(tables) - 1: np.ones_like(result)}
        for number in range(len(tables) - 1, plan.given - 1, -1):
            step, change = plan.steps[number - plan.given], changes.pop(number, None)
            if change is None:
                continue
            if isinstance(step, CountedProduct):
                for own, other in (step[:2], step[1::-1]):
                    if plan.counted[own]:
                        factor = _over(tables[other], plan.scopes[other], step.result)
                        changes[own] = _change(change, factor, len(tables[own]), _summed(plan.scopes[own], step.result))
            else:
                if step.condition is not None:
                    _, present = _halves(tables[step.table], step.axis)
                    shares = change[1:] * present[: len(change) - 1]
                    marginals[step.condition] = shares.reshape(-1, shares.shape[-1]).sum(axis=0)
                if plan.counted[step.table]:
                    changes[step.table] = self._spread(step, change, tables[step.table])
        return marginals

    def _spread(self, step: CountedSum, change: Vector, table: Vector) -> Vector:
        """The change by each entry of a table from that by its sum over one variable."""
        if step.condition is None:
            return np.broadcast_to(np.expand_dims(change, step.axis), table.shape)
        made = np.zeros(table.shape)
        absent, present = _halves(made, step.axis)
        absent[:] = change[: len(table)]
        present[: len(change) - 1] = change[1 : len(table) + 1]
        return made


def _halves(table: Vector, axis: int) -> tuple[Vector, Vector]:
    """The parts of a table where a condition is absent, and where it is present."""
    absent, present = np.moveaxis(table, axis, 0)
    return absent, present


def _over(table: Vector, scope: FactorScope, wider: FactorScope) -> Vector:
    """The table with an axis for each variable of a wider scope, of length 1 where it lacks one."""
    return table[:, *(slice(None) if variable in scope else None for variable in wider)]


def _summed(scope: FactorScope, wider: FactorScope) -> tuple[int, ...]:
    """The axes, without that of numbers, of the variables that a scope lacks."""
    return tuple(axis for axis, variable in enumerate(wider) if variable not in scope)


def _product(first: Vector, second: Vector, most: int) -> Vector:
    """The product of two polynomials, cut off."""
    if len(first) == 1 or len(second) == 1:
        return first * second
    shape = np.broadcast_shapes(first.shape[1:], second.shape[1:])
    made = np.empty((min(len(first) + len(second) - 2, most) + 1, *shape))
    for degree, out in enumerate(made):
        lowest = max(0, degree - len(second) + 1)
        _dot(first[lowest : degree + 1], second[degree - lowest :: -1], out)
    return made


def _change(change: Vector, factor: Vector, degrees: int, axes: tuple[int, ...]) -> Vector:
    """The change by one factor of a product: that by the product times the other factor, over what the first lacks."""
    made = np.empty((degrees, *np.broadcast_shapes(change.shape[1:], factor.shape[1:])))
    for degree, out in enumerate(made):
        _dot(change[degree:], factor, out)
    return made.sum(axis=tuple(axis + 1 for axis in axes)) if axes else made


def _dot(first: Vector, second: Vector, out: Vector) -> None:
    """The sum of the products of tables, as many as the shorter list has."""
    np.multiply(first[0], second[0], out=out)
    for one, other in zip(first[1:], second[1:], strict=False):
        out += one * other
