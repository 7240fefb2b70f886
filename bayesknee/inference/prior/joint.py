"""P(s, known risk factors): the conditions before any finding, risk factors summed out exactly.

    logit P(c = 1 | parents) = a_c + sum of ln(odds ratio of the state that each parent is in)

Unknown risk factors are summed out by variable elimination, in one of two ways.

- By parts: where the sum falls into small parts, as `bayesknee.inference.prior.cutset` has it, each is summed by
  itself. The result, its message, depends on the answers about few risk factors, so it is kept: a patient with the same
  answers takes half the time of one plan, any other the same time. The messages also serve to divide sums in
  `bayesknee.inference.prior.answer_sums`.
- By one plan, where parts would be large, or nothing is met again since numbers are redrawn: risk factors that touch a
  single condition are summed inside the table of that condition, then those that touch few, and the common ones last.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.cause_sets import CauseSets, list_sets
from bayesknee.inference.prior.cutset import (
    Answers,
    CutsetStates,
    Part,
    PriorTable,
    SetTable,
    Side,
    parts_of,
    product,
)
from bayesknee.inference.prior.factors import (
    ALL,
    MOST_PLANS,
    EliminationPlan,
    Factor,
    FactorScope,
    check_size,
    elimination_order,
    outer,
    sum_out,
)
from bayesknee.inference.prior.limited import solve_prior
from bayesknee.inference.prior.parents import list_parents, no_and_yes, odds_ratios
from bayesknee.inference.prior.set_plans import over_own_sets, set_plan, set_scope
from bayesknee.inference.products import matrix_product
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood

MOST_CACHED_WEIGHTS: Final = 4096  # a block has few ways of being known; each takes about a kilobyte
MOST_CACHED_NUMBERS: Final = 2**22  # 32 megabytes for each part, and for the tables cut to ranges of common states
MOST_NUMBERS_AT_ONCE: Final = 2**21  # 16 megabytes; what one plan makes is a few tables of up to that size
MOST_PLACES: Final = 8  # one for each network in use; each as long as all subsets


class KnownRiskFactors(NamedTuple):
    """What is known of risk factors, by block.

    Attributes:
        answers: the likelihoods of the members, of blocks of which anything is known.
        states: those of these that are possible: one, or a range.
        weights: P(state, known), of the possible states of shared blocks, and of those that are known.
        common_states: the range of common states that are possible.
        common: P(state, known) of these.
        scale: what is the same for every subset: P(known) of risk factors that touch no condition, over P(complaint).
    """

    answers: dict[int, Answers]
    states: dict[int, int | slice]
    weights: dict[int, Vector]
    common_states: slice
    common: Vector
    scale: float


def absorbed(pairs: Iterable[PriorTable]) -> list[PriorTable]:
    """Multiplies each pair without a private block into a pair that has all its variables, if there is one."""
    left: list[PriorTable] = []
    for pair in sorted(pairs, key=lambda pair: (pair.private is None, -len(pair.summed.variables))):
        hosts = [i for i, host in enumerate(left) if set(pair.full.variables) <= set(host.summed.variables)]
        if pair.private is None and hosts:
            private, full, summed = left[hosts[0]]
            left[hosts[0]] = PriorTable(private, sum_out([full, pair.full], []), sum_out([summed, pair.full], []))
        else:
            left.append(pair)
    return left


class Prior:
    """P(s, known risk factors) of a network in a setting.

    Attributes:
        intercepts: a_c by condition, such that its marginal is its base rate.
        complaint: P(complaint); 1 where the network has none.
        parents: how conditions hang on risk factors and each other.
        order: in which to sum the blocks of risk factors out, but for the common one.
        pairs: the conditions' tables.
        largest_table: how many numbers the largest table has that this takes.
        blocks: the risk factors, by number.
        cutset: the blocks that are summed out last, ascending.
        sides: the parts into which the tables fall, and how their product is taken; none where they would be large.
        axes: the conditions in the order of the sides.
        sets: the sets of conditions.
        side_sets: the same, those of either side as a half.
        places: which of these each of `sets` is.

    Raises:
        InferenceError: base rates that no intercepts meet, or tables too large.
    """

    def __init__(self, network: Network, setting: str) -> None:
        self._network = network
        self.parents = list_parents(network, setting)
        self.sets = self.parents.sets
        self.order, self.largest_table = self._find_order()
        self.intercepts, self.complaint = solve_prior(self.parents, self.order)
        self._n = len(self.parents.conditions)
        *numbers, self._common = self.parents.block_numbers
        self.blocks = self.parents.block_of
        self._shared = {
            number: self.blocks[number].prior for number in numbers if len(self.blocks[number].children) > 1
        }
        self._number_of = {name: number for number in numbers for name in self.blocks[number].ids}
        pairs = [self._pair(c) for c in range(self._n)]
        self.pairs = absorbed(pairs) if self.sets.most is None else pairs
        self.cutset, self.sides = parts_of(self.pairs, self.parents, self.order)
        self.axes = tuple(condition for side in self.sides for condition in side.conditions)
        self.side_sets = self._side_sets()
        self.places = self.side_sets.find(self.sets.order, self.sets.membership)
        self._kept_pairs: dict[tuple[int, int], list[PriorTable]] = {}
        self._kept_weights: dict[tuple[int, Answers], tuple[slice, Vector]] = {}

    def _find_order(self) -> tuple[tuple[int, ...], int]:
        """The order in which to sum blocks out. With some known it serves as well, since tables only shrink."""
        parents = self.parents
        scopes = [(c, *ratios) for c, ratios in enumerate(parents.numbers.ratios)]
        if self.sets.most is not None:
            scopes = [tuple(variable for variable in scope if variable in parents.block_of) for scope in scopes]
        order, largest = elimination_order(scopes, parents.block_numbers[:-1], parents.states)
        check_size(max(largest, parents.states[-1] * self.sets.size), "conditions that share risk factors")
        return order, largest

    def _pair(self, c: int) -> PriorTable:
        full = self.parents.factor(c, float(self.intercepts[c]))
        private = self.parents.private_blocks[c]
        if private is None:
            return PriorTable(None, full, full)
        return PriorTable(private, full, sum_out([full, self.parents.prior(private)], [private]))

    def table(self, condition: str) -> tuple[tuple[str, ...], Vector]:
        """P(condition | parents): the names of its parents, and a table with the condition as its first axis."""
        model = self._network.conditions[condition]
        odds = np.exp(self.intercepts[self.parents.conditions.index(condition)])
        for parent in model.odds_ratios:
            odds = odds[..., None] * odds_ratios(model, parent, self._network.states[parent])
        return tuple(model.odds_ratios), no_and_yes(odds)

    def joint(self, known: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors) / P(complaint), shape (sets,), the empty one included.

        Args:
            known: a likelihood for each state, by risk factor.
        """
        return self.joint_of(self.given(known))

    def joint_of(self, given: KnownRiskFactors) -> Vector:
        """`joint`, of what is known as `given` has it."""
        if not self.sides:
            return self._by_plan(given)
        states, weights = self.cutset_states(given)
        smaller, larger = (product(self.messages(side, states, given)) for side in self.sides)
        return self.side_sets.product(smaller * weights, larger).take(self.places)

    def _side_sets(self) -> CauseSets:
        if not self.sides:
            return self.sets
        causes = tuple((name,) for name in self.parents.conditions)
        return list_sets(causes, self.sets.most, self.axes, len(self.sides[0].conditions))

    # --- by parts that are small and kept ----------------------------------------------------------------------------

    def cutset_states(self, given: KnownRiskFactors) -> tuple[CutsetStates, Vector]:
        """The states of the cutset that are possible, and P(state, known) of these."""
        others = self.cutset[:-1]
        weights = [given.weights[number] for number in others] + [given.scale * given.common]
        return (*(given.states.get(number, ALL) for number in others), given.common_states), outer(weights)

    def in_order(self, row: Vector) -> Vector:
        """Rows over `sets`, shape (..., sets), as rows over `side_sets`."""
        ordered = np.empty_like(row)
        ordered[..., self.places] = row
        return ordered

    def messages(self, side: Side, states: CutsetStates, given: KnownRiskFactors) -> list[Vector]:
        """M_k of the parts of one side, each shape (subsets of the side's conditions, states of the cutset)."""
        made, taken = self.narrowed(states)
        return [
            self.message(part, given, made)[:, *taken].reshape(part.sets.size, -1).take(sets, axis=0)
            for part, sets in zip(side.parts, side.places, strict=True)
        ]

    def narrowed(self, states: CutsetStates) -> tuple[CutsetStates, CutsetStates]:
        """The states of the cutset for which messages are made, and which of these are then taken.

        All of them are made where that takes no time, so that the messages serve more patients.
        """
        every = (ALL,) * len(states)
        if self.sets.most is None:
            return every, states
        return tuple(slice(state, state + 1) if isinstance(state, int) else state for state in states), every

    def message(self, part: Part, given: KnownRiskFactors, states: CutsetStates) -> Vector:
        """M_k for some states of the cutset, shape (sets of the part's conditions, states of each block of it)."""
        key: tuple[object, ...] = tuple(
            [(number, given.answers[number]) for number in part.blocks if number in given.answers]
        )
        if self.sets.most is not None:
            key = (key, *[(state.start, state.stop) for state in states if isinstance(state, slice)])
        if (found := part.kept.get(key)) is None:
            found = self._make_message(part, given, states)
            keep(part.kept, key, found, MOST_CACHED_NUMBERS // found.size)
        return found

    def _make_message(self, part: Part, given: KnownRiskFactors, of_cutset: CutsetStates) -> Vector:
        """M_k, with an axis for each block of the cutset."""
        if self.sets.most is not None:
            return self._make_limited_message(part, given, of_cutset)
        states = {number: given.states[number] for number in part.blocks if number in given.states}
        tables = [(full if private in states else summed).cut(states) for private, full, summed in part.pairs]
        unsure, factors = _weights_in(part, given)
        table = sum_out([*factors, *tables], unsure).over((*part.conditions, *self.cutset))
        sizes = [self.parents.states[number] for number in self.cutset]
        return np.broadcast_to(table, (*table.shape[: len(part.conditions)], *sizes)).reshape(-1, *sizes)

    def _make_limited_message(self, part: Part, given: KnownRiskFactors, of_cutset: CutsetStates) -> Vector:
        """M_k over the sets of the part. What a step makes is kept by what is known of the few blocks that it is of."""
        cut = dict(zip(self.cutset, of_cutset, strict=True))
        spans = tuple([(states.start, states.stop) for states in of_cutset if isinstance(states, slice)])
        shared = [number for number in part.blocks if number in self._shared]
        rows = [self._rows(part, place, given, cut) for place in range(len(part.pairs))]
        rows += [(((), (number,)), given.weights[number][None]) for number in shared]
        of = [(*pair.full.variables, pair.private) for pair in part.pairs] + [(number,) for number in shared]
        scopes, made = [scope for scope, _ in rows], [table for _, table in rows]
        target = part.conditions, self.cutset
        plan = set_plan(tuple(scopes), tuple(shared), target, self.sets.most or 0, self.parents.states)
        for number, step in enumerate(plan.steps[:-1]):
            of.append(tuple({variable for table in step.numbers for variable in of[table]}))
            known = [(block, given.answers[block]) for block in of[-1] if block in given.answers]
            key = (-1 - number, *known, *spans)
            if (found := part.kept_rows.get(key)) is None:
                found = ((), ()), step.run(made)
                keep(part.kept_rows, key, found, MOST_CACHED_NUMBERS // found[1].size)
            made.append(found[1])
        sizes = [len(np.arange(self.parents.states[number])[states]) for number, states in cut.items()]
        return np.broadcast_to(plan.steps[-1].run(made), (part.sets.size, *sizes))

    def _rows(self, part: Part, place: int, given: KnownRiskFactors, cut: Mapping[int, int | slice]) -> SetTable:
        """One table of a part over sets, cut to what is known of its blocks, and to some states of the cutset.

        Kept by what is known of these few blocks. All blocks that touch several conditions keep their axis, so that one
        plan serves for whatever is known.
        """
        private, full, summed = part.pairs[place]
        known = [(number, given.answers[number]) for number in full.variables if number in given.answers]
        spans = [(states.start, states.stop) for states in cut.values() if isinstance(states, slice)]
        key = (place, *known, *spans)
        if (found := part.kept_rows.get(key)) is None:
            ranges = {number: _as_range(states) for number, states in given.states.items()}
            table = (full if private in given.answers else summed).cut({**ranges, **cut})
            if private is not None and private in given.answers:
                table = sum_out([table, Factor((private,), given.weights[private])], [private])
            found = set_scope(table.variables, self._n), over_own_sets(table, self._n, self.sets.most or 0)
            keep(part.kept_rows, key, found, MOST_CACHED_NUMBERS // found[1].size)
        return found

    # --- by one plan, where parts would be large ---------------------------------------------------------------------

    def _by_plan(self, given: KnownRiskFactors) -> Vector:
        """All in one, so many common states at a time that tables are not too large."""
        scale = given.scale * math.prod(float(weights[0]) for weights in given.weights.values() if len(weights) == 1)
        common, first, length = scale * given.common, given.common_states.start, max(1, MOST_NUMBERS_AT_ONCE >> self._n)
        pieces = []
        for start in range(0, len(common), length):
            weights = common[start : start + length]
            pieces.append(self._planned(slice(first + start, first + start + len(weights)), weights, given))
        return functools.reduce(np.add, pieces)

    def _planned(self, span: slice, common: Vector, given: KnownRiskFactors) -> Vector:
        """The share of `joint` that a range of the common states has: all tables have these as an axis."""
        unsure = {number: weights for number, weights in given.weights.items() if len(weights) > 1}
        factors = [Factor((number,), weights) for number, weights in {self._common: common, **unsure}.items()]
        for private, full, summed in self._pairs_at(span):
            factors.append((full if private in given.states else summed).cut(given.states))
        return sum_over_blocks(factors, self.order, self._n)

    def _pairs_at(self, span: slice) -> list[PriorTable]:
        """The pairs, cut to a range of common states."""
        key = (span.start, span.stop)
        if (found := self._kept_pairs.get(key)) is None:
            found = [PriorTable(p.private, _compact(p.full, span), _compact(p.summed, span)) for p in self.pairs]
            size = sum(pair.full.table.size + pair.summed.table.size for pair in found)
            keep(self._kept_pairs, key, found, MOST_CACHED_NUMBERS // size)
        return found

    # --- what is known -----------------------------------------------------------------------------------------------

    def given(self, known: Mapping[str, Likelihood]) -> KnownRiskFactors:
        """What is known, by block."""
        touched = sorted({self._number_of[name] for name in known if name in self._number_of})
        states, common = self._weights(self._common, self.answers(self._common, known))
        given = KnownRiskFactors({}, {}, dict(self._shared), states, common, 1.0 / self.complaint)
        for number in touched:
            given = self.also(given, number, self.answers(number, known))
        return given

    def answers(self, number: int, known: Mapping[str, Likelihood]) -> Answers:
        """What is known of the members of a block."""
        return tuple([known.get(name) for name in self.blocks[number].ids])

    def also(self, given: KnownRiskFactors, number: int, answers: Answers) -> KnownRiskFactors:
        """`given` with these answers for one block."""
        states, weights = self._weights(number, answers)
        if number == self._common:
            return given._replace(common_states=states, common=weights)
        if not self.blocks[number].children:
            return given._replace(scale=given.scale * float(weights.sum()))
        return given._replace(
            answers=given.answers | {number: answers},
            states=given.states | {number: states.start if len(weights) == 1 else states},
            weights=given.weights | {number: weights},
        )

    def _weights(self, number: int, answers: Answers) -> tuple[slice, Vector]:
        """The range of states of a block that are possible, and P(state, answers) of these."""
        if (found := self._kept_weights.get((number, answers))) is None:
            found = self.blocks[number].possible(answers)
            keep(self._kept_weights, (number, answers), found, MOST_CACHED_WEIGHTS)
        return found


def _weights_in(part: Part, given: KnownRiskFactors) -> tuple[list[int], list[Factor]]:
    """The blocks of a part to be summed out, and P(state, known) of all; a number where just one state is possible."""
    known = {number: given.weights[number] for number in part.blocks if number in given.weights}
    unsure = [number for number, weights in known.items() if len(weights) > 1]
    return unsure, [Factor((b,), w) if b in unsure else Factor((), w.reshape(())) for b, w in known.items()]


def _as_range(states: int | slice) -> slice:
    return slice(states, states + 1) if isinstance(states, int) else states


def _compact(factor: Factor, span: slice) -> Factor:
    return Factor(factor.variables, np.ascontiguousarray(factor.table[..., span]))


def sum_over_blocks(factors: Sequence[Factor], order: Sequence[int], n: int) -> Vector:
    """The product of factors, with all blocks summed out, shape (2**n,), or (2**n, draws) where they have draws.

    Args:
        factors: the weights of the common block first, then those of other blocks and the tables of the conditions.
        order: in which to sum blocks out, all but the common one.
        n: the number of conditions.
    """
    scopes, tables = zip(*factors, strict=True)
    plan, axes = joint_plan(scopes, tuple(order), n)
    common, *draws = tables[0].shape
    smaller, larger = (table.reshape(-1, common, *draws) for table in plan.run(tables))
    # A matrix product is quicker than einsum, but with draws there would be as many of them, of scattered numbers.
    product = np.einsum("amd,bmd->abd", smaller, larger) if draws else matrix_product(smaller, larger.T)
    return product.reshape(-1, *draws).take(places(axes), axis=0)


@lru_cache(maxsize=MOST_PLANS)
def joint_plan(
    scopes: tuple[FactorScope, ...], order: tuple[int, ...], n: int
) -> tuple[EliminationPlan, tuple[int, ...]]:
    """From all factors to two that share the common variable only, and the order of conditions in their product.

    The smaller one holds the weights of the common variable, too.

    Args:
        scopes: the variables of each factor; the common variable's own factor is the first.
        order: in which to sum blocks out, all but the common one, which each factor of a condition has.
        n: the number of conditions.
    """
    plan = EliminationPlan(scopes)
    for block in order:
        if numbers := plan.having(block):
            plan.join(numbers, block)
    for condition in range(n):
        if len(numbers := plan.having(condition)) > 1:
            plan.join(numbers)
    *small, largest = sorted(plan.left, key=lambda number: len(plan.left[number]))
    plan.join(small)
    plan.left[largest] = plan.left.pop(largest)
    return plan, tuple(variable for scope in plan.left.values() for variable in scope[:-1])


@lru_cache(maxsize=MOST_PLACES)
def places(order: tuple[int, ...]) -> NDArray[np.intp]:
    """Where the subsets lie in a flat table whose axes are the conditions in that order: quicker than to transpose."""
    n = len(order)
    return np.arange(2**n).reshape((2,) * n).transpose(np.argsort(order)).ravel()
