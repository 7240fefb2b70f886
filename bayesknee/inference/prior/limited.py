"""The prior where only so many causes may come together: the sum over risk factors by parts, and its intercepts.

The joint is that of all sets, restricted to those of at most k conditions, and to at least one where there is a
complaint. So P(c | complaint) = P(c, s allowed) / P(s allowed), and no intercept can be found alone as in
`bayesknee.inference.prior.intercepts`. With F_c = logit m_c - logit P(c | complaint), and cov over the sets allowed,

    d F_c / d a_d  is about  - cov(c, d) / (P(c) P(not c)),

were the risk factors known. Newton's method starts from that, and Broyden's (1965) update corrects it for what the risk
factors do as it goes. It begins at the intercepts without the limit, which are near; where numbers are redrawn, near
those of the network as it stands, with its slopes. F is found without a table over sets, see
`bayesknee.inference.prior.counted`. Where odds ratios are extreme, so that this does not settle, dF/da is worked out in
full.

Where just one cause is allowed, base rates sum to 1 and leave one intercept open, as only ratios of odds count. How
frequent the complaint is among all people, P(s allowed), is then set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cause_sets import list_sets
from bayesknee.inference.prior.counted import CountedSums
from bayesknee.inference.prior.cutset import Part, PriorTable, Side, parts_of
from bayesknee.inference.prior.drawn_tables import drawn_tables
from bayesknee.inference.prior.factors import ONE, Factor, check_size, elimination_order, outer
from bayesknee.inference.prior.intercepts import (
    Intercepts,
    InterceptSearch,
    guess_complaint,
    guess_intercepts,
    solve_intercepts,
)
from bayesknee.inference.prior.parents import ParentNumbers, Parents, PriorDraws, list_parents
from bayesknee.inference.prior.set_plans import over_own_sets, set_plan, set_scope
from bayesknee.knowledge.network import Network
from bayesknee.log_odds import logit

# P(complaint) where it has one cause only. So conditions are rare and odds near probabilities, and then all base rates
# can be met, whatever the odds ratios: with 0.1, some of 55 are too much. Judged.
COMPLAINT_OF_ONE: Final = 1e-3
QUICK_ROUNDS: Final = 20  # six or so do, and with draws nine, where odds ratios are not extreme
MOST_ROUNDS: Final = 60  # of the slow way, where each takes as long as all conditions; ten or so do
MOST_HALVED: Final = 10  # times that a step is halved which leads away
SETTLED: Final = 1e-12  # of F, for a network as it stands: a quarter of that, of a base rate
SETTLED_OF_DRAWS: Final = 1e-9  # draws differ by per cents
NOT_MET: Final = 1e-9  # of F, beyond which base rates count as not met
LONGEST_STEP: Final = 2.0  # of an intercept: farther away, the slope says little
DRAWS_AT_ONCE: Final = 24  # with fewer, calls of numpy weigh more; with 40, tables leave the cache. Measured
NUMBERS_AT_ONCE: Final = 2**17  # of the largest table, a megabyte: where tables are large, fewer draws at once


def solve_prior(parents: Parents, order: Sequence[int]) -> tuple[Vector, float]:
    """The intercept of each condition, and P(complaint), of a network as it stands.

    Args:
        parents: how conditions hang on risk factors and each other.
        order: in which to sum blocks out.

    Raises:
        InferenceError: there are no such intercepts.
    """
    if parents.most is None:
        return solve_intercepts(parents)
    found = LimitedSearch(parents, SumByParts(parents, order)).solve(parents.numbers)
    return found.values[:, 0], float(found.complaint[0])


def limited_marginals(network: Network, setting: str, intercepts: Vector, *, has_complaint: bool) -> Vector:
    """P(condition | as many conditions as there may be) from intercepts, where base rates are to be found from them.

    Args:
        network: its conditions have any base rates, and no complaint; it limits how many come together.
        setting: one of its care settings.
        intercepts: by condition.
        has_complaint: whether one condition at least is present.

    Returns:
        By condition.

    Raises:
        InferenceError: tables too large.
    """
    parents = list_parents(network, setting)
    scopes = [tuple(v for v in ratios if v in parents.block_of) for ratios in parents.numbers.ratios]
    order, largest = elimination_order(scopes, parents.block_numbers[:-1], parents.states)
    check_size(max(largest, parents.states[-1] * parents.sets.size), "conditions that share risk factors")
    drawn = PriorDraws(parents.numbers, intercepts[:, None], np.ones(1))
    joint = SumByParts(parents, order).joint(*drawn_tables(parents, drawn, {}, None))
    if has_complaint:
        joint[0] = 0.0
    total, *marginals = parents.sets.sums(np.ascontiguousarray(joint.T))[0]
    return np.asarray(np.array(marginals) / total)


class SumByParts:
    """Sums risk factors out of tables that differ by draw, where only so many conditions may come together.

    Args:
        parents: how conditions hang on risk factors and each other.
        order: in which to sum blocks out.
    """

    def __init__(self, parents: Parents, order: Sequence[int]) -> None:
        self._parents = parents
        factors = [parents.factor(c, 0.0) for c in range(len(parents.conditions))]
        tables = [PriorTable(None, factor, factor) for factor in factors]
        self._cutset, self._sides = parts_of(tables, parents, order)
        in_parts = {number for side in self._sides for part in side.parts for number in part.blocks}
        self._apart = [n for n in parents.block_numbers if n not in in_parts and n not in self._cutset]
        axes = tuple(condition for side in self._sides for condition in side.conditions)
        causes = tuple((name,) for name in parents.conditions)
        self._sets = list_sets(causes, parents.most, axes, len(self._sides[0].conditions))
        self._places = self._sets.find(parents.sets.order, parents.sets.membership)

    def joint(self, weights: Mapping[int, Factor], factors: Sequence[Factor]) -> Vector:
        """P(s, known risk factors), shape (sets, draws).

        Args:
            weights: by block that touches several conditions or none, P(state, known).
            factors: P(c | parents), by condition.
        """
        open_blocks = [number for number in self._cutset if weights[number].variables]
        first, second = (self._side(side, weights, factors, open_blocks) for side in self._sides)
        first = first * self._cutset_weights(weights, open_blocks)
        draws = max(first.shape[-1], second.shape[-1])
        if draws == 1:
            return self._sets.product(first[..., 0], second[..., 0]).take(self._places)[:, None]
        blocks = [
            np.einsum("amd,bmd->abd", first[block.first], second[: block.second]).reshape(-1, draws)
            for block in self._sets.blocks
        ]
        return np.concatenate(blocks).take(self._places, axis=0)

    def _side(
        self, side: Side, weights: Mapping[int, Factor], factors: Sequence[Factor], cutset: Sequence[int]
    ) -> Vector:
        """The product of a side's messages, shape (sets of its conditions, states of the cutset, draws)."""
        made = np.ones((1, 1, 1))
        for part, sets in zip(side.parts, side.places, strict=True):
            message = self._message(part, weights, factors, cutset)
            sizes = [len(weights[number].table) for number in cutset]
            whole = np.broadcast_to(message, (len(message), *sizes, message.shape[-1]))
            made = made * whole.reshape(len(message), -1, message.shape[-1]).take(sets, axis=0)
        return made

    def _message(
        self, part: Part, weights: Mapping[int, Factor], factors: Sequence[Factor], cutset: Sequence[int]
    ) -> Vector:
        """M_k, an axis of sets, one for each block of the cutset, of length 1 if it does not matter, one of draws."""
        n, most = len(self._parents.conditions), self._parents.most or 0
        given = [*(weights[number] for number in part.blocks if number in weights), *(factors[c] for c in part.numbers)]
        unsure = tuple(number for number in part.blocks if number in weights and weights[number].variables)
        scopes = tuple(set_scope(factor.variables, n) for factor in given)
        plan = set_plan(scopes, unsure, (part.conditions, tuple(cutset)), most, self._parents.states)
        return plan.run(over_own_sets(factor, n, most) for factor in given)

    def _cutset_weights(self, weights: Mapping[int, Factor], cutset: Sequence[int]) -> Vector:
        """P(state, known) of the cutset, shape (its states, draws), times P(known) of what touches no condition."""
        whole = outer([ONE[:, None], *(weights[number].table for number in cutset)])
        sure = [weights[number].table for number in self._cutset if number not in cutset]
        apart = [weights[number].table.reshape(-1, whole.shape[-1]).sum(axis=0) for number in self._apart]
        for scale in (*sure, *apart):
            whole = whole * scale
        return whole


