"""P(s, known risk factors): the conditions before any finding, risk factors summed out exactly.

    logit P(c = 1 | parents) = a_c + sum of ln(odds ratio of the state that each parent is in)

Unknown risk factors are summed out one by one (variable elimination): one that touches a single condition inside that
condition's own table, the few shared ones jointly. The intercepts a_c are solved so that each condition's marginal
equals its base rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.errors import InferenceError
from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.subsets import Vector, membership
from bayesknee.knowledge.model import NO_YES, Condition, Network

MOST_TABLE_ENTRIES: Final = 2**26
MOST_ROUNDS: Final = 100
TOLERANCE: Final = 1e-13
MOST_CACHED_ORDERS: Final = 1000


@dataclass(frozen=True)
class Factor:
    """A table over variables, which are numbered: conditions first, then risk factors. Axes in ascending order."""

    variables: tuple[int, ...]
    table: Vector

    def axes(self, variables: Sequence[int]) -> Vector:
        """The table with an axis of length 1 for each of `variables` (ascending) that it lacks."""
        shape = dict(zip(self.variables, self.table.shape, strict=True))
        return self.table.reshape([shape.get(variable, 1) for variable in variables])


def product(factors: Sequence[Factor]) -> Factor:
    """The product of factors, over the union of their variables."""
    if len(factors) == 1:
        return factors[0]
    variables = sorted({variable for factor in factors for variable in factor.variables})
    table = factors[0].axes(variables)
    for factor in factors[1:]:
        table = table * factor.axes(variables)
    return Factor(tuple(variables), table)


def sum_out(factors: Sequence[Factor], variable: int) -> list[Factor]:
    """The factors after summing `variable` out of the product of those that have it."""
    touched = product([factor for factor in factors if variable in factor.variables])
    axis = touched.variables.index(variable)
    rest = touched.variables[:axis] + touched.variables[axis + 1 :]
    return [factor for factor in factors if variable not in factor.variables] + [Factor(rest, touched.table.sum(axis))]


class Prior:
    """P(s, known risk factors) of a network in a setting.

    Raises:
        InferenceError: base rates that no intercepts meet, or tables too large.
    """

    def __init__(self, network: Network, setting: str) -> None:
        self._conditions = tuple(network.conditions)
        self._risk_factors = tuple(network.risk_factors)
        self._states = [len(network.risk_factors[name].states) for name in self._risk_factors]
        self._priors = [np.array(network.risk_factors[name].prior_in(setting)) for name in self._risk_factors]
        self._log_odds = [self._log_odds_table(network, each) for each in network.conditions.values()]
        self._orders: dict[frozenset[int], tuple[int, ...]] = {}
        self._has_complaint = bool(network.complaint)
        self._base_rates = np.array([each.base_rate_in(setting) for each in network.conditions.values()])
        self.intercepts = self._solve(setting)

    def _log_odds_table(self, network: Network, condition: Condition) -> Factor:
        """The sum of log odds ratios of one condition, over its parents."""
        factors = [Factor((), np.zeros(()))]
        for parent, ratios in condition.odds_ratios.items():
            factor = network.risk_factors.get(parent)
            states = factor.states if factor else NO_YES
            logs = np.log([ratios[state].value if state in ratios else 1.0 for state in states])
            number = len(self._conditions) + self._risk_factors.index(parent) if factor else self._index(parent)
            factors.append(Factor((number,), logs))
        variables = sorted({variable for each in factors for variable in each.variables})
        self._check_size(variables, f"the parents of {condition.id}")
        return Factor(tuple(variables), sum((each.axes(variables) for each in factors), np.zeros(())))

    def _index(self, condition: str) -> int:
        return self._conditions.index(condition)

    def _size(self, variables: Sequence[int]) -> int:
        n = len(self._conditions)
        size = 1
        for variable in variables:
            size *= 2 if variable < n else self._states[variable - n]
        return size

    def _check_size(self, variables: Sequence[int], what: str) -> None:
        if (size := self._size(variables)) > MOST_TABLE_ENTRIES:
            raise InferenceError(
                f"{what} need a table of {size:,} numbers; at most {MOST_TABLE_ENTRIES:,} are allowed; "
                "let risk factors touch fewer conditions"
            )

    def table(self, condition: str) -> tuple[tuple[str, ...], Vector]:
        """P(condition | parents): the names of its parents, and a table whose first axis is the condition's own."""
        c = self._index(condition)
        factor = self._condition_factor(c, float(self.intercepts[c]), {})
        names = (*self._conditions, *self._risk_factors)
        parents = tuple(names[variable] for variable in factor.variables if variable != c)
        return parents, np.moveaxis(factor.table, factor.variables.index(c), 0)

    # --- the joint table -----------------------------------------------------------------------------------------

    def joint(self, known: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors) without regard to the complaint; shape (2**n,).

        Args:
            known: a likelihood for each state, by risk factor.
        """
        return self._joint(self.intercepts, known)

    def _joint(self, intercepts: Vector, known: Mapping[str, Likelihood]) -> Vector:
        n = len(self._conditions)
        fixed: dict[int, int] = {}
        factors: list[Factor] = []
        scale = 1.0
        for i, name in enumerate(self._risk_factors):
            weights = self._priors[i] * known[name] if name in known else self._priors[i]
            possible = np.flatnonzero(weights)
            if len(possible) == 1:
                fixed[n + i] = int(possible[0])
                scale *= float(weights[possible[0]])
            else:
                factors.append(Factor((n + i,), weights))
        factors += [self._condition_factor(c, a, fixed) for c, a in enumerate(intercepts.tolist())]
        for variable in self._order(frozenset(fixed), factors):
            factors = sum_out(factors, variable)
        return scale * product(factors).axes(range(n)).ravel()

    def _condition_factor(self, c: int, intercept: float, fixed: Mapping[int, int]) -> Factor:
        """P(c | parents), cut to the known states of its risk factors."""
        log_odds = self._log_odds[c]
        cut = tuple(fixed.get(variable, slice(None)) for variable in log_odds.variables)
        parents = tuple(variable for variable in log_odds.variables if variable not in fixed)
        yes = 1.0 / (1.0 + np.exp(-(intercept + log_odds.table[cut])))
        variables = tuple(sorted((*parents, c)))
        return Factor(variables, np.stack([1.0 - yes, yes], axis=variables.index(c)))

    def _order(self, fixed: frozenset[int], factors: Sequence[Factor]) -> tuple[int, ...]:
        """The order in which to sum risk factors out: always the one with the smallest table next. Kept by `fixed`."""
        if (order := self._orders.get(fixed)) is None:
            if len(self._orders) >= MOST_CACHED_ORDERS:
                self._orders.clear()
            order = self._orders[fixed] = self._find_order([frozenset(factor.variables) for factor in factors])
        return order

    def _find_order(self, scopes: list[frozenset[int]]) -> tuple[int, ...]:
        n = len(self._conditions)
        left = {variable for scope in scopes for variable in scope if variable >= n}
        order: list[int] = []
        while left:
            joined = {v: frozenset().union(*(scope for scope in scopes if v in scope)) for v in left}
            best = min(left, key=lambda v: (self._size(sorted(joined[v])), v))
            self._check_size(sorted(joined[best]), f"the conditions that {self._risk_factors[best - n]} touches")
            scopes = [scope for scope in scopes if best not in scope] + [joined[best] - {best}]
            order.append(best)
            left.remove(best)
        return tuple(order)

    # --- intercepts ----------------------------------------------------------------------------------------------

    @cached_property
    def log_complaint(self) -> float:
        """log P(complaint) in this setting; 0 where the network has none."""
        return float(np.log(self._masked(self._joint(self.intercepts, {})).sum()))

    def _masked(self, joint: Vector) -> Vector:
        if self._has_complaint:
            joint[0] = 0.0
        return joint

    def _solve(self, setting: str) -> Vector:
        """Intercepts by Broyden's method from Newton's first step, with the covariance as the first Jacobian.

        The covariance of s is the Jacobian of the marginals where conditions have no parents, and near it otherwise;
        Broyden's (1965) rank-one updates learn the rest. Solved in the log odds of the marginals, where it is almost
        linear.
        """
        members = membership(len(self._conditions))
        target = _logit(self._base_rates)
        intercepts = target.copy()
        inverse: NDArray[np.float64] | None = None
        step = off = np.zeros(0)
        for _ in range(MOST_ROUNDS):
            joint = self._masked(self._joint(intercepts, {}))
            joint /= joint.sum()
            marginals = joint @ members
            if np.max(np.abs(marginals - self._base_rates)) < TOLERANCE:
                return intercepts
            last, off = off, target - _logit(marginals)
            if inverse is None:
                inverse = self._first_inverse(joint, members, marginals)
            else:
                moved = inverse @ (last - off)
                inverse = inverse + np.outer(step - moved, step @ inverse) / (step @ moved)
            step = np.clip(inverse @ off, -5.0, 5.0)
            intercepts = intercepts + step
        raise InferenceError(
            f"no intercepts meet the base rates in {setting}: the nearest marginals are off by "
            f"{np.max(np.abs(marginals - self._base_rates)):.2g}; base rates that sum to little more than 1 are the "
            "usual cause"
        )

    @staticmethod
    def _first_inverse(joint: Vector, members: Vector, marginals: Vector) -> Vector:
        covariance = (members * joint[:, None]).T @ members - np.outer(marginals, marginals)
        slope = covariance / (marginals * (1.0 - marginals))[:, None]
        return np.asarray(np.linalg.inv(slope + 1e-9 * np.eye(len(marginals))), dtype=np.float64)


def _logit(p: Vector) -> Vector:
    return np.log(p) - np.log1p(-p)
