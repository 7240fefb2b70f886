"""The intercepts a_c that make each condition's marginal, given the complaint, its base rate m_c.

Let z be P(complaint), the chance of at least one condition. Since a condition implies the complaint,

    P(c | complaint) = P(c) / z = m_c    if and only if    P(c) = m_c z.

For a given z each a_c is therefore found alone, parents before children, by a root search in one number; and z is the
root of

    P(at least one condition) / z - 1,

which is sum(m) - 1 at z = 0 and -P(no condition) at z = 1. So there is a solution whenever the base rates sum to more
than 1, and a bracketed search finds it. No table over the subsets of conditions is needed, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.prior.factors import Factor, check_size, elimination_order, sum_out
from bayesknee.inference.prior.parents import Parents

MOST_ROUNDS: Final = 100
LOGIT_TOLERANCE: Final = 1e-14
TOLERANCE: Final = 1e-14
LOWEST_COMPLAINT: Final = 1e-9

Point: TypeAlias = tuple[float, float]


def solve_intercepts(parents: Parents, base_rates: Vector, *, has_complaint: bool) -> tuple[Vector, float]:
    """The intercept of each condition, and P(complaint), which is 1 where there is none.

    Raises:
        InferenceError: there are no such intercepts.
    """
    solver = Solver(parents)
    if not has_complaint:
        return solver.intercepts(base_rates), 1.0

    def excess(z: float) -> float:
        return solver.any(solver.intercepts(base_rates * z)) / z - 1.0

    total = float(base_rates.sum())
    z = find_root(excess, (0.0, total - 1.0), (1.0, excess(1.0))) if total > 1.0 else 0.0
    if z < LOWEST_COMPLAINT:
        raise InferenceError(
            f"base rates in {parents.setting} that sum to {total:.9g} cannot be met; expected clearly more than 1, as "
            "each patient has a cause and some have two; raise the catch-all's base rate, or drop the complaint"
        )
    return solver.intercepts(base_rates * z), z


class Solver:
    """What the search needs over and over: which factors to multiply, and in which order to sum variables out.

    Attributes:
        any_order: in which to sum blocks out for P(at least one condition).
        plans: by condition its ancestors, and those of them to be summed out for the distribution of its parents.
    """

    def __init__(self, parents: Parents) -> None:
        self._parents = parents
        self._n = n = len(parents.odds_ratios)
        self._alone = [each.cut(dict.fromkeys(range(n), 0)) for each in parents.odds_ratios]
        scopes = [each.variables for each in self._alone]
        touching = sorted({variable for scope in scopes for variable in scope})
        self.any_order, largest = elimination_order(scopes, touching, parents.states)
        check_size(largest, "risk factors that share conditions")
        self.plans = [self._plan(c) for c in range(n)]
        self._ancestors = {each for used, _ in self.plans for each in used if each < n}
        self._weights = {
            c: self._distribution(c, {}) for c, (used, _) in enumerate(self.plans) if min(used, default=n) >= n
        }

    def _plan(self, c: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ancestors of a condition, and those of them to be summed out for the distribution of its parents."""
        odds_ratios = self._parents.odds_ratios
        wanted = odds_ratios[c].variables
        ancestors = set(wanted)
        for condition in reversed(self._parents.parents_first):
            if condition in ancestors:
                ancestors.update(odds_ratios[condition].variables)
        used = tuple(sorted(ancestors))
        scopes = [(each, *odds_ratios[each].variables) if each < self._n else (each,) for each in used]
        order, largest = elimination_order(scopes, ancestors.difference(wanted), self._parents.states)
        check_size(largest, "the ancestors of a condition")
        return used, order

    def _distribution(self, c: int, factors: Mapping[int, Factor]) -> Vector:
        """The joint distribution of the parents of c, flat. `factors` has P(c | parents) of its ancestors."""
        used, order = self.plans[c]
        tables = [factors[each] if each < self._n else self._parents.prior(each) for each in used]
        return sum_out([*tables, Factor((), np.ones(()))], order).table.ravel()

    def intercepts(self, marginals: Vector) -> Vector:
        """The intercept of each condition that gives it this marginal, without regard to the complaint."""
        intercepts = np.empty(self._n)
        factors: dict[int, Factor] = {}
        for c in self._parents.parents_first:
            weights = self._weights[c] if c in self._weights else self._distribution(c, factors)
            intercepts[c] = find_intercept(weights, self._parents.odds_ratios[c].table.ravel(), marginals[c])
            if c in self._ancestors:
                factors[c] = self._parents.factor(c, intercepts[c])
        return intercepts

    def any(self, intercepts: Vector) -> float:
        """P(at least one condition), from small chances upwards: 1 - P(no condition) would lose digits."""
        left = [
            Factor(each.variables, odds * each.table / (1.0 + odds * each.table))
            for odds, each in zip(np.exp(intercepts), self._alone, strict=True)
        ]
        for number in self.any_order:
            scope, chance = either([factor for factor in left if number in factor.variables])
            axis = scope.index(number)
            rest = scope[:axis] + scope[axis + 1 :]
            left = [factor for factor in left if number not in factor.variables]
            chance = np.moveaxis(chance, axis, -1)
            left.append(Factor(rest, np.einsum("...i,i", chance, self._parents.prior(number).table)))
        return float(either(left).table)


