"""How the sum over unknown risk factors falls into parts that have little to do with each other.

Some blocks of risk factors, the cutset, are summed out last: the common one, and of the others those that hold the most
together. Given the state h of the cutset, the conditions' tables fall into parts k that share no block, so

    P(s, known) = sum over h of P(h, known) * product over k of M_k(s_k, h)
    M_k(s_k, h) = sum over x of P(x, known) * product over tables of k, at x, h and s_k

where s_k is what the tables of k have of s, and x the state of its blocks (conditioning on a cutset: Pearl 1988). M_k,
the message of the part, depends on what is known of the few risk factors of that part alone. Parts that share no
condition, not even by way of others, may stand on different sides of a matrix product, which is the sum over h. Where
parts are large, nothing of this pays.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.inference.cause_sets import CauseSets, count_sets, list_sets
from bayesknee.inference.prior.factors import Factor, FactorScope
from bayesknee.inference.prior.parents import Parents
from bayesknee.patient.evidence import Likelihood

MOST_CUTSET_STATES: Final = 128  # as of the common block: all messages have these states, so each doubling doubles them
MOST_MERGED_NUMBERS: Final = 2**12  # up to this size one table is quicker than two
MOST_SMALL_NUMBERS: Final = 2**15  # of a side: what fits into the processor's cache; the product takes it in again

Answers: TypeAlias = tuple[Likelihood | None, ...]
CutsetStates: TypeAlias = tuple[int | slice, ...]  # by block of the cutset, some of its states
SetTable: TypeAlias = tuple[
    tuple[FactorScope, FactorScope], Vector
]  # over sets; see `bayesknee.inference.prior.set_plans`


class PriorTable(NamedTuple):
    """P(c | parents) of one condition, or of several multiplied.

    Attributes:
        private: the number of the block that touches this condition alone.
        full: over all parents.
        summed: where nothing is known of the private block.
    """

    private: int | None
    full: Factor
    summed: Factor


class Part(NamedTuple):
    """Tables that share blocks; k in the formula above.

    Attributes:
        numbers: which of all tables these are.
        pairs: the conditions' tables.
        conditions: those that the tables have, ascending.
        sets: the sets of these conditions.
        blocks: those to be summed out, in that order; private ones are among them.
        kept_rows: single tables over sets of their conditions, by which it is and by what is known of its blocks.
        kept: the message M_k for all states of the cutset, by what is known of the blocks.
    """

    numbers: tuple[int, ...]
    pairs: tuple[PriorTable, ...]
    conditions: tuple[int, ...]
    sets: CauseSets
    blocks: tuple[int, ...]
    kept: dict[tuple[object, ...], Vector]
    kept_rows: dict[tuple[object, ...], SetTable]


class Side(NamedTuple):
    """Parts on one side of the product over the cutset.

    Attributes:
        conditions: those of all its parts, ascending.
        parts: the parts.
        places: by part, which set of its conditions goes with each set of the side's.
    """

    conditions: tuple[int, ...]
    parts: tuple[Part, ...]
    places: tuple[Integers, ...]


def product(tables: Sequence[Vector]) -> Vector:
    """The product of the tables of a side, shape (subsets, states of the cutset); of none it is 1."""
    return functools.reduce(np.multiply, tables) if tables else np.ones((1, 1))


def parts_of(
    pairs: Sequence[PriorTable], parents: Parents, order: Sequence[int]
) -> tuple[tuple[int, ...], tuple[Side, ...]]:
    """The cutset, ascending, and the parts of these tables on two sides.

    The cutset is the common block alone where that makes them small and more does not. Where neither does, there are no
    sides; but where few causes may meet, the smaller ones, as there is no other way then.
    """
    found: dict[int, tuple[tuple[int, ...], tuple[Side, ...]]] = {}
    for cutset in (cutset_of(parents, order), tuple(parents.block_numbers[-1:])):
        sides = sides_of(pairs, parents, order, cutset)
        size = max(_numbers_of(side.conditions, parents, cutset) for side in sides)
        if size <= MOST_SMALL_NUMBERS:
            return cutset, sides
        found.setdefault(size, (cutset, sides))
    return found[min(found)] if parents.most is not None else ((), ())


def _numbers_of(conditions: Collection[int], parents: Parents, cutset: Iterable[int]) -> int:
    """How many numbers a table has over the sets of these conditions and the states of the cutset."""
    sets = count_sets((1 for _ in conditions), parents.most)
    return sets * math.prod(parents.states[number] for number in cutset)


def cutset_of(parents: Parents, order: Sequence[int]) -> tuple[int, ...]:
    """The common block and the last shared ones in this order of elimination, as many as fit, ascending."""
    *_, common = parents.block_numbers
    cutset, states = [common], parents.states[common]
    for number in reversed(order):
        is_shared = len(parents.block_of[number].children) > 1
        if is_shared and states * parents.states[number] <= MOST_CUTSET_STATES:
            cutset.append(number)
            states *= parents.states[number]
    return tuple(sorted(cutset))


def sides_of(
    pairs: Sequence[PriorTable], parents: Parents, order: Sequence[int], cutset: Collection[int]
) -> tuple[Side, Side]:
    """The parts of these tables, on two sides that are as alike in size as may be; the first may be empty."""
    n = len(parents.conditions)
    causes = tuple((name,) for name in parents.conditions)

    def make_part(chosen: Iterable[int]) -> Part:
        numbers = tuple(chosen)
        variables = {variable for number in numbers for variable in pairs[number].full.variables}
        conditions = tuple(sorted(variable for variable in variables if variable < n))
        blocks = tuple(number for number in order if number in variables and number not in cutset)
        sets = list_sets(causes, parents.most, conditions)
        return Part(numbers, tuple(pairs[number] for number in numbers), conditions, sets, blocks, {}, {})

    def merged(parts: Iterable[Part]) -> list[Part]:
        found: list[Part] = []
        for part in sorted(parts, key=lambda part: len(part.conditions)):
            both = make_part([*found[-1].numbers, *part.numbers]) if found else part
            if found and _numbers_of(both.conditions, parents, cutset) <= MOST_MERGED_NUMBERS:
                found[-1] = both
            else:
                found.append(part)
        return found

    apart = connected([set(pair.full.variables).difference(range(n), cutset) for pair in pairs])
    parts = [make_part(numbers) for numbers in apart]
    clusters = [[parts[i] for i in numbers] for numbers in connected([part.conditions for part in parts])]
    smaller, larger = _halves(clusters)
    return _side(merged(smaller), causes, parents.most), _side(merged(larger), causes, parents.most)


def connected(scopes: Sequence[Collection[int]]) -> list[list[int]]:
    """The numbers of the scopes, those together that share a variable, if need be by way of others."""
    found: list[tuple[set[int], list[int]]] = []
    for number, scope in enumerate(scopes):
        met = [cluster for cluster in found if not cluster[0].isdisjoint(scope)]
        variables = set(scope).union(*(others for others, _ in met))
        numbers = sorted([number, *(member for _, members in met for member in members)])
        found = [*(cluster for cluster in found if cluster not in met), (variables, numbers)]
    return [numbers for _, numbers in found]


def _halves(clusters: Iterable[list[Part]]) -> list[list[Part]]:
    """Two lists of parts, that with fewer conditions first; largest clusters are dealt first."""
    halves: list[list[Part]] = [[], []]
    for cluster in sorted(clusters, key=_width, reverse=True):
        min(halves, key=_width).extend(cluster)
    return sorted(halves, key=_width)


def _width(parts: Iterable[Part]) -> int:
    return len({condition for part in parts for condition in part.conditions})


def _side(parts: Sequence[Part], causes: tuple[tuple[str, ...], ...], most: int | None) -> Side:
    conditions = tuple(sorted({condition for part in parts for condition in part.conditions}))
    of_side = list_sets(causes, most, conditions, len(conditions)).first
    members = of_side.conditions[:, 1:] > 0.0
    return Side(conditions, tuple(parts), tuple(part.sets.find(conditions, members) for part in parts))
