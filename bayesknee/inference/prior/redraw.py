"""The prior of a network redrawn many times: as `joint` and `intercepts`, for all draws at once.

Tables are those of the network as it stands, with one more variable, the draw, which is never summed out.

The search for intercepts starts near its end. Where chances are small, that of a condition goes as exp(a) times its
mean odds ratio R, so a first guess is the intercept of the network as it stands, moved as far as logit(m z) - log R is.
And P(complaint) is near

    z = k (sum of m_c - 1) / (sum over pairs of m_c m_d)

with base rates m, since z sum(m) - z**2 (sum over pairs) are the first terms of P(at least one condition), were they
independent; k is that of the network as it stands.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.prior.factors import EliminationPlan, Factor, sum_out
from bayesknee.inference.prior.intercepts import Solver, either
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.parents import Block, Parents
from bayesknee.knowledge.model import ANY_SETTING, NO_YES, Condition, RiskFactor
from bayesknee.knowledge.network import Network
from bayesknee.knowledge.ranges import Ranges, draw_base_rates, stream
from bayesknee.patient.evidence import Likelihood

MOST_ROUNDS: Final = 60
SETTLED: Final = 1e-6
# P(complaint) is rough at first, and so may the intercepts be: mostly one step a round keeps up with it.
SETTLED_BY_ROUND: Final = (0.3, 0.1, 1e-2, 1e-4, SETTLED)
NEARLY_MET: Final = 1e-9
TOLERANCE: Final = 1e-11  # nearer than that, differences are those of rounding
LEAST_STEP: Final = 1e-5
NUMBERS_AT_ONCE: Final = 2**15  # what fits into the processor's cache beside what it is made of


class PriorDraws(NamedTuple):
    """Redrawn figures of conditions and risk factors, the draws as the last axis.

    Attributes:
        priors: P(state) by block of risk factors, each (states, draws).
        ratios: by condition, then by variable that is a parent of it: odds ratios, each (states, draws).
        intercepts: a_c, shape (conditions, draws).
        complaint: P(complaint), shape (draws,).
    """

    priors: Mapping[int, Vector]
    ratios: Sequence[Mapping[int, Vector]]
    intercepts: Vector
    complaint: Vector

    def part(self, where: slice) -> PriorDraws:
        """Some of the draws."""
        return PriorDraws(
            {number: each[:, where] for number, each in self.priors.items()},
            [{number: each[:, where] for number, each in own.items()} for own in self.ratios],
            self.intercepts[:, where],
            self.complaint[where],
        )


class RedrawnPrior:
    """Redraws the prior of a network in a setting, and sums it over what is not known.

    Args:
        network: the network.
        parents: how its conditions hang on risk factors and each other, in a setting.
        intercepts: a_c by condition, as the network stands.
        complaint: P(complaint), likewise.

    Attributes:
        solver: how to go about the intercepts.
        parents: see there.
        draw_number: the number of the variable that is the draw.
        alike: by condition, then by block: its states in an order in which those come together that have the same odds
            ratios, whatever these are, and where each such run begins.
    """

    def __init__(self, network: Network, parents: Parents, intercepts: Vector, complaint: float) -> None:
        self._network = network
        self._setting = parents.setting
        self._intercepts = intercepts
        self._complaint = complaint
        self.parents = parents
        self._n = len(parents.conditions)
        self._blocks = dict(zip(parents.block_numbers, parents.blocks, strict=True))
        self.solver = Solver(parents)
        self.alike = [
            {v: self._alike(c, v) for v in each.variables if v >= self._n} for c, each in enumerate(parents.odds_ratios)
        ]
        self.draw_number = self._n + len(self._blocks)

    def _alike(self, c: int, number: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        ratios = self._network.conditions[self.parents.conditions[c]].odds_ratios
        codes = np.zeros(1, np.int64)
        for member in self._blocks[number].members:
            stated = list(ratios.get(member.id, {}))
            own = [stated.index(state) + 1 if state in stated else 0 for state in member.states]
            codes = (codes[:, None] * (len(stated) + 1) + np.array(own)).ravel()
        order = np.argsort(codes, kind="stable")
        return order, np.flatnonzero(np.diff(codes[order], prepend=-1))

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self, seed: int, draws: int, chunk: int) -> PriorDraws:
        """That many draws; those of a seed are always the same."""
        conditions = {name: self._drawn(name, seed, draws) for name in self._network.conditions}
        priors = {number: self._block_prior(block, seed, draws) for number, block in self._blocks.items()}
        ratios = [self._ratios(c, drawn, draws) for c, drawn in enumerate(conditions.values())]
        rates = self._base_rates(seed, draws)
        empty = PriorDraws(priors, ratios, np.zeros((self._n, draws)), np.ones(draws))
        for start in range(0, draws, chunk):
            where = slice(start, min(start + chunk, draws))
            intercepts, complaint = self._solve(empty.part(where), rates[:, where])
            empty.intercepts[:, where] = intercepts
            empty.complaint[where] = complaint
        return empty

    def _drawn(self, name: str, seed: int, draws: int) -> dict[tuple[str, ...], Vector]:
        entry = self._network.conditions.get(name) or self._network.risk_factors[name]
        ranges = Ranges(entry)
        return dict(zip(ranges.paths, ranges.draw(stream(seed, name), draws), strict=True))

    def _base_rates(self, seed: int, draws: int) -> Vector:
        drawn = draw_base_rates(self._network, seed, draws)
        paths = [("conditions", name, "base_rate") for name in self._network.conditions]
        rates = [drawn.get((*path, self._setting), drawn.get((*path, ANY_SETTING))) for path in paths]
        return np.array(rates)

    def _block_prior(self, block: Block, seed: int, draws: int) -> Vector:
        each = [self._member_prior(member, self._drawn(member.id, seed, draws), draws) for member in block.members]
        return functools.reduce(_outer, each, np.ones((1, draws)))

    def _member_prior(self, factor: RiskFactor, drawn: Mapping[tuple[str, ...], Vector], draws: int) -> Vector:
        setting = self._setting if self._setting in factor.prior else ANY_SETTING
        stated = {state: drawn["prior", setting, state] for state in factor.prior[setting].numbers}
        rest = 1.0 - sum(stated.values(), np.zeros(draws))
        return np.array([stated.get(state, rest) for state in factor.states])

    def _ratios(self, c: int, drawn: Mapping[tuple[str, ...], Vector], draws: int) -> Mapping[int, Vector]:
        ones = np.ones(draws)

        def of(parent: str, states: Iterable[str]) -> Vector:
            return np.array([drawn.get(("odds_ratios", parent, state), ones) for state in states])

        found: dict[int, Vector] = {}
        for variable in self.parents.odds_ratios[c].variables:
            if variable < self._n:
                found[variable] = of(self.parents.conditions[variable], NO_YES)
            else:
                members = [of(each.id, each.states) for each in self._blocks[variable].members]
                found[variable] = functools.reduce(_outer, members, np.ones((1, draws)))
        return found

    # --- intercepts ----------------------------------------------------------------------------------------------

    def _solve(self, drawn: PriorDraws, rates: Vector) -> tuple[Vector, Vector]:
        """The intercepts that meet these base rates, shape (conditions, draws), and P(complaint)."""
        solver = _Solver(self, drawn)
        base_rates = np.array([each.base_rate_in(self._setting) for each in self._network.conditions.values()])
        start = (self._intercepts - _logit(base_rates * self._complaint))[:, None]
        start = start + np.log(_mean_ratios(self._stated(), (base_rates * self._complaint)[:, None]))
        if not self._network.complaint:
            start = start + _logit(rates) - np.log(_mean_ratios(drawn, rates))
            return solver.intercepts(rates, start, SETTLED), np.ones(rates.shape[1])
        z = np.clip(self._complaint * _curve(rates) / _curve(base_rates[:, None]), 1e-9, 1.0 - 1e-3)
        return _meet_complaint(solver, rates, start + _logit(rates * z) - np.log(_mean_ratios(drawn, rates * z)), z)

    def _stated(self) -> PriorDraws:
        """The network as it stands, as a single draw."""
        priors = {number: block.prior[:, None] for number, block in self._blocks.items()}
        ratios = [self._ratios(c, _stated_ratios(each), 1) for c, each in enumerate(self._network.conditions.values())]
        return PriorDraws(priors, ratios, self._intercepts[:, None], np.array([self._complaint]))

    def odds(self, drawn: PriorDraws, c: int, cut: Mapping[int, int | slice]) -> Factor:
        """exp(a_c) times the odds ratios of a condition over its parents, where some are in known states."""
        table = np.exp(drawn.intercepts[c])
        scope: list[int] = []
        for variable, ratios in drawn.ratios[c].items():
            own = ratios[cut.get(variable, slice(None))]
            if own.ndim == 1:
                table = table * own
            else:
                table = table[..., None, :] * own
                scope.append(variable)
        return Factor((*scope, self.draw_number), table)

    def condition(self, drawn: PriorDraws, c: int, cut: Mapping[int, int | slice]) -> Factor:
        """P(c | parents) of a condition, where some parents are in known states."""
        (*scope, _), odds = self.odds(drawn, c, cut)
        no = 1.0 / (1.0 + odds)
        variables = sorted((c, *scope))
        return Factor((*variables, self.draw_number), np.stack([no, odds * no], axis=variables.index(c)))

    # --- the sum over what is not known ------------------------------------------------------------------------------

    def joint(self, drawn: PriorDraws, known: Mapping[str, Likelihood], prior: Prior) -> Vector:
        """P(s, known risk factors) / P(complaint), shape (2**n, draws); see `Prior.joint`, which `prior` is for."""
        given = prior.given(known)
        common = self.parents.block_numbers[-1]
        cut: dict[int, int | slice] = {**given.states, common: given.part}
        scale = 1.0 / drawn.complaint
        leaves: list[Factor] = []
        for number, block in self._blocks.items():
            if not block.children and number != common:
                weights = drawn.priors[number] * self._likelihood(number, known)[:, None]
                scale = scale * weights.sum(axis=0)
            elif isinstance(cut.get(number), int):
                place = cut[number]
                scale = scale * drawn.priors[number][place] * self._likelihood(number, known)[place]
            else:
                part = cut.get(number, slice(None))
                weights = drawn.priors[number][part] * self._likelihood(number, known)[part][:, None]
                leaves.append(Factor((number, self.draw_number), weights))
        leaves += [self.condition(drawn, c, cut) for c in range(self._n)]
        joint: Vector = _joint(leaves, prior.order, self._n) * scale
        return joint

    def _likelihood(self, number: int, known: Mapping[str, Likelihood]) -> Vector:
        """What is known of a block, as a likelihood of each of its states."""
        each = [np.array(known.get(member.id, (1.0,) * len(member.states))) for member in self._blocks[number].members]
        return functools.reduce(np.multiply.outer, each, np.ones(1)).ravel()


def _outer(first: Vector, second: Vector) -> Vector:
    """Of two tables with the draws as the last axis, the product over all pairs of their states, flat."""
    return (first[:, None] * second[None]).reshape(-1, first.shape[-1])


def _joint(leaves: Sequence[Factor], order: Sequence[int], n: int) -> Vector:
    """The product of factors over all conditions, all blocks summed out, shape (2**n, draws)."""
    plan = EliminationPlan([scope for scope, _ in leaves])
    for block in order:
        if numbers := plan.having(block):
            plan.join(numbers, block)
    for condition in range(n):
        if len(numbers := plan.having(condition)) > 1:
            plan.join(numbers)
    *small, largest = sorted(plan.left, key=lambda number: len(plan.left[number]))
    if small:
        plan.join(small)
    plan.left[largest] = plan.left.pop(largest)
    tables = plan.run([table for _, table in leaves])
    scopes = list(plan.left.values())
    axes = tuple(variable for scope in scopes for variable in scope if variable < n)
    common = leaves[-1].table.shape[-2]
    draws = leaves[-1].table.shape[-1]
    flat = [each.reshape(-1, common, draws) for each in tables]
    product = np.einsum("amd,bmd->abd", *flat) if len(flat) == 2 else flat[0].sum(axis=1)
    order_of_axes = (*np.argsort(axes).tolist(), n)
    return np.asarray(product.reshape(*(2,) * n, draws).transpose(order_of_axes).reshape(2**n, draws))


def _root(points: Sequence[tuple[Vector, Vector]]) -> Vector:
    """Where a function that is nearly straight is 0: the inverse polynomial through two or three points, by draw."""
    root = np.zeros_like(points[0][0])
    for i, (x, value) in enumerate(points):
        term = x
        for j, (_, other) in enumerate(points):
            if i != j:
                rise = other - value
                term = term * np.where(rise == 0.0, 1.0, other / np.where(rise == 0.0, 1.0, rise))
        root = root + term
    newest, off = points[-1]
    return np.where(np.abs(off) < TOLERANCE, newest, root)


def _meet_complaint(solver: _Solver, rates: Vector, intercepts: Vector, z: Vector) -> tuple[Vector, Vector]:
    """The intercepts and P(complaint), from a first guess of both."""
    points = [(np.zeros_like(z), rates.sum(axis=0) - 1.0)]
    rise, step = np.ones_like(intercepts), np.zeros_like(z)  # with a rare condition, log odds go up as log z
    for number in range(MOST_ROUNDS):
        settled = SETTLED_BY_ROUND[min(number, len(SETTLED_BY_ROUND) - 1)]
        last, intercepts = intercepts, solver.intercepts(rates * z, intercepts, settled)
        off = solver.any(intercepts) / z - 1.0
        # What was guessed was `rise` times the step; what it fell short of belongs to the rise.
        rise = rise + np.where(np.abs(step) > LEAST_STEP, (intercepts - last) / np.where(step == 0.0, 1.0, step), 0.0)
        points = [*points[-2:], (z, off)]
        newer = np.clip(_root(points), z * 0.01, (1.0 + z) / 2.0)
        step, z = np.log(newer / z), newer
        intercepts = intercepts + rise * step
        if settled == SETTLED and np.abs(off).max() < NEARLY_MET:  # what this step leaves is of second order
            break
    return intercepts, z


def _stated_ratios(condition: Condition) -> dict[tuple[str, ...], Vector]:
    """The odds ratios as they stand, by path, each as a single draw."""
    return {
        ("odds_ratios", parent, state): np.array([number.value])
        for parent, by_state in condition.odds_ratios.items()
        for state, number in by_state.items()
    }


def _curve(rates: Vector) -> Vector:
    """P(complaint) by these base rates, roughly and but for a factor; see above."""
    total = rates.sum(axis=0)
    return np.asarray((total - 1.0) / (total**2 - (rates**2).sum(axis=0)))


def _mean_ratios(drawn: PriorDraws, marginals: Vector) -> Vector:
    """The mean odds ratio of each condition, as if its parents were independent, shape (conditions, draws).

    Where all chances are small, odds go up and down with that: the larger it is, the lower is the intercept.
    """
    chances = dict(enumerate(np.stack([1.0 - marginals, marginals], axis=1))) | dict(drawn.priors)
    ones = np.ones(marginals.shape[1])
    return np.array(
        [
            functools.reduce(np.multiply, ((chances[v] * each).sum(axis=0) for v, each in own.items()), ones)
            for own in drawn.ratios
        ]
    )


def _logit(chance: Vector) -> Vector:
    return np.asarray(np.log(chance) - np.log1p(-chance))


class _Solver:
    """What the search for intercepts needs of one chunk of draws."""

    def __init__(self, redrawn: RedrawnPrior, drawn: PriorDraws) -> None:
        self._redrawn = redrawn
        self._drawn = drawn
        self._n = n = len(drawn.ratios)
        parents = redrawn.parents
        self._plans = redrawn.solver.plans
        self._order = [b for b in redrawn.solver.any_order if b not in parents.private_blocks]
        self._parents_first = parents.parents_first
        self._ancestors = {each for used, _ in self._plans for each in used if each < n}
        ones = drawn._replace(intercepts=np.zeros_like(drawn.intercepts))
        merged = [
            {v: each[self._first_alike(c, v)] if v >= n else each for v, each in own.items()}
            for c, own in enumerate(drawn.ratios)
        ]
        self._odds = [redrawn.odds(ones._replace(ratios=merged), c, {}).table for c in range(n)]
        alone = dict.fromkeys(range(n), 0)
        self._alone = [redrawn.odds(ones, c, alone) for c in range(n)]
        self._weights = {
            c: self._distribution(c, {}) for c, (used, _) in enumerate(self._plans) if min(used, default=n) >= n
        }

    def _distribution(self, c: int, factors: Mapping[int, Factor]) -> Vector:
        """The joint distribution of the parents of c, shape (their states, those alike as one, draws)."""
        used, order = self._plans[c]
        wanted = self._redrawn.parents.odds_ratios[c].variables
        shared = {variable for each in factors if each in used for variable in factors[each].variables}
        draw = self._redrawn.draw_number
        joined = Factor((draw,), np.ones(self._drawn.complaint.shape))
        if shared:
            own = [factors[each] if each < self._n else self._block(each) for each in used if each in shared]
            scope, table = sum_out(own, order)
            for axis, number in enumerate(scope[:-1]):
                table = self._merged(c, number, table, axis)
            joined = Factor(scope, table)
        for number in wanted:
            if number not in shared:
                own_table = self._merged(c, number, self._drawn.priors[number], 0)
                joined = sum_out([joined, Factor((number, draw), own_table)], [])
        table = joined.table
        return table.reshape(-1, table.shape[-1])

    def _block(self, number: int) -> Factor:
        return Factor((number, self._redrawn.draw_number), self._drawn.priors[number])

    def _first_alike(self, c: int, number: int) -> NDArray[np.intp]:
        order, starts = self._redrawn.alike[c][number]
        return order[starts]

    def _merged(self, c: int, number: int, table: Vector, axis: int) -> Vector:
        """The table, with states of a block that are alike for a condition added up."""
        if number < self._n:
            return table
        order, starts = self._redrawn.alike[c][number]
        if len(starts) == len(order):
            return table.take(order, axis)
        return np.add.reduceat(table.take(order, axis), starts, axis)

    def intercepts(self, marginals: Vector, start: Vector, settled: float) -> Vector:
        """The intercepts that give these marginals, without regard to the complaint."""
        intercepts = np.empty_like(marginals)
        factors: dict[int, Factor] = {}
        for c in self._parents_first:
            weights = self._weights[c] if c in self._weights else self._distribution(c, factors)
            odds = self._odds[c].reshape(len(weights), -1)
            intercepts[c] = _find_intercepts((weights, odds), marginals[c], start[c], settled)
            if c in self._ancestors:
                factors[c] = self._redrawn.condition(self._drawn._replace(intercepts=intercepts), c, {})
        return intercepts

    def _alone_chance(self, c: int, factor: Vector) -> Factor:
        """P(c | its risk factors, none of the other conditions), the block that touches it alone summed out."""
        scope, ratios = self._alone[c]
        private = self._redrawn.parents.private_blocks[c]
        if private is None:
            return Factor(scope, _chance(ratios * factor))
        axis = scope.index(private)
        own = np.moveaxis(ratios, axis, -2)
        table = np.empty((*own.shape[:-2], own.shape[-1]))
        for state in np.ndindex(own.shape[:-3]):  # some states at a time: what is worked out stays in the cache
            np.einsum("sd,...sd->...d", self._drawn.priors[private], _chance(own[state] * factor), out=table[state])
        return Factor((*scope[:axis], *scope[axis + 1 :]), table)

    def any(self, intercepts: Vector) -> Vector:
        """P(at least one condition), by draw."""
        left = [self._alone_chance(c, a) for c, a in enumerate(np.exp(intercepts))]
        for number in self._order:
            joined = either([factor for factor in left if number in factor.variables])
            left = [factor for factor in left if number not in factor.variables]
            weights = Factor((number, joined.variables[-1]), self._drawn.priors[number])
            left.append(sum_out([joined, weights], [number]))
        return np.asarray(either(left).table)


def _find_intercepts(states: tuple[Vector, Vector], marginal: Vector, start: Vector, settled: float) -> Vector:
    """As `bayesknee.inference.prior.intercepts.find_intercept`, for each draw.

    Args:
        states: the weight and the odds ratio of each state of the parents, shape (states, draws).
        marginal: what to meet, shape (draws,).
        start: a first guess, shape (draws,).
        settled: how far off, in log odds, the guess may be from which the last step is made.
    """
    weights, odds_ratios = states
    goal = np.log(marginal) - np.log1p(-marginal)
    low, high = goal - np.log(odds_ratios.max(axis=0)), goal - np.log(odds_ratios.min(axis=0))
    a = np.clip(start, low, high)
    for _ in range(MOST_ROUNDS):
        yes, slope = _mean_and_slope(weights, odds_ratios, a)
        off = goal - np.log(yes / (1.0 - yes))
        a = np.clip(a + off * yes * (1.0 - yes) / slope, low, high)
        if np.abs(off).max() < settled:  # Newton doubles the digits: the step just done leaves next to nothing
            break
    return np.asarray(a)


def _mean_and_slope(weights: Vector, odds_ratios: Vector, intercepts: Vector) -> tuple[Vector, Vector]:
    """The mean p of exp(a) * odds ratios as odds, and its derivative by a, the mean of p (1 - p); by draw.

    Some states at a time: what is worked out stays in the processor's cache.
    """
    factor = np.exp(intercepts)
    mean, squares = np.zeros_like(factor), np.zeros_like(factor)
    length = max(1, NUMBERS_AT_ONCE // len(factor))
    for start in range(0, len(odds_ratios), length):
        chance = _chance(odds_ratios[start : start + length] * factor)
        weighted = weights[start : start + length] * chance
        mean += weighted.sum(axis=0)
        squares += np.einsum("sd,sd->d", weighted, chance)
    return mean, mean - squares


def _chance(odds: Vector) -> Vector:
    """The chances with these odds, which are written over."""
    return np.divide(odds, odds + 1.0, out=odds)
