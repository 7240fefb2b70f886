"""The sets of causes that the engine sums over, as one axis.

A cause is a condition, or a form of one. A set holds a condition at most once, and so many of them as the network
allows. The causes are divided into two halves, and a set is a set of one half with a set of the other. All sets lie in
blocks: in each, some sets of the first half meet the same sets of the second, the first half's changing slowest. So a
sum over the causes of a set is an outer sum in each block, and what is summed over sets is summed over either half by
itself: quicker than with a matrix of sets by causes, and without it.

Where any number of causes may come together, there is one block. Each half then lists its sets by digits, one a
condition, 0 where it is absent: an array with an axis a condition flattens to that order. Where at most k may, each
half lists its sets by size, and block i has those of size i of the first half, with those of the second half of sizes
up to k - i. The first set of all is the empty one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, combinations, pairwise
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Bools, Integers, Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.caches import keep
from bayesknee.inference.products import matrix_product
from bayesknee.knowledge.model import condition_of, stated_as
from bayesknee.knowledge.network import Network

# Sets of causes up to which they are summed over one by one: all those of 20 conditions. A row over them takes 8 MB;
# time and memory grow in proportion.
MOST_SETS: Final = 2**20
MOST_EVENTS: Final = 256  # rows of 1 and 0 that are kept by network; it has about as many conditions, forms and groups
LEAST_EVENTS: Final = 24  # of 20 conditions and a few groups, which takes 200 MB; with fewer, each use makes all anew
MOST_EVENT_NUMBERS: Final = 2**22  # 32 MB in such rows, where that is more than so few
MOST_KEPT: Final = 512  # ways to list sets, of a few networks and their parts; mostly some kilobytes each


class SetStep(NamedTuple):
    """Sets that are each a smaller set and one cause more, which comes before those of the smaller.

    Attributes:
        sets: which they are.
        smaller: the smaller sets.
        causes: the cause more, of all of them or of each.
    """

    sets: slice
    smaller: slice | Integers
    causes: int | Integers


class Half(NamedTuple):
    """The sets of the causes of one half.

    Attributes:
        causes: 1.0, then 1.0 where the set holds a cause; shape (sets, 1 + causes).
        conditions: 1.0, then 1.0 where it holds a condition; shape (sets, 1 + conditions).
        ends: by size, how many sets have up to that size; where any size goes, just the number of sets.
        steps: how all sets but the empty one come of those before.
    """

    causes: Vector
    conditions: Vector
    ends: tuple[int, ...]
    steps: tuple[SetStep, ...]


class SetBlock(NamedTuple):
    """Sets of the first half, each with the same sets of the second.

    Attributes:
        first: which of the first half.
        second: how many of the second half, from its first on.
        rows: where they lie among all sets.
    """

    first: slice
    second: int
    rows: slice


def count_sets(forms: Iterable[int], most: int | None) -> int:
    """How many sets there are, the empty one included.

    Args:
        forms: by condition, in how many forms it comes; 1 for a condition without.
        most: how many conditions a set holds at most; None for any number.
    """
    forms = tuple(forms)
    if most is None:
        return math.prod(1 + number for number in forms)
    by_size = [1, *([0] * most)]
    for number in forms:
        by_size = [count + number * fewer for count, fewer in zip(by_size, [0, *by_size], strict=False)]
    return sum(by_size)


@dataclass(frozen=True, eq=False)
class CauseSets:
    """Sets of causes. Read-only once made, but for what it keeps.

    Attributes:
        names: ids of the causes.
        order: the number of each condition, in the order of what is told by condition.
        forms: by condition, in that order, in how many forms it comes.
        most: how many conditions a set holds at most; None for any number.
        first, second: the halves.
    """

    names: tuple[str, ...]
    order: tuple[int, ...]
    forms: tuple[int, ...]
    most: int | None
    first: Half
    second: Half

    # --- the sets themselves -----------------------------------------------------------------------------------------

    @cached_property
    def blocks(self) -> tuple[SetBlock, ...]:
        """The blocks, in the order of the sets."""
        ends: tuple[int, ...] = (0, *self.first.ends)
        if self.most is None:
            seconds = [self.second.ends[-1]]
        else:
            seconds = [self.second.ends[min(self.most - i, len(self.second.ends) - 1)] for i in range(len(ends) - 1)]
        lengths = [(stop - start) * second for (start, stop), second in zip(pairwise(ends), seconds, strict=True)]
        starts = list(accumulate(lengths, initial=0))
        return tuple(
            SetBlock(slice(*first), second, slice(*rows))
            for first, second, rows in zip(pairwise(ends), seconds, pairwise(starts), strict=True)
        )

    @cached_property
    def size(self) -> int:
        """How many sets there are, the empty one included."""
        return count_sets(self.forms, self.most)

    @cached_property
    def halves(self) -> tuple[Integers, Integers]:
        """By set, which set of the first half it has, and which of the second."""
        first = [np.repeat(np.arange(block.first.start, block.first.stop), block.second) for block in self.blocks]
        second = [np.tile(np.arange(block.second), block.first.stop - block.first.start) for block in self.blocks]
        return np.concatenate(first), np.concatenate(second)

    @cached_property
    def membership(self) -> Bools:
        """Whether a set holds a condition, shape (size, conditions)."""
        first, second = self.halves
        return np.hstack([self.first.conditions[first, 1:] > 0.0, self.second.conditions[second, 1:] > 0.0])

    @cached_property
    def causes(self) -> Bools:
        """Whether a set holds a cause, shape (size, causes)."""
        first, second = self.halves
        return np.hstack([self.first.causes[first, 1:] > 0.0, self.second.causes[second, 1:] > 0.0])

    @cached_property
    def condition_of(self) -> tuple[int, ...]:
        """By cause, the place of its condition in `order`."""
        return tuple(place for place, number in enumerate(self.forms) for _ in range(number))

    @cached_property
    def has_forms(self) -> bool:
        """Whether any condition comes in forms."""
        return any(number > 1 for number in self.forms)

    @cached_property
    def singles(self) -> Integers:
        """By cause, the set that holds it alone."""
        alone = np.flatnonzero(self.membership.sum(axis=1) == 1)
        return alone[np.argsort(self.causes[alone].argmax(axis=1))]

    @cached_property
    def without_forms(self) -> CauseSets:
        """The sets of conditions, whatever their forms."""
        if not self.has_forms:
            return self
        names = tuple((str(number),) for number in range(max(self.order) + 1))
        return list_sets(names, self.most, self.order, self.first.conditions.shape[1] - 1)

    def find(self, conditions: Sequence[int], members: Bools) -> Integers:
        """Where some sets lie among these, which must be without forms.

        Args:
            conditions: the number of each condition in `members`. Those that are not here count for nothing.
            members: whether a set holds a condition, shape (sets, conditions).
        """
        places = [conditions.index(condition) for condition in self.order]
        wanted, keys = self._keys(members[:, places]), self._keys(self.membership)
        order = np.argsort(keys)
        return np.asarray(order[np.searchsorted(keys, wanted, sorter=order)], np.intp)

    def _keys(self, members: Bools) -> Integers:
        """By set a number that no other has: its conditions as digits, from 1 up; or as bits, where all may meet."""
        n = len(self.order)
        if self.most is None:
            return np.asarray(members @ (1 << np.arange(n)[::-1]), np.intp)
        rows, places = members.nonzero()
        starts = np.concatenate([[0], np.cumsum(members.sum(axis=1))])
        digits = (n + 1) ** (np.arange(len(rows)) - starts[rows])
        keys = np.zeros(len(members), np.intp)
        np.add.at(keys, rows, (places + 1) * digits)
        return keys

    @cached_property
    def sets_of_conditions(self) -> Integers:
        """By set, which set of `without_forms` has the same conditions."""
        return self.without_forms.find(self.order, self.membership)

    def without_forms_of(self, rows: Vector) -> Vector:
        """The sums of rows, shape (..., size), over the forms of each set of conditions, shape (..., those sets)."""
        order, starts = self._by_conditions
        return np.add.reduceat(rows.take(order, axis=-1), starts, axis=-1)

    @cached_property
    def _by_conditions(self) -> tuple[Integers, Integers]:
        """The sets, those of the same conditions together; and where each of these runs begins."""
        order = np.argsort(self.sets_of_conditions, kind="stable")
        return order, np.flatnonzero(np.diff(self.sets_of_conditions[order], prepend=-1))

    # --- what is told by cause, for each set -------------------------------------------------------------------------

    def sums_of(self, weights: Iterable[float] | Vector, start: float = 0.0) -> Vector:
        """start + the sum of the weights of a set's causes, of shape (..., causes), with shape (..., size)."""
        array = weights if isinstance(weights, np.ndarray) else np.array(list(weights), dtype=np.float64)
        first, second = self.half_sums(array)
        return self.outer(start + first, second, np.add)

    def half_sums(self, weights: Vector) -> tuple[Vector, Vector]:
        """The sums of weights, shape (..., causes), for the sets of either half; shapes (..., sets of the half)."""
        half = self.first.causes.shape[1] - 1
        return weights[..., :half] @ self.first.causes[:, 1:].T, weights[..., half:] @ self.second.causes[:, 1:].T

    def outer(self, first: Vector, second: Vector, operation: np.ufunc) -> Vector:
        """An operation on what is told of either half, shapes (..., sets of the half), for each set."""
        parts = [operation(first[..., block.first, None], second[..., None, : block.second]) for block in self.blocks]
        flat = [part.reshape(*part.shape[:-2], -1) for part in parts]
        return flat[0] if len(flat) == 1 else np.concatenate(flat, axis=-1)

    def outer_of_draws(self, first: Vector, second: Vector, operation: np.ufunc) -> Vector:
        """As `outer`, with shapes (sets of the half, draws) and the result (size, draws)."""
        parts = [operation(first[block.first, None], second[None, : block.second]) for block in self.blocks]
        flat = [part.reshape(-1, part.shape[-1]) for part in parts]
        return flat[0] if len(flat) == 1 else np.concatenate(flat)

    def product(self, first: Vector, second: Vector) -> Vector:
        """The sum over a third variable of what is told of either half: shapes (sets of the half, its states).

        Returns:
            Shape (size,).
        """
        parts = [matrix_product(first[block.first], second[: block.second].T).ravel() for block in self.blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def event_of(self, cause: str) -> int:
        """How an event names a cause: a condition by its place in `order`, a form by a number beyond all of these."""
        place = self.names.index(cause)
        condition = self.condition_of[place]
        return len(self.order) + place if self.forms[condition] > 1 else condition

    def holds_stated(self, name: str, stated: Collection[str]) -> Vector:
        """1.0 for the sets with a cause to which what is stated under this name applies; read only.

        Args:
            name: of a condition or form.
            stated: all names of which something is stated.
        """
        causes = [cause for cause in self._causes_of.get(condition_of(name), ()) if stated_as(stated, cause) == name]
        return self.holds_any(frozenset(map(self.event_of, causes)))

    @cached_property
    def _causes_of(self) -> Mapping[str, Sequence[str]]:
        """By id of a condition its own id, or those of its forms."""
        found: dict[str, list[str]] = {}
        for cause in self.names:
            found.setdefault(condition_of(cause), []).append(cause)
        return found

    def holds_any(self, members: frozenset[int]) -> Vector:
        """1.0 for the sets that hold at least one of these conditions or forms; see `event_of`. Read only."""
        if (found := self._kept.get(members)) is None:
            first, second = (self._half_holds_any(members, number) for number in range(2))
            found = self.outer(first, second, np.maximum)
            keep(self._kept, members, found, min(MOST_EVENTS, max(LEAST_EVENTS, MOST_EVENT_NUMBERS // self.size)))
        return found

    def _half_holds_any(self, members: frozenset[int], number: int) -> Vector:
        """The same for the sets of a half."""
        half, other = (self.first, self.second)[number], self.first
        conditions, causes = (number * (each.shape[1] - 1) for each in (other.conditions, other.causes))
        n = len(self.order)
        table = np.hstack([half.conditions[:, 1:], half.causes[:, 1:]])
        count = half.conditions.shape[1] - 1
        columns = [m - conditions for m in members if m < n and 0 <= m - conditions < count]
        columns += [
            count + m - n - causes for m in members if m >= n and 0 <= m - n - causes < half.causes.shape[1] - 1
        ]
        return np.asarray(table[:, columns].max(axis=1, initial=0.0))

    @cached_property
    def _kept(self) -> dict[frozenset[int], Vector]:
        return {}

    # --- sums over sets ----------------------------------------------------------------------------------------------

    def times_second(self, rows: Vector, matrix: Vector) -> Vector:
        """Rows over sets, shape (..., size), times a matrix over sets of the second half, shape (those, columns).

        Returns:
            Shape (..., sets of the first half, columns).
        """
        lead = rows.shape[:-1]
        parts = [
            matrix_product(rows[..., block.rows].reshape(*lead, -1, block.second), matrix[: block.second])
            for block in self.blocks
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)

    def times_first(self, rows: Vector, matrix: Vector) -> Vector:
        """As `times_second`, with the halves the other way round: shape (..., sets of the second half, columns)."""
        total = np.zeros((*rows.shape[:-1], len(self.second.causes), matrix.shape[1]))
        for block in self.blocks:
            table = rows[..., block.rows].reshape(*rows.shape[:-1], -1, block.second)
            total[..., : block.second, :] += matrix_product(table.swapaxes(-1, -2), matrix[block.first])
        return total

    def to_first(self, matrix: Vector, weights: Vector) -> Vector:
        """A matrix over sets of the second half, shape (rows, those), times the weights of all sets, shape (size,).

        Returns:
            Shape (rows, sets of the first half).
        """
        parts = [
            matrix_product(matrix[:, : block.second], weights[block.rows].reshape(-1, block.second).T)
            for block in self.blocks
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def to_second(self, matrix: Vector, weights: Vector) -> Vector:
        """As `to_first`, with the halves the other way round: shape (rows, sets of the second half)."""
        total = np.zeros((len(matrix), len(self.second.causes)))
        for block in self.blocks:
            table = weights[block.rows].reshape(-1, block.second)
            total[:, : block.second] += matrix_product(matrix[:, block.first], table)
        return total

    def first_sums(self, weights: Vector) -> Vector:
        """The sum of the weights, shape (size,), by set of the first half."""
        return np.concatenate([weights[block.rows].reshape(-1, block.second).sum(axis=1) for block in self.blocks])

    def second_sums(self, rows: Vector) -> Vector:
        """The sums of rows over sets by set of the second half, shape (..., sets of the second half)."""
        total = np.zeros((*rows.shape[:-1], len(self.second.causes)))
        for block in self.blocks:
            total[..., : block.second] += rows[..., block.rows].reshape(*rows.shape[:-1], -1, block.second).sum(axis=-2)
        return total

    def marginals(self, weights: Vector) -> Vector:
        """The sum of the weights, shape (size,), of the sets that hold each condition; shape (conditions,)."""
        return self.sums(weights[None])[0, 1:]

    def sums(self, rows: Vector) -> Vector:
        """The sum of each row, shape (rows, size), and after it its `marginals`; shape (rows, 1 + conditions)."""
        halves = self.first.conditions.T @ self.times_second(rows, self.second.conditions)
        return np.concatenate([halves[:, :, 0], halves[:, 0, 1:]], axis=1)

    def pair_sums(self, weights: Vector) -> Vector:
        """The sum of the weights, shape (size,), of the sets that hold both a cause and a condition.

        Returns:
            Shape (causes, conditions).
        """
        first, second = self.first, self.second
        by_first = self.times_second(weights, second.conditions)
        within_first = first.causes[:, 1:].T @ (by_first[:, :1] * first.conditions[:, 1:])
        across = first.causes[:, 1:].T @ by_first[:, 1:]
        back = across.T
        if self.has_forms:
            back = self.times_second(weights, second.causes[:, 1:]).T @ first.conditions[:, 1:]
        within_second = second.causes[:, 1:].T @ (self.second_sums(weights)[:, None] * second.conditions[:, 1:])
        return np.block([[within_first, across], [back, within_second]])


def can_enumerate(network: Network) -> bool:
    """Whether the sets of causes of a network are few enough to be summed over one by one."""
    return _count(network) <= MOST_SETS


def check_sets(network: Network) -> None:
    """Refuses a network with too many sets of causes.

    Raises:
        InferenceError: they are more than `MOST_SETS`.
    """
    if not can_enumerate(network):
        raise InferenceError(
            f"network {network.id} has {_count(network):,} sets of causes; expected at most {MOST_SETS:,} to sum over; "
            f"let fewer causes come together ({_remedy(network)})"
        )


def _count(network: Network) -> int:
    return count_sets((len(each.causes) for each in network.conditions.values()), limit_of(network))


def _remedy(network: Network) -> str:
    return f"lower most_causes, {network.most_causes} now" if network.most_causes else "add most_causes: 3"


def all_sets(conditions: Sequence[str]) -> CauseSets:
    """All sets of conditions without forms, any number together."""
    return list_sets(tuple((name,) for name in conditions))


def network_sets(network: Network) -> CauseSets:
    """The sets of causes of a network."""
    return list_sets(tuple(each.causes for each in network.conditions.values()), limit_of(network))


def limit_of(network: Network) -> int | None:
    """How many conditions of a network may be the cause together; None where all of them may."""
    most = network.most_causes
    return most if most is not None and most < len(network.conditions) else None


@lru_cache(maxsize=MOST_KEPT)
def list_sets(
    causes: tuple[tuple[str, ...], ...],
    most: int | None = None,
    order: tuple[int, ...] | None = None,
    split: int | None = None,
) -> CauseSets:
    """The sets of some conditions, at most so many together.

    Args:
        causes: by condition the ids of its forms; its own id alone where it has none.
        most: how many conditions a set holds at most; None for any number.
        order: in which order conditions are taken; theirs where left out.
        split: how many of them make the first half; a half of them where left out.
    """
    order = tuple(range(len(causes))) if order is None else order
    forms = tuple(len(causes[condition]) for condition in order)
    split = len(order) // 2 if split is None else split
    names = tuple(name for condition in order for name in causes[condition])
    return CauseSets(names, order, forms, most, _half(forms[:split], most), _half(forms[split:], most))


def _half(forms: Sequence[int], most: int | None) -> Half:
    condition_of = np.repeat(np.arange(len(forms)), forms)
    if most is None:
        causes, steps = _by_digits(forms), tuple(_steps_by_digits(forms))
        ends: tuple[int, ...] = (len(causes),)
    else:
        by_size = [_of_size(condition_of, size) for size in range(min(most, len(forms)) + 1)]
        ends = tuple(accumulate(map(len, by_size)))
        causes, steps = np.vstack(by_size), tuple(_steps_by_size(by_size))
    in_condition = (condition_of[:, None] == np.arange(len(forms))).astype(np.float64)
    conditions = causes if len(condition_of) == len(forms) else causes @ in_condition
    with_ones = np.column_stack([np.ones(len(causes)), causes])
    return Half(
        with_ones, with_ones if conditions is causes else np.column_stack([with_ones[:, 0], conditions]), ends, steps
    )


def _by_digits(forms: Sequence[int]) -> Vector:
    """All sets, shape (sets, causes): the last condition changes fastest, first absent, then in each of its forms."""
    radices = [1 + number for number in forms]
    numbers = np.arange(math.prod(radices))
    columns: list[Vector] = []
    for place, radix in enumerate(radices):
        digit = numbers // math.prod(radices[place + 1 :]) % radix
        columns += [(digit == form).astype(np.float64) for form in range(1, radix)]
    return np.array(columns).reshape(-1, len(numbers)).T


def _steps_by_digits(forms: Sequence[int]) -> Iterator[SetStep]:
    cause, sets = sum(forms), 1
    for number in reversed(forms):
        cause -= number
        for form in range(number):
            yield SetStep(slice((form + 1) * sets, (form + 2) * sets), slice(0, sets), cause + form)
        sets *= 1 + number


def _of_size(condition_of: Integers, size: int) -> Vector:
    """The sets of so many causes, no two of the same condition, shape (sets, causes)."""
    every = list(combinations(range(len(condition_of)), size))
    chosen = np.array(every, np.intp).reshape(len(every), size)
    conditions = condition_of[chosen]
    chosen = chosen[(np.diff(conditions, axis=1) > 0).all(axis=1)]
    sets = np.zeros((len(chosen), len(condition_of)))
    np.put_along_axis(sets, chosen, 1.0, axis=1)
    return sets


def _steps_by_size(by_size: Sequence[Vector]) -> Iterator[SetStep]:
    start = len(by_size[0])
    for smaller, larger in pairwise(by_size):
        first = larger.argmax(axis=1)
        rest = larger.copy()
        rest[np.arange(len(rest)), first] = 0.0
        number = {row.tobytes(): place for place, row in enumerate(smaller)}
        places = np.array([number[row.tobytes()] for row in rest], np.intp)
        yield SetStep(slice(start, start + len(larger)), start - len(smaller) + places, first)
        start += len(larger)


# --- many draws -----------------------------------------------------------------------------------------------------


def products_of_draws(sets: CauseSets, factors: Vector, start: Vector) -> Vector:
    """start times the product of factors over each set: (causes, draws) and (draws,) to (sets, draws)."""
    first, second = _by_half(sets, factors, np.multiply, start)
    return sets.outer_of_draws(first, second, np.multiply)


def sums_of_draws(sets: CauseSets, terms: Vector) -> Vector:
    """The sum of terms over each set: (causes, draws) to (sets, draws)."""
    first, second = _by_half(sets, terms, np.add, np.zeros(terms.shape[1]))
    return sets.outer_of_draws(first, second, np.add)


def _by_half(sets: CauseSets, terms: Vector, operation: np.ufunc, start: Vector) -> tuple[Vector, Vector]:
    """The start and the terms of each set's causes, operated together, for the sets of either half."""
    half = sets.first.causes.shape[1] - 1
    nothing = np.full_like(start, operation.identity)
    return _of_half(sets.first, terms[:half], operation, start), _of_half(sets.second, terms[half:], operation, nothing)


def _of_half(half: Half, terms: Vector, operation: np.ufunc, start: Vector) -> Vector:
    """A set is a smaller one and a cause more, so each takes one operation."""
    made = np.empty((len(half.causes), len(start)))
    made[0] = start
    for step in half.steps:
        made[step.sets] = operation(made[step.smaller], terms[step.causes])
    return made