def either(chances: Sequence[Factor]) -> Factor:
    """The chance of at least one of independent events."""
    if len(chances) == 1:
        return chances[0]
    scope = tuple(sorted({variable for factor in chances for variable in factor.variables}))
    joined = np.zeros(())
    for chance in chances:
        joined = joined + (1.0 - joined) * chance.over(scope)
    return Factor(scope, joined)


def find_intercept(weights: Vector, odds_ratios: Vector, marginal: float) -> float:
    """The a at which odds of exp(a) * odds_ratios have this mean probability: Newton in log odds, inside a bracket."""
    goal = np.log(marginal) - np.log1p(-marginal)
    low, high = goal - np.log(odds_ratios.max()), goal - np.log(odds_ratios.min())
    a = goal - np.log(_mean(odds_ratios, weights))
    for _ in range(MOST_ROUNDS):
        odds = np.exp(a) * odds_ratios
        no = 1.0 / (1.0 + odds)
        yes = odds * no
        mean_yes, mean_no = _mean(yes, weights), _mean(no, weights)
        off = goal - np.log(mean_yes / mean_no)
        if abs(off) < LOGIT_TOLERANCE:
            break
        low, high = (a, high) if off > 0.0 else (low, a)
        a += off * mean_yes * mean_no / _mean(yes * no, weights)
        if not low < a < high:
            a = (low + high) / 2.0
    return float(a)


def _mean(values: Vector, weights: Vector) -> float:
    """Not `weights @ values`: on long vectors BLAS starts threads for that, which wait for a busy machine."""
    return float(np.einsum("i,i", values, weights))


def find_root(function: Callable[[float], float], low: Point, high: Point) -> float:
    """The root between two points (x, value) whose values differ in sign.

    Chandrupatla (1997): inverse quadratic interpolation where the last three points allow it, otherwise bisection.
    Begins with a secant, since what is solved here is nearly straight.
    """
    newest, other = low, high
    share = low[1] / (low[1] - high[1])
    for _ in range(MOST_ROUNDS):
        x = newest[0] + share * (other[0] - newest[0])
        if x in (newest[0], other[0]):
            break
        point = x, function(x)
        if (point[1] > 0.0) == (newest[1] > 0.0):
            newest, oldest = point, newest
        else:
            newest, other, oldest = point, newest, other
        if abs(newest[1]) < TOLERANCE:
            break
        share = _interpolated(newest, other, oldest)
    return min(newest, other, key=lambda point: abs(point[1]))[0]


def _interpolated(newest: Point, other: Point, oldest: Point) -> float:
    """Where to look next, as a share of the way from the newest point to the other end."""
    (a, fa), (b, fb), (c, fc) = newest, other, oldest
    part, rise = (a - b) / (c - b), (fa - fb) / (fc - fb)
    if not (rise**2 < part and (1.0 - rise) ** 2 < 1.0 - part):
        return 0.5
    return fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
