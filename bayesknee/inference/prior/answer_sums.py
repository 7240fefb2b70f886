"""How sums over subsets of conditions divide among the states of each risk factor, all risk factors at once.

With G(s) the weight of a subset in such a sum, v a state of a risk factor r in part k, and the rest as in
`bayesknee.inference.prior.cutset`,

    sum over s of G(s) P(s, r=v, known) = sum over s_k, h of D_k(s_k, h) * M_k(s_k, h; r=v)
    D_k(s_k, h) = P(h, known) * sum over the rest of s of G(s) * product over other parts of M(s, h)

since the sum is linear in the message M_k. D_k serves all risk factors of k; their messages M_k(r=v) are kept together
by what is known of k, so they are soon met again with another patient. A risk factor of the cutset gets its share of
the sum over h; one that touches no condition, P(v | known) of all of it. Where parts are large, P(s, r=v, known) is
taken as it stands.
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
from bayesknee.patient.evidence import Likelihood

MOST_CACHED: Final = 4096  # a block has few ways of being known; each takes a few kilobytes
MOST_CACHED_NUMBERS: Final = 2**22  # 32 megabytes of messages
MOST_NUMBERS_AT_ONCE: Final = 2**21  # 16 megabytes: sums over subsets are taken so many at a time


class FactorState(NamedTuple):
    """A possible state of a risk factor. The likeliest has no entry: it gets the remainder.

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


class BlockStates(NamedTuple):
    """The possible states of the risk factors in a block.

    Attributes:
        rest: the row of each risk factor's most probable state.
        others: their other possible states.
    """

    rest: tuple[int, ...]
    others: tuple[FactorState, ...]


class PartStates(NamedTuple):
    """The possible states of the risk factors in a part.

    Attributes:
        rest: the row of each risk factor's most probable state.
        others: the rows of their other possible states.
        messages: M_k for each of the other states; shape (others, subsets of the part's conditions, states of
            each block of the cutset).
    """

    rest: tuple[int, ...]
    others: list[int]
    messages: Vector