class LimitedSearch:
    """Finds intercepts where only so many conditions may come together.

    Args:
        parents: how conditions hang on risk factors and each other.
        sums: the sum over risk factors.
    """

    def __init__(self, parents: Parents, sums: SumByParts) -> None:
        self._parents = parents
        self._sums = sums
        self._counted = CountedSums(parents)
        self._is_one = parents.is_single

    def solve(self, numbers: ParentNumbers, stated: Intercepts | None = None) -> Intercepts:
        """The intercepts that meet the base rates.

        Args:
            numbers: of each draw.
            stated: where the numbers are redrawn, what meets those that stand.

        Raises:
            InferenceError: there are none, or they were not found.
        """
        rates = numbers.base_rates
        rates = rates / rates.sum(axis=0) if self._is_one else rates
        start, slopes = self._start(numbers, stated), None
        if stated:
            slopes = self._slopes_at(self._parents.numbers, stated.values)
        length = max(1, min(DRAWS_AT_ONCE, NUMBERS_AT_ONCE // self._counted.largest))
        spans = [slice(first, first + length) for first in range(0, rates.shape[1], length)]
        settled = SETTLED_OF_DRAWS if stated else SETTLED
        found = [self._search(numbers.span(span), rates[:, span], start[:, span], settled, slopes) for span in spans]
        return Intercepts(*(np.concatenate(each, axis=-1) for each in zip(*found, strict=True)))

    def _start(self, numbers: ParentNumbers, stated: Intercepts | None) -> Vector:
        """The intercepts without the limit; where those are no guide, or there are draws, from the first guess."""
        if stated:
            return stated.values + self._guess(numbers) - self._guess(self._parents.numbers)
        return self._guess(numbers) if self._is_one else InterceptSearch(self._parents).solve(numbers).values

    def _guess(self, numbers: ParentNumbers) -> Vector:
        complaint = np.full(numbers.base_rates.shape[1], COMPLAINT_OF_ONE)
        if not self._is_one:
            # Base rates that sum to little more than 1, or draws of them, leave the rough guess at or below 0.
            most = 0.999 / numbers.base_rates.max(axis=0)
            complaint = np.minimum(np.maximum(guess_complaint(numbers), COMPLAINT_OF_ONE), most)
        return guess_intercepts(numbers, complaint)

    def _search(
        self, numbers: ParentNumbers, rates: Vector, start: Vector, settled: float, slopes: Vector | None
    ) -> tuple[Vector, Vector]:
        """The intercepts and P(complaint) of some draws; `slopes` are - dF/da, roughly, where these are known."""
        intercepts = start
        slopes = self._slopes_at(numbers, start) if slopes is None else slopes
        inverse = np.repeat(np.linalg.inv(slopes)[None], rates.shape[1], axis=0)
        off, complaint = self._look_at(numbers, rates, intercepts)
        for _ in range(QUICK_ROUNDS):
            if np.abs(off).max() < settled:
                return intercepts, complaint
            step = np.clip(np.einsum("dij,jd->id", inverse, off), -LONGEST_STEP, LONGEST_STEP)
            newer, complaint = self._look_at(numbers, rates, intercepts + step)
            intercepts, inverse, off = intercepts + step, _corrected(inverse, step, off - newer), newer
        for draw in np.flatnonzero(~(np.abs(off).max(axis=0) < settled)).tolist():
            one = slice(draw, draw + 1)
            intercepts[:, one], complaint[one] = self._search_slowly(
                numbers.span(one), rates[:, one], start[:, one], settled
            )
        return intercepts, complaint

    def _search_slowly(
        self, numbers: ParentNumbers, rates: Vector, intercepts: Vector, settled: float
    ) -> tuple[Vector, Vector]:
        """The same of one draw by Newton's method as it stands, where risk factors bend F too much to be left out."""
        joint = self._joint(numbers, intercepts)
        off, complaint = self._look(joint, rates)
        for _ in range(MOST_ROUNDS):
            if np.abs(off).max() < settled:
                break
            step = np.linalg.solve(self._slopes(numbers, intercepts, joint), off)
            step *= min(1.0, LONGEST_STEP / np.abs(step).max())
            for _ in range(MOST_HALVED):
                joint = self._joint(numbers, intercepts + step)
                newer, complaint = self._look(joint, rates)
                if np.abs(newer).max() < np.abs(off).max():
                    break
                step /= 2.0
            intercepts, off = intercepts + step, newer
        if not np.abs(off).max() < NOT_MET:
            raise InferenceError(_not_met(self._parents, rates))
        return intercepts, complaint

    def _joint(self, numbers: ParentNumbers, intercepts: Vector, by: int | None = None) -> Vector:
        """P(s), shape (sets, draws); or its derivative by the intercept of one condition."""
        weights, factors = drawn_tables(self._parents, _draws_at(numbers, intercepts), {}, by)
        joint = self._sums.joint(weights, factors)
        if self._parents.has_complaint:
            joint[0] = 0.0
        return joint

    def _look(self, joint: Vector, rates: Vector) -> tuple[Vector, Vector]:
        """F, shape (conditions, draws), and P(complaint), shape (draws,), from P(s)."""
        totals, *marginals = self._parents.sets.sums(np.ascontiguousarray(joint.T)).T
        return self._off(rates, totals, np.array(marginals)), totals

    def _look_at(self, numbers: ParentNumbers, rates: Vector, intercepts: Vector) -> tuple[Vector, Vector]:
        """The same at these intercepts, without P(s)."""
        by_number, marginals = self._counted.of(*drawn_tables(self._parents, _draws_at(numbers, intercepts), {}))
        totals = by_number[int(self._parents.has_complaint) :].sum(axis=0)
        return self._off(rates, totals, marginals), totals

    def _off(self, rates: Vector, totals: Vector, marginals: Vector) -> Vector:
        off = logit(rates) - logit(marginals / totals)
        return off + np.log(COMPLAINT_OF_ONE / totals) if self._is_one else off

    def _slopes_at(self, numbers: ParentNumbers, intercepts: Vector) -> Vector:
        """- dF/da of one draw, shape (n, n), as if risk factors were known."""
        sets, joint = self._parents.sets, self._joint(numbers, intercepts)[:, 0]
        pairs = sets.pair_sums(joint) / joint.sum()
        shares = np.diagonal(pairs)
        slopes = (pairs - shares[:, None] * shares) / (shares * (1.0 - shares))[:, None]
        return np.asarray(slopes + shares if self._is_one else slopes)

    def _slopes(self, numbers: ParentNumbers, intercepts: Vector, joint: Vector) -> Vector:
        """- dF/da of one draw, shape (n, n)."""
        sets = self._parents.sets
        total, *marginals = sets.sums(joint.T)[0]
        shares = np.array(marginals) / total
        changes = [self._joint(numbers, intercepts, by)[:, 0] for by in range(len(shares))]
        of_total, *of_marginals = sets.sums(np.array(changes)).T / total
        slopes = (np.array(of_marginals) - shares[:, None] * of_total) / (shares * (1.0 - shares))[:, None]
        return np.asarray(slopes + of_total if self._is_one else slopes)


def _draws_at(numbers: ParentNumbers, intercepts: Vector) -> PriorDraws:
    return PriorDraws(numbers, intercepts, np.ones(1))


def _corrected(inverse: Vector, step: Vector, change: Vector) -> Vector:
    """The inverse after Broyden's update, such that it takes the change to the step; by draw."""
    moved = np.einsum("dij,jd->id", inverse, change)
    across = np.einsum("id,dij->jd", step, inverse)
    scale = np.einsum("id,id->d", step, moved)
    scale = np.where(scale == 0.0, 1.0, scale)
    return np.asarray(inverse + np.einsum("id,jd->dij", (step - moved) / scale, across))


def _not_met(parents: Parents, rates: Vector) -> str:
    return (
        f"base rates in {parents.setting} that sum to {rates[:, 0].sum():.9g} cannot be met with at most "
        f"{parents.most} causes at once; expected a sum well between 1 and that; correct them, raise "
        "most_causes, or use milder odds ratios"
    )
