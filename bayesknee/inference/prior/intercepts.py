"""The intercepts a_c that make each condition's marginal, given the complaint, its base rate m_c.

Let z be P(complaint), the chance of at least one condition. Since a condition implies the complaint,

    P(c | complaint) = P(c) / z = m_c    if and only if    P(c) = m_c z.

For a given z each a_c is therefore found alone, parents before children, by a root search in one number; and z is the
root of

    P(at least one condition) / z - 1,

which is sum(m) - 1 at z = 0 and -P(no condition) at z = 1. So there is a solution whenever the base rates sum to more
than 1, and a bracketed search finds it. No table over the subsets of conditions is needed, however many there are.

All numbers have the draws as their last axis: of length 1 for a network as it stands, or as many as it is redrawn.

The search starts near its end. Where chances are small, that of a condition goes as exp(a) times its mean odds ratio R,
so a first guess of a is logit(m z) - log R. And z is near

    z = (sum of m_c - 1) / (sum over pairs of m_c m_d),

since z sum(m) - z**2 (sum over pairs) are the first terms of P(at least one condition), were they independent. A
network that is redrawn is known as it stands: how far both guesses are off there is how far they are off nearby, too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.prior.factors import ONE, Factor, elimination_order, sum_out
from bayesknee.inference.prior.parents import (
    ONE_STATE,
    ParentNumbers,
    Parents,
    chance,
    given_parents,
    multiply_ratios,
)
from bayesknee.log_odds import logit

MOST_ROUNDS: Final = 100  # halving a bracket that often leaves nothing of it
PATIENCE: Final = 12  # rounds; interpolation takes about five, and where it takes more every other round halves
# P(complaint) is rough at first, and so may the intercepts be: mostly one step a round keeps up with it.
SETTLED_BY_ROUND: Final = (0.3, 0.1, 1e-2, 1e-4)
LEAST_STEP: Final = 1e-5  # of log P(complaint); a rate of change taken from less would be made of rounding
ROUNDING: Final = 1e-13  # of P(at least one condition) / z: nearer to 1, it goes up and down by chance
LOWEST_COMPLAINT: Final = 1e-9  # less is lost in the rounding of base rates, as these then sum to just about 1
HIGHEST_GUESS: Final = 1.0 - 1e-3  # of P(complaint), where conditions are so frequent that the guess is above 1
LEAST_LEFT: Final = 1e-2  # of the way from P(complaint) to 0 or 1 after a round, whatever rough points say
NUMBERS_AT_ONCE: Final = 2**15  # what fits into the processor's cache beside what it is made of


class Precision(NamedTuple):
    """When the search may end.

    Attributes:
        settled: how far off, in log odds, an intercept may be from which its last step is made. Newton doubles the
            digits, so the step leaves about the square of that.
        nearly_met: how far off P(at least one condition) / z may be from which the last step of z is made, and the
            intercepts are moved along without another look.
    """

    settled: float
    nearly_met: float


TO_LAST_DIGIT: Final = Precision(1e-8, 1e-12)  # of a network as it stands, whose base rates are to hold
OF_DRAWS: Final = Precision(1e-6, 1e-9)  # leaves about 1e-12, where draws differ by per cents; saves a round of six


class Intercepts(NamedTuple):
    """What meets the base rates.

    Attributes:
        values: a_c, shape (conditions, draws).
        complaint: P(complaint), shape (draws,); 1 where the network has none.
    """

    values: Vector
    complaint: Vector


def solve_intercepts(parents: Parents) -> tuple[Vector, float]:
    """The intercept of each condition, and P(complaint), of a network as it stands.

    Raises:
        InferenceError: there are no such intercepts.
    """
    search = InterceptSearch(parents)
    total = float(parents.base_rates.sum())
    found = search.solve(parents.numbers) if total > 1.0 or not parents.has_complaint else None
    if found is None or found.complaint[0] < 2.0 * LOWEST_COMPLAINT:
        raise InferenceError(
            f"base rates in {parents.setting} that sum to {total:.9g} cannot be met; expected clearly more than 1, as "
            "each patient has a cause and some have two; raise the catch-all's base rate, or drop the complaint"
        )
    return found.values[:, 0], float(found.complaint[0])


class InterceptSearch:
    """What the search goes through, whatever the numbers: what to multiply, and in which order to sum variables out.

    Attributes:
        parents: of the conditions.
        any_order: in which to sum blocks out for P(at least one condition), after those that touch one condition.
        plans: by condition its ancestors, and those of them to be summed out for the distribution of its parents.
        ancestors: the conditions that are parents of any.
    """

    def __init__(self, parents: Parents) -> None:
        self.parents = parents
        n = len(parents.conditions)
        scopes = [[variable for variable in ratios if variable >= n] for ratios in parents.numbers.ratios]
        touching = sorted({variable for scope in scopes for variable in scope})
        order, largest = elimination_order(scopes, touching, parents.states)
        parents.check_room(largest)
        private = set(parents.private_blocks)
        self.any_order = tuple(number for number in order if number not in private)
        self.plans = [self._plan(c) for c in range(n)]
        self.ancestors = {variable for used, _ in self.plans for variable in used if variable < n}

    def _plan(self, c: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ancestors of a condition, and those of them to be summed out for the distribution of its parents."""
        ratios, n = self.parents.numbers.ratios, len(self.parents.conditions)
        ancestors = set(ratios[c])
        for condition in reversed(self.parents.parents_first):
            if condition in ancestors:
                ancestors.update(ratios[condition])
        used = tuple(sorted(ancestors))
        scopes = [(variable, *ratios[variable]) if variable < n else (variable,) for variable in used]
        order, largest = elimination_order(scopes, ancestors.difference(ratios[c]), self.parents.states)
        self.parents.check_room(largest)
        return used, order

    def solve(self, numbers: ParentNumbers, stated: Intercepts | None = None) -> Intercepts:
        """The intercepts that meet the base rates.

        Args:
            numbers: with a complaint, the base rates of each draw sum to more than 1.
            stated: where the numbers are redrawn, what meets those that stand.
        """
        offsets, factor = self._guess_errors(stated) if stated else (0.0, 1.0)
        settled, nearly_met = OF_DRAWS if stated else TO_LAST_DIGIT
        solver, z = _Solver(self, numbers), np.ones(numbers.base_rates.shape[1])
        if not self.parents.has_complaint:
            return Intercepts(solver.intercepts(z, offsets + guess_intercepts(numbers, z), settled), z)
        z = np.clip(factor * guess_complaint(numbers), LOWEST_COMPLAINT, HIGHEST_GUESS)
        return solver.meet_complaint(offsets + guess_intercepts(numbers, z), z, Precision(settled, nearly_met))

    def _guess_errors(self, stated: Intercepts) -> tuple[Vector, float]:
        """What to add to the guess of intercepts, and by what to multiply that of P(complaint)."""
        numbers, z = self.parents.numbers, stated.complaint
        factor = float(z[0] / guess_complaint(numbers)[0]) if self.parents.has_complaint else 1.0
        return stated.values - guess_intercepts(numbers, z), factor