class AnswerSpread(NamedTuple):
    """What the sums of a patient take.

    Attributes:
        cutset: the states of the cutset that are possible.
        taken: which of those that the messages of other states have are possible.
        chances: P(state, known) of these.
        messages: by side and part, M_k, shape (subsets of the side's conditions, states of the cutset).
        states: by side and part, the states of its risk factors.
    """

    cutset: CutsetStates
    taken: CutsetStates
    chances: Vector
    messages: list[list[Vector]]
    states: list[list[PartStates]]


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
        states = sum(len(member) for block in prior.blocks.values() for member in block.priors)
        self.shape = states, 1 + len(prior.parents.conditions)
        in_parts = {number for side in prior.sides for part in side.parts for number in part.blocks}
        self._apart = [number for number in prior.blocks if number not in in_parts]
        self._kept: dict[tuple[int, Answers], BlockStates] = {}
        self._kept_parts: dict[tuple[object, ...], PartStates] = {}

    def of(self, known: Mapping[str, Likelihood], weights: Vector) -> Vector:
        """How sums over P(s, known risk factors) / P(complaint) divide among the states of each risk factor.

        Args:
            known: a likelihood for each state, by risk factor.
            weights: G(s), from 0 up, shape (sets,).

        Returns:
            The share of each state in the sum over all subsets, and in that over those that hold each condition; of
            `shape`. The states of one risk factor add up to the sums.
        """
        prior = self._prior
        given = prior.given(known)
        states = {number: self._states(number, prior.answers(number, known)) for number in self._apart}
        spread = self._spread(given, known)
        n = len(prior.parents.conditions)
        shares, total = np.zeros(self.shape), np.zeros(1 + n)
        if prior.sides:
            ordered, length = prior.in_order(weights), max(1, MOST_NUMBERS_AT_ONCE // prior.sets.size)
            for span in (slice(start, start + length) for start in range(0, 1 + n, length)):
                total[span] = self._by_parts(shares[:, span], states, spread, self._events(span) * ordered)
        else:
            total[:] = self._one_by_one(shares, states, given, weights)
        for number, possible in states.items():
            if not prior.blocks[number].children:
                for other in possible.others:
                    shares[other.row] = other.chance * total
        if self._starts:
            all_states: list[BlockStates | PartStates] = [*states.values(), *chain(*spread.states)]
            rest = sorted(row for possible in all_states for row in possible.rest)
            left = total - np.add.reduceat(shares, list(self._starts.values()), axis=0)
            shares[rest] = np.maximum(left, 0.0)
        return shares

    # --- the states that are possible --------------------------------------------------------------------------------

    def _states(self, number: int, answers: Answers) -> BlockStates:
        if (found := self._kept.get((number, answers))) is None:
            found = self._list_states(number, answers)
            keep(self._kept, (number, answers), found, MOST_CACHED)
        return found

    def _list_states(self, number: int, answers: Answers) -> BlockStates:
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
        return BlockStates(tuple(rest), tuple(others))

    def _spread(self, given: KnownRiskFactors, known: Mapping[str, Likelihood]) -> AnswerSpread:
        prior = self._prior
        cutset, chances = prior.cutset_states(given)
        made, taken = prior.narrowed(cutset)
        messages = [prior.messages(side, cutset, given) for side in prior.sides]
        states = [[self._part_states(part, given, known, made) for part in side.parts] for side in prior.sides]
        return AnswerSpread(cutset, taken, chances, messages, states)

    def _part_states(
        self, part: Part, given: KnownRiskFactors, known: Mapping[str, Likelihood], made: CutsetStates
    ) -> PartStates:
        by_block = tuple([(number, self._prior.answers(number, known)) for number in part.blocks])
        key = (by_block, *((each.start, each.stop) for each in made if isinstance(each, slice)))
        if (found := self._kept_parts.get(key)) is None:
            found = self._list_part_states(part, given, by_block, made)
            keep(self._kept_parts, key, found, MOST_CACHED_NUMBERS // (found.messages.size or 1))
        return found

    def _list_part_states(
        self,
        part: Part,
        given: KnownRiskFactors,
        by_block: Iterable[tuple[int, Answers]],
        made: CutsetStates,
    ) -> PartStates:
        prior = self._prior
        states = {number: self._states(number, answers) for number, answers in by_block}
        others = [(number, other) for number, possible in states.items() for other in possible.others]
        messages = [prior.message(part, prior.also(given, number, other.answers), made) for number, other in others]
        rest = tuple(row for possible in states.values() for row in possible.rest)
        return PartStates(rest, [other.row for _, other in others], np.array(messages))

    # --- sums --------------------------------------------------------------------------------------------------------

    def _one_by_one(
        self, shares: Vector, states: Mapping[int, BlockStates], given: KnownRiskFactors, weights: Vector
    ) -> Vector:
        """Adds to the shares, from P(s, r=v, known) for each risk factor r and state v; returns the sums themselves."""
        prior = self._prior
        for number, possible in states.items():
            for other in possible.others if prior.blocks[number].children else ():
                joint = prior.joint_of(prior.also(given, number, other.answers))
                shares[other.row] += prior.sets.sums((joint * weights)[None])[0]
        return np.asarray(prior.sets.sums((prior.joint_of(given) * weights)[None])[0])

    def _events(self, span: slice) -> Vector:
        """Of the sums 1.0 where a subset belongs to them, in the order of the sides: the sum over all comes first."""
        prior = self._prior
        places = [prior.axes.index(condition) for condition in range(len(prior.parents.conditions))]
        sets = prior.side_sets
        rows = [np.ones(sets.size), *(sets.holds_any(frozenset([place])) for place in places)]
        return np.array(rows[span])

    def _by_parts(
        self, shares: Vector, states: Mapping[int, BlockStates], spread: AnswerSpread, rows: Vector
    ) -> Vector:
        """Adds to the shares of a range of sums, all risk factors of a part at once; returns the sums themselves."""
        smaller, larger = (product(messages) for messages in spread.messages)
        of_smaller = self._prior.side_sets.times_second(rows, larger) * spread.chances
        of_larger = self._prior.side_sets.times_first(rows, smaller) * spread.chances
        of_cutset = (of_smaller * smaller).sum(axis=1)
        self._add_cutset(shares, states, spread.cutset, of_cutset)
        for number, change in enumerate((of_smaller, of_larger)):
            self._add_side(shares, spread, number, change)
        return np.asarray(of_cutset.sum(axis=1))

    def _add_side(self, shares: Vector, spread: AnswerSpread, number: int, change: Vector) -> None:
        """Adds what risk factors in the parts of a side have of the sums.

        Args:
            shares: what to add to.
            spread: of the patient.
            number: of the side.
            change: D of the product of all parts, shape (sums, subsets of the side's conditions, states of the cutset).
        """
        met, places = spread.messages[number], self._prior.sides[number].places
        for i, states in enumerate(spread.states[number]):
            if states.others:
                d = change * product([*met[:i], *met[i + 1 :]])
                messages = states.messages[:, :, *spread.taken].reshape(*states.messages.shape[:2], -1)
                asked = messages.take(places[i], axis=1).reshape(len(states.others), -1)
                shares[states.others] += matrix_product(asked, d.reshape(len(d), -1).T)

    def _add_cutset(
        self, shares: Vector, states: Mapping[int, BlockStates], cutset: CutsetStates, of_cutset: Vector
    ) -> None:
        """Adds what risk factors in the cutset have of the sums by state of the cutset, shape (sums, states)."""
        prior = self._prior
        by_block = [
            np.atleast_1d(np.arange(prior.parents.states[number])[possible])
            for number, possible in zip(prior.cutset, cutset, strict=True)
        ]
        table = of_cutset.reshape(-1, *map(len, by_block))
        for axis, (number, possible) in enumerate(zip(prior.cutset, by_block, strict=True), start=1):
            if others := states[number].others:
                of_block = table.sum(axis=tuple(other for other in range(1, table.ndim) if other != axis))
                members = np.unravel_index(possible, [len(member) for member in prior.blocks[number].priors])
                for other in others:
                    shares[other.row] += of_block[:, members[other.place] == other.state].sum(axis=1)
