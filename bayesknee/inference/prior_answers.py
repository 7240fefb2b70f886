"""How sums over subsets of conditions divide among the states of each risk factor, all risk factors at once.

With G(s) the weight of a subset in such a sum, v a state of a risk factor r in group g, and the rest as in
`bayesknee.inference.hinge`,

    sum over s of G(s) P(s, r=v, known) = sum over s_g, h of D_g(s_g, h) * M_g(s_g, h; r=v)
    D_g(s_g, h) = P(h, known) * sum over the rest of s of G(s) * product over other groups of M(s, h)

since the sum is linear in M_g. D_g serves all risk factors of g; M_g(r=v) is kept for patients of whom r=v is known. A
risk factor of the hinge gets its part of the sum over h; one that touches no condition, its P(v | known) of the whole.
Where groups are large, P(s, r=v, known) is taken as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from bayesknee.inference.caches import keep
from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.hinge import Answers, Box, Side, product
from bayesknee.inference.subsets import Vector, holds_any, sums

if TYPE_CHECKING:
    from bayesknee.inference.prior import Known, Prior

MOST_CACHED: Final = 4096
MOST_NUMBERS_AT_ONCE: Final = 2**21


class State(NamedTuple):
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
    others: tuple[State, ...]


class AnswerSums:
    """Divides sums among the states of all risk factors of a network. Read-only once made, but for what it keeps.

    Args:
        prior: of the network.
        starts: the first row of each risk factor in the result, ascending.
    """

    def __init__(self, prior: Prior, starts: Mapping[str, int]) -> None:
        self._prior = prior
        self._starts = dict(starts)
        self._rows = sum(len(each) for block in prior.blocks.values() for each in block.priors)
        self._kept: dict[tuple[int, Answers], States] = {}

    def of(self, known: Mapping[str, Likelihood], weights: Vector) -> Vector:
        """How sums over P(s, known risk factors) / P(complaint) divide among the states of each risk factor.

        Args:
            known: a likelihood for each state, by risk factor.
            weights: G(s), from 0 up, shape (2**n,).

        Returns:
            The part of each state in the sum over all subsets, and in that over those that hold each condition, shape
            (states, 1 + n). The states of one risk factor add up to the sums.
        """
        prior = self._prior
        given = prior.given(known)
        states = {number: self._states(number, prior.answers(number, known)) for number in prior.blocks}
        n = len(prior.parents.conditions)
        parts, total = np.zeros((self._rows, 1 + n)), np.zeros(1 + n)
        if prior.sides:
            events = [np.ones(len(weights)), *(holds_any(frozenset([c]), len(weights)) for c in range(n))]
            length = max(1, MOST_NUMBERS_AT_ONCE >> n)
            for some in (slice(start, start + length) for start in range(0, 1 + n, length)):
                total[some] = self._by_groups(parts[:, some], states, given, np.array(events[some]) * weights)
        else:
            total[:] = self._one_by_one(parts, states, given, weights)
        for number, block in prior.blocks.items():
            if not block.children:
                for other in states[number].others:
                    parts[other.row] = other.chance * total
        if self._starts:
            rest = sorted(row for each in states.values() for row in each.rest)
            parts[rest] = np.maximum(total - np.add.reduceat(parts, list(self._starts.values()), axis=0), 0.0)
        return parts

    def _states(self, number: int, answers: Answers) -> States:
        if (found := self._kept.get((number, answers))) is None:
            found = self._list_states(number, answers)
            keep(self._kept, (number, answers), found, MOST_CACHED)
        return found

    def _list_states(self, number: int, answers: Answers) -> States:
        block = self._prior.blocks[number]
        rest: list[int] = []
        others: list[State] = []
        for place, (name, prior, answer) in enumerate(zip(block.ids, block.priors, answers, strict=True)):
            likelihood = np.array(answer or np.ones(len(prior)))
            chances = prior * likelihood / (prior @ likelihood)
            rest.append(self._starts[name] + int(chances.argmax()))
            for state in np.flatnonzero(chances).tolist():
                only = tuple(np.where(np.arange(len(prior)) == state, likelihood, 0.0).tolist())
                also = (*answers[:place], only, *answers[place + 1 :])
                if (row := self._starts[name] + state) != rest[-1]:
                    others.append(State(row, place, state, float(chances[state]), also))
        return States(tuple(rest), tuple(others))

    def _add_hinge(self, parts: Vector, states: Mapping[int, States], box: Box, of_hinge: Vector) -> None:
        """Adds what risk factors in the hinge have of the sums by state of the hinge, shape (sums, states)."""
        prior = self._prior
        own = [
            np.atleast_1d(np.arange(prior.parents.states[number])[part])
            for number, part in zip(prior.hinge, box, strict=True)
        ]
        table = of_hinge.reshape(-1, *map(len, own))
        for axis, (number, block_states) in enumerate(zip(prior.hinge, own, strict=True), start=1):
            if others := states[number].others:
                of_block = table.sum(axis=tuple(other for other in range(1, table.ndim) if other != axis))
                members = np.unravel_index(block_states, [len(each) for each in prior.blocks[number].priors])
                for other in others:
                    parts[other.row] += of_block[:, members[other.place] == other.state].sum(axis=1)

    def _one_by_one(self, parts: Vector, states: Mapping[int, States], given: Known, weights: Vector) -> Vector:
        """Adds to the parts, from P(s, r=v, known) for each risk factor r and state v, and returns the whole."""
        prior = self._prior
        for number, each in states.items():
            for other in each.others if prior.blocks[number].children else ():
                joint = prior.joint_of(prior.also(given, number, other.answers))
                parts[other.row] += sums((joint * weights)[None])[0]
        return np.asarray(sums((prior.joint_of(given) * weights)[None])[0])

    def _by_groups(self, parts: Vector, states: Mapping[int, States], given: Known, rows: Vector) -> Vector:
        """Adds to the parts of some sums, all risk factors of a group at once, and returns the whole."""
        prior = self._prior
        box, chances = prior.box(given)
        ordered = prior.in_order(rows)
        each = [prior.spread(side, box, given) for side in prior.sides]
        smaller, larger = (product(tables) for tables in each)
        of_smaller = (ordered @ larger) * chances
        of_larger = (ordered.swapaxes(1, 2) @ smaller) * chances
        of_hinge = (of_smaller * smaller).sum(axis=1)
        self._add_hinge(parts, states, box, of_hinge)
        for side, tables, change in zip(prior.sides, each, (of_smaller, of_larger), strict=True):
            for places, values in self._of_groups((given, box), states, side, tables, change):
                parts[places] += values
        return np.asarray(of_hinge.sum(axis=1))

    def _of_groups(
        self, where: tuple[Known, Box], states: Mapping[int, States], side: Side, tables: Sequence[Vector], d: Vector
    ) -> Iterator[tuple[list[int], Vector]]:
        """What risk factors in the groups of a side have: some rows of the result, and what to add to them.

        Args:
            where: what is known, and some states of the hinge.
            states: by block.
            side: the side.
            tables: M by group, each shape (subsets of the side's conditions, states of the hinge).
            d: D of the product of all groups, shape (sums, subsets of the side's conditions, states of the hinge).
        """
        prior, (given, box) = self._prior, where
        for number, group in enumerate(side.groups):
            asked = [(block, other) for block in group.blocks for other in states[block].others]
            if asked:
                of_group = side.summed_to(number, d * product([*tables[:number], *tables[number + 1 :]]))
                messages = [prior.message(group, box, prior.also(given, b, other.answers)) for b, other in asked]
                values = np.array(messages).reshape(len(asked), -1) @ of_group.reshape(len(d), -1).T
                yield [other.row for _, other in asked], values