def guess_complaint(numbers: ParentNumbers) -> Vector:
    """P(complaint), roughly, shape (draws,): see above."""
    total = numbers.base_rates.sum(axis=0)
    return np.asarray(2.0 * (total - 1.0) / (total**2 - (numbers.base_rates**2).sum(axis=0)))


def guess_intercepts(numbers: ParentNumbers, z: Vector) -> Vector:
    """The intercepts, roughly, shape (conditions, draws): see above."""
    marginals = numbers.base_rates * z
    return np.asarray(logit(marginals) - np.log(mean_ratios(numbers, marginals)))


def mean_ratios(numbers: ParentNumbers, marginals: Vector) -> Vector:
    """The mean odds ratio of each condition, as if its parents were independent, shape (conditions, draws)."""
    chances = dict(enumerate(np.stack([1.0 - marginals, marginals], axis=1))) | dict(numbers.priors)
    return np.array(
        [math.prod((chances[v] * table).sum(axis=0) for v, table in ratios.items()) for ratios in numbers.ratios]
    )


class _Solver:
    """What the search needs of certain numbers. States of a block that are alike for a condition are taken as one."""

    def __init__(self, search: InterceptSearch, numbers: ParentNumbers) -> None:
        self._search = search
        self._numbers = numbers
        self._parents = search.parents
        n = len(search.parents.conditions)
        self._odds = [self._merged_ratios(c) for c in range(n)]
        self._alone = [_alone(search.parents, numbers, c) for c in range(n)]
        self._weights = {
            c: self._distribution(c, {}) for c, (used, _) in enumerate(search.plans) if min(used, default=n) >= n
        }

    def _merged_ratios(self, c: int) -> Vector:
        """The product of the odds ratios of a condition, shape (states of its parents, draws)."""
        alike = self._parents.alike[c]
        ratios = {v: table[alike[v].first] if v in alike else table for v, table in self._numbers.ratios[c].items()}
        product = multiply_ratios(ratios).table
        return product.reshape(-1, product.shape[-1])

    def _distribution(self, c: int, factors: Mapping[int, Factor]) -> Vector:
        """The joint distribution of the parents of c, shape (their states, draws).

        Args:
            c: the condition.
            factors: P(c | parents) of its ancestors.
        """
        used, order = self._search.plans[c]
        alike, priors = self._parents.alike[c], self._numbers.priors
        above = [factors[number] for number in used if number in factors]
        met = {variable for factor in above for variable in factor.variables}
        tables = [*above, *(Factor((number,), priors[number]) for number in met if number in priors)]
        scope, table = sum_out([Factor((), ONE), *tables], order)
        for axis, number in enumerate(scope):
            table = alike[number].add_up(table, axis) if number in alike else table
        apart = [Factor((v,), alike[v].add_up(priors[v])) for v in self._numbers.ratios[c] if v not in met]
        joined = sum_out([Factor(scope, table), *apart], []).table
        return joined.reshape(-1, joined.shape[-1])

    def intercepts(self, z: Vector, start: Vector, settled: float) -> Vector:
        """The intercepts that give conditions the marginals m z, from a first guess; `settled` as of `Precision`."""
        marginals = self._numbers.base_rates * z
        intercepts = np.empty_like(marginals)
        factors: dict[int, Factor] = {}
        for c in self._parents.parents_first:
            weights = self._weights[c] if c in self._weights else self._distribution(c, factors)
            intercepts[c] = find_intercepts((weights, self._odds[c]), marginals[c], start[c], settled)
            if c in self._search.ancestors:
                factors[c] = given_parents(c, self._numbers.odds(c, np.exp(intercepts[c])))
        return intercepts

    def meet_complaint(self, intercepts: Vector, z: Vector, precision: Precision) -> Intercepts:
        """The intercepts and P(complaint), from a first guess of both.

        Each round predicts the change of the intercepts as `rise` times the step in log P(complaint), then corrects
        `rise` by the error.
        """
        points = [(np.zeros_like(z), self._numbers.base_rates.sum(axis=0) - 1.0)]
        low, high = np.full_like(z, LOWEST_COMPLAINT), np.ones_like(z)
        rise, step = np.ones_like(intercepts), np.zeros_like(z)  # with a rare condition, log odds go up as log z
        for number in range(MOST_ROUNDS):
            is_rough = number < len(SETTLED_BY_ROUND)
            settled = SETTLED_BY_ROUND[number] if is_rough else precision.settled
            last, intercepts = intercepts, self.intercepts(z, intercepts, settled)
            off = self.any(intercepts) / z - 1.0
            short = (intercepts - last) / np.where(step == 0.0, 1.0, step)
            rise = rise + np.where(np.abs(step) > LEAST_STEP, short, 0.0)
            points = [*points[-2:], (z, off)]
            newer = np.clip(_root(points), z * LEAST_LEFT, 1.0 - (1.0 - z) * LEAST_LEFT)
            if not is_rough:  # before, the sign of `off` may be wrong
                low, high = np.where(off > 0.0, z, low), np.where(off > 0.0, high, z)
                is_slow = (number > PATIENCE and number % 2 == 0) & (np.abs(off) > ROUNDING)
                newer = np.where(is_slow | (newer < low) | (newer > high), np.sqrt(low * high), newer)
            step, z = np.log(newer / z), newer
            intercepts = intercepts + rise * step
            if not is_rough and (np.abs(off).max() < precision.nearly_met or not step.any()):
                break
        return Intercepts(intercepts, z)

    def any(self, intercepts: Vector) -> Vector:
        """P(at least one condition), from small chances upwards: 1 - P(no condition) would lose digits."""
        left = [alone.chance(odds) for alone, odds in zip(self._alone, np.exp(intercepts), strict=True)]
        for number in self._search.any_order:
            joined = either([factor for factor in left if number in factor.variables])
            left = [factor for factor in left if number not in factor.variables]
            left.append(sum_out([joined, Factor((number,), self._numbers.priors[number])], [number]))
        return np.asarray(either(left).table)


