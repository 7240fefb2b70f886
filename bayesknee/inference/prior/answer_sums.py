"""How sums over subsets of conditions divide among the states of each risk factor, all risk factors at once.

With G(s) the weight of a subset in such a sum, v a state of a risk factor r in group g, and the rest as in
`bayesknee.inference.prior.cutset`,

    sum over s of G(s) P(s, r=v, known) = sum over s_g, h of D_g(s_g, h) * M_g(s_g, h; r=v)
    D_g(s_g, h) = P(h, known) * sum over the rest of s of G(s) * product over other groups of M(s, h)

since the sum is linear in M_g. D_g serves all risk factors of g; their M_g(r=v) are kept together by what is known of
g, so they are soon met again with another patient. A risk factor of the cutset gets its part of the sum over h; one
that touches no condition, its P(v | known) of the whole. Where groups are large, P(s, r=v, known) is taken as it
stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.prior.cutset import Answers, CutsetStates, Part, product
from bayesknee.inference.prior.joint import KnownRiskFactors, Prior
from bayesknee.inference.products import matrix_product
from bayesknee.inference.subsets import holds_any, sums
from bayesknee.patient.evidence import Likelihood

MOST_CACHED: Final = 4096
MOST_CACHED_NUMBERS: Final = 2**22
MOST_NUMBERS_AT_ONCE: Final = 2**21


class FactorState(NamedTuple):
    """A state that a risk factor may be in, but for its likeliest one: that gets what the others leave.

    Attributes:
        row: of the result.
        place, state: of the risk factor in its block, and which of its states it is.
        chance: P(state | known), of what is known of the risk factor itself.
        answers: what is known of the block if it is in this state.
    """

    row: int
    place: int
    state: int
    chance: float
    answers: Answers


class States(NamedTuple):
    """The possible states of the risk factors in a block.

    Attributes:
        rest: the rows of the likeliest ones, one for each risk factor.
        others: the other ones.
    """

    rest: tuple[int, ...]
    others: tuple[FactorState, ...]


class GroupStates(NamedTuple):
    """The possible states of the risk factors in a group.

    Attributes:
        rest: the rows of the likeliest ones, one for each risk factor.
        others: the rows of the other ones.
        messages: M_g if it is in each of the other ones; shape (others, subsets of the group's conditions, states of
            each block of the cutset).
    """

    rest: tuple[int, ...]
    others: list[int]
    messages: Vector


class AnswerSpread(NamedTuple):
    """What the sums of a patient take.

    Attributes:
        box: the states of the cutset that are possible.
        chances: P(state, known) of these.
        tables: by side and group, M_g, shape (subsets of the side's conditions, states of the cutset).
        groups: by side and group, the states of its risk factors.
    """

    box: CutsetStates
    chances: Vector
    tables: list[list[Vector]]
    groups: list[list[GroupStates]]


class AnswerSums:
    """Divides sums among the states of all risk factors of a network. Read-only once made, but for what it keeps.

    Args:
        prior: of the network.
        starts: the first row of each risk factor in the result, ascending.

    Attributes:
        shape: of the result, (states, 1 + n).
    """

    def __init__(self, prior: Prior, starts: Mapping[str, int]) -> None:
        self._prior = prior
        self._starts = dict(starts)
        states = sum(len(each) for block in prior.blocks.values() for each in block.priors)
        self.shape = states, 1 + len(prior.parents.conditions)
        in_groups = {number for side in prior.sides for group in side.groups for number in group.blocks}
        self._ungrouped = [number for number in prior.blocks if number not in in_groups]
        self._kept: dict[tuple[int, Answers], States] = {}
        self._kept_groups: dict[tuple[tuple[int, Answers], ...], GroupStates] = {}

    def of(self, known: Mapping[str, Likelihood], weights: Vector) -> Vector:
        """How sums over P(s, known risk factors) / P(complaint) divide among the states of each risk factor.

        Args:
            known: a likelihood for each state, by risk factor.
            weights: G(s), from 0 up, shape (2**n,).

        Returns:
            The part of each state in the sum over all subsets, and in that over those that hold each condition; of
            `shape`. The states of one risk factor add up to the sums.
        """
        prior = self._prior
        given = prior.given(known)
        states = {number: self._states(number, prior.answers(number, known)) for number in self._ungrouped}
        spread = self._spread(given, known)
        n = len(prior.parents.conditions)
        parts, total = np.zeros(self.shape), np.zeros(1 + n)
        if prior.sides:
            ordered, length = prior.in_order(weights), max(1, MOST_NUMBERS_AT_ONCE >> n)
            for some in (slice(start, start + length) for start in range(0, 1 + n, length)):
                total[some] = self._by_groups(parts[:, some], states, spread, self._events(some) * ordered)
        else:
            total[:] = self._one_by_one(parts, states, given, weights)
        for number, each in states.items():
            if not prior.blocks[number].children:
                for other in each.others:
                    parts[other.row] = other.chance * total
        if self._starts:
            every: list[States | GroupStates] = [*states.values(), *chain(*spread.groups)]
            rest = sorted(row for each in every for row in each.rest)
            parts[rest] = np.maximum(total - np.add.reduceat(parts, list(self._starts.values()), axis=0), 0.0)
        return parts

    # --- the states that are possible --------------------------------------------------------------------------------

    def _states(self, number: int, answers: Answers) -> States:
        if (found := self._kept.get((number, answers))) is None:
            found = self._list_states(number, answers)
            keep(self._kept, (number, answers), found, MOST_CACHED)
        return found

    def _list_states(self, number: int, answers: Answers) -> States:
        block = self._prior.blocks[number]
        rest: list[int] = []
        others: list[FactorState] = []
        for place, (name, prior, answer) in enumerate(zip(block.ids, block.priors, answers, strict=True)):
            likelihood = np.array(answer or np.ones(len(prior)))
            chances = prior * likelihood / (prior @ likelihood)
            rest.append(self._starts[name] + int(chances.argmax()))
            for state in np.flatnonzero(chances).tolist():
                only = tuple(np.where(np.arange(len(prior)) == state, likelihood, 0.0).tolist())
                also = (*answers[:place], only, *answers[place + 1 :])
                if (row := self._starts[name] + state) != rest[-1]:
                    others.append(FactorState(row, place, state, float(chances[state]), also))
        return States(tuple(rest), tuple(others))

    def _spread(self, given: KnownRiskFactors, known: Mapping[str, Likelihood]) -> AnswerSpread:
        prior = self._prior
        box, chances = prior.box(given)
        tables = [prior.spread(side, box, given) for side in prior.sides]
        groups = [[self._group_states(group, given, known) for group in side.groups] for side in prior.sides]
        return AnswerSpread(box, chances, tables, groups)

    def _group_states(self, group: Part, given: KnownRiskFactors, known: Mapping[str, Likelihood]) -> GroupStates:
        key = tuple([(number, self._prior.answers(number, known)) for number in group.blocks])
        if (found := self._kept_groups.get(key)) is None:
            found = self._list_group_states(group, given, key)
            keep(self._kept_groups, key, found, MOST_CACHED_NUMBERS // (found.messages.size or 1))
        return found

    def _list_group_states(
        self, group: Part, given: KnownRiskFactors, answers: Iterable[tuple[int, Answers]]
    ) -> GroupStates:
        prior = self._prior
        states = {number: self._states(number, own) for number, own in answers}
        others = [(number, other) for number, each in states.items() for other in each.others]
        messages = [prior.message(group, prior.also(given, number, other.answers)) for number, other in others]
        rest = tuple(row for each in states.values() for row in each.rest)
        return GroupStates(rest, [other.row for _, other in others], np.array(messages))

    # --- sums --------------------------------------------------------------------------------------------------------

    def _one_by_one(
        self, parts: Vector, states: Mapping[int, States], given: KnownRiskFactors, weights: Vector
    ) -> Vector:
        """Adds to the parts, from P(s, r=v, known) for each risk factor r and state v, and returns the whole."""
        prior = self._prior
        for number, each in states.items():
            for other in each.others if prior.blocks[number].children else ():
                joint = prior.joint_of(prior.also(given, number, other.answers))
                parts[other.row] += sums((joint * weights)[None])[0]
        return np.asarray(sums((prior.joint_of(given) * weights)[None])[0])

    def _events(self, some: slice) -> Vector:
        """Of the sums 1.0 where a subset belongs to them, in the order of the sides: the sum over all comes first."""
        prior = self._prior
        n = len(prior.parents.conditions)
        places = [prior.axes.index(condition) for condition in range(n)]
        rows = [np.ones(2**n), *(holds_any(frozenset([place]), 2**n) for place in places)]
        return np.array(rows[some]).reshape(-1, *(2 ** len(side.conditions) for side in prior.sides))

    def _by_groups(self, parts: Vector, states: Mapping[int, States], spread: AnswerSpread, rows: Vector) -> Vector:
        """Adds to the parts of some sums, all risk factors of a group at once, and returns the whole."""
        smaller, larger = (product(tables) for tables in spread.tables)
        of_smaller = matrix_product(rows, larger) * spread.chances
        of_larger = matrix_product(rows.swapaxes(1, 2), smaller) * spread.chances
        of_cutset = (of_smaller * smaller).sum(axis=1)
        self._add_cutset(parts, states, spread.box, of_cutset)
        for number, change in enumerate((of_smaller, of_larger)):
            self._add_side(parts, spread, number, change)
        return np.asarray(of_cutset.sum(axis=1))

    def _add_side(self, parts: Vector, spread: AnswerSpread, number: int, change: Vector) -> None:
        """Adds what risk factors in the groups of a side have of the sums.

        Args:
            parts: what to add to.
            spread: of the patient.
            number: of the side.
            change: D of the product of all groups, shape (sums, subsets of the side's conditions, states of the
                cutset).
        """
        tables, places = spread.tables[number], self._prior.sides[number].places
        for group, own in enumerate(spread.groups[number]):
            if own.others:
                d = change * product([*tables[:group], *tables[group + 1 :]])
                messages = own.messages[:, :, *spread.box].reshape(*own.messages.shape[:2], -1)
                asked = messages.take(places[group], axis=1).reshape(len(own.others), -1)
                parts[own.others] += matrix_product(asked, d.reshape(len(d), -1).T)

    def _add_cutset(self, parts: Vector, states: Mapping[int, States], box: CutsetStates, of_cutset: Vector) -> None:
        """Adds what risk factors in the cutset have of the sums by state of the cutset, shape (sums, states)."""
        prior = self._prior
        own = [
            np.atleast_1d(np.arange(prior.parents.states[number])[part])
            for number, part in zip(prior.cutset, box, strict=True)
        ]
        table = of_cutset.reshape(-1, *map(len, own))
        for axis, (number, block_states) in enumerate(zip(prior.cutset, own, strict=True), start=1):
            if others := states[number].others:
                of_block = table.sum(axis=tuple(other for other in range(1, table.ndim) if other != axis))
                members = np.unravel_index(block_states, [len(each) for each in prior.blocks[number].priors])
                for other in others:
                    parts[other.row] += of_block[:, members[other.place] == other.state].sum(axis=1)