class _Alone(NamedTuple):
    """A condition where none of the other conditions is present.

    Attributes:
        scope: the blocks that are its parents, but for the one that touches it alone.
        ratios: the product of its odds ratios, shape (states of the scope, flat; states of that one; draws).
        weights: P(state) of that one, shape (states, draws).
        states: the number of states of each block of the scope.
    """

    scope: tuple[int, ...]
    ratios: Vector
    weights: Vector
    states: tuple[int, ...]

    def chance(self, odds: Vector) -> Factor:
        """P(condition | its risk factors, no other condition), the block that touches it alone summed out."""
        chances = np.empty((len(self.ratios), len(odds)))
        length = max(1, NUMBERS_AT_ONCE // (len(self.weights) * len(odds)))
        for start in range(0, len(chances), length):
            rows = slice(start, start + length)
            np.einsum("sd,rsd->rd", self.weights, _chances(self.ratios[rows], odds), out=chances[rows])
        return Factor(self.scope, chances.reshape(*self.states, len(odds)))


def _alone(parents: Parents, numbers: ParentNumbers, c: int) -> _Alone:
    private, alike = parents.private_blocks[c], parents.alike[c]
    others = {v: table if v in alike else table[0] for v, table in numbers.ratios[c].items() if v != private}
    scope, table = multiply_ratios(others)
    ratios, weights = ONE_STATE, ONE_STATE
    if private is not None:
        ratios = numbers.ratios[c][private][alike[private].first]
        weights = alike[private].add_up(numbers.priors[private])
    by_private = table[..., None, :] * ratios
    return _Alone(scope, by_private.reshape(-1, *by_private.shape[-2:]), weights, table.shape[:-1])


def either(chances: Sequence[Factor]) -> Factor:
    """The chance of at least one of independent events."""
    if len(chances) == 1:
        return chances[0]
    scope = tuple(sorted({variable for factor in chances for variable in factor.variables}))
    joined = np.zeros(())
    for event in chances:
        joined = joined + (1.0 - joined) * event.over(scope)
    return Factor(scope, joined)


def find_intercepts(states: tuple[Vector, Vector], marginal: Vector, start: Vector, settled: float) -> Vector:
    """The a at which odds of exp(a) * odds ratios have this mean probability: Newton in log odds, inside a bracket.

    Args:
        states: the weight and the odds ratio of each state of the parents, shape (states, draws).
        marginal: what to meet, shape (draws,).
        start: a first guess, shape (draws,).
        settled: see `Precision`.
    """
    weights, odds_ratios = states
    goal = logit(marginal)
    low, high = goal - np.log(odds_ratios.max(axis=0)), goal - np.log(odds_ratios.min(axis=0))
    if len(odds_ratios) == 1:  # without parents nothing has to be searched for
        return np.asarray(low)
    a = np.clip(start, low, high)
    for _ in range(MOST_ROUNDS):
        yes, slope = mean_and_slope(weights, odds_ratios, a)
        off = goal - np.log(yes / (1.0 - yes))
        low, high = np.where(off > 0.0, a, low), np.where(off > 0.0, high, a)
        a = a + off * yes * (1.0 - yes) / slope
        if (outside := (a < low) | (a > high)).any():
            a = np.where(outside, (low + high) / 2.0, a)
        if np.abs(off).max() < settled:
            break
    return np.asarray(a)


def mean_and_slope(weights: Vector, odds_ratios: Vector, intercepts: Vector) -> tuple[Vector, Vector]:
    """The mean p of exp(a) * odds ratios as odds, and its derivative by a, the mean of p (1 - p); by draw.

    So many states at a time that what is worked out stays in the processor's cache. No product of BLAS: on long vectors
    it starts threads, which wait for a busy machine.
    """
    factor = np.exp(intercepts)
    mean, squares = np.zeros_like(factor), np.zeros_like(factor)
    length = max(1, NUMBERS_AT_ONCE // len(factor))
    for start in range(0, len(odds_ratios), length):
        chances = _chances(odds_ratios[start : start + length], factor)
        weighted = weights[start : start + length] * chances
        mean += weighted.sum(axis=0)
        squares += np.einsum("sd,sd->d", weighted, chances)
    return mean, mean - squares


def _chances(odds_ratios: Vector, odds: Vector) -> Vector:
    product = odds_ratios * odds
    return chance(product, out=product)


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
    return np.where(np.abs(off) < ROUNDING, newest, root)
