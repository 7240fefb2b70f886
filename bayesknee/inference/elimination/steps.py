"""Steps on one running table, each with its reverse: the sum over what is explained so far.

The table x has an axis of length 2 for each *effect* (a finding or sign that is present or unsure) which some
condition may yet explain: is it there, from what was gone through so far? Others are for conditions and risk factors
that later steps depend on, and the last one for patients who are gone through together. Every step is linear in x with
numbers of 0 or more, so nothing cancels. A backward pass with the transposed steps gives g, the weight of what is still
to come, and the product of x and g is the posterior at that place.

Where a step takes the numbers of a node that depends on axes (its *scope*), their shape is (scope..., patients).
Numbers may be complex, for derivatives by a complex step; what is compared or divided by is then the real part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from bayesknee.arrays import Vector

Places: TypeAlias = tuple[int, ...]

TINY: Final = 1e-300


class Alone(NamedTuple):
    """What is known of a condition by itself, given its scope: P(absent, own evidence) and P(present, own evidence)."""

    no: Vector
    yes: Vector


class Numbers(Protocol):
    """The numbers that a plan is run with, by the names that its steps bear."""

    def start(self, name: int) -> Vector:
        """The states of a new axis, shape (states, scope..., patients)."""

    def pair(self, condition: int) -> Alone: ...
    def chance(self, condition: int, effect: int) -> Vector:
        """The probability q that a condition, if present, brings the effect about; shape () or (patients,)."""

    def crowd(self, name: int) -> Crowd: ...
    def weights(self, effect: int) -> Vector:
        """P(answers | effect absent) and P(answers | effect present), shape (2, patients)."""


class Tally(Protocol):
    """Takes what the backward pass finds out: weights of absent and present, which need not sum to 1."""

    def condition(self, number: int, weights: Vector) -> None:
        """Of one condition, shape (2, scope..., patients)."""

    def crowd(self, name: int, weights: Vector) -> None:
        """Of the crowd's two outcomes, shape (2, scope..., patients)."""

    def effect(self, number: int, weights: Vector) -> None:
        """Of one effect, shape (2, patients)."""

    def axis(self, name: int, weights: Vector) -> None:
        """Of the states of an axis, shape (states, scope..., patients)."""


class EliminationStep(Protocol):
    """One step."""

    def forward(self, x: Vector, numbers: Numbers, /) -> Vector: ...
    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally, /) -> Vector:
        """g before the step from g after it; x is the table before it."""


def spread(table: Vector, places: Places, ndim: int) -> Vector:
    """A table of shape (scope..., patients) with the axes of x: `places` tells where x has those of the scope."""
    if not places:
        return table
    order = np.argsort(places)
    shape = [1] * (ndim - 1)
    for axis in order:
        shape[places[axis]] = table.shape[axis]
    return table.transpose((*order, len(places))).reshape((*shape, table.shape[-1]))


def gathered(table: Vector, places: Places) -> Vector:
    """The sum over all axes but those of the scope and the last; the scope's in its own order."""
    rest = tuple(axis for axis in range(table.ndim - 1) if axis not in places)
    left = np.add.reduce(table, axis=rest) if rest else table
    kept = sorted(places)
    return left.transpose((*(kept.index(place) for place in places), len(places)))


def part(ndim: int, places: Iterable[tuple[int, int]]) -> tuple[slice | int, ...]:
    """The index of the part of a table where some axes are in given states."""
    index: list[slice | int] = [slice(None)] * ndim
    for place, state in places:
        index[place] = state
    return tuple(index)


def explain(x: Vector, places: Sequence[tuple[int, int]], effect: int, q: Vector) -> None:
    """Lets a condition bring an effect about, in place, in the part of x where it is present."""
    absent, present = (part(x.ndim, [*places, (effect, state)]) for state in (0, 1))
    x[present] += q * x[absent]
    x[absent] *= 1.0 - q


def explain_back(g: Vector, places: Sequence[tuple[int, int]], effect: int, q: Vector) -> None:
    """The transposed of `explain`, in place."""
    absent, present = (part(g.ndim, [*places, (effect, state)]) for state in (0, 1))
    g[absent] *= 1.0 - q
    g[absent] += q * g[present]


@dataclass(frozen=True)
class Begin:
    """A new axis, in front."""

    name: int
    scope: Places = ()

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        start = numbers.start(self.name)
        return np.stack([x * spread(each, self.scope, x.ndim) for each in start])

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        start = numbers.start(self.name)
        tally.axis(self.name, np.stack([gathered(x * each, self.scope) for each in g]) * start)
        before = np.zeros_like(x)
        for own, each in zip(start, g, strict=True):
            before += spread(own, self.scope, x.ndim) * each
        return before


@dataclass(frozen=True)
class Absorb:
    """A condition, summed out at once: x becomes no * x + yes * (x once the condition explained its effects)."""

    condition: int
    scope: Places
    effects: tuple[tuple[int, int], ...]

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        no, yes = (spread(each, self.scope, x.ndim) for each in numbers.pair(self.condition))
        after = x * yes
        for name, place in self.effects:
            explain(after, (), place, numbers.chance(self.condition, name))
        after += x * no
        return after

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        no, yes = (spread(each, self.scope, x.ndim) for each in numbers.pair(self.condition))
        explained = g.copy()
        for name, place in self.effects:
            explain_back(explained, (), place, numbers.chance(self.condition, name))
        explained *= yes
        before = g * no
        tally.condition(self.condition, np.stack([_product(x, before, self.scope), _product(x, explained, self.scope)]))
        before += explained
        return before


@dataclass(frozen=True)
class Join:
    """A crowd: all conditions of one scope that touch the same single effect or none, in closed form."""

    name: int
    scope: Places
    effect: int | None

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        crowd = numbers.crowd(self.name)
        nothing, something = (spread(each, self.scope, x.ndim) for each in (crowd.nothing, crowd.something))
        if self.effect is None:
            return np.asarray(x * nothing)
        absent, present = (part(x.ndim, [(self.effect, state)]) for state in (0, 1))
        nothing, something = (_without(self.effect, each) for each in (nothing, something))
        after = np.empty_like(x)
        after[absent] = x[absent] * nothing
        after[present] = x[present] * (nothing + something) + x[absent] * something
        return after

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        crowd = numbers.crowd(self.name)
        nothing, something = (spread(each, self.scope, x.ndim) for each in (crowd.nothing, crowd.something))
        if self.effect is None:
            own = gathered(x * g, self.scope)
            tally.crowd(self.name, np.stack([own, own]))
            return np.asarray(g * nothing)
        absent, present = (part(x.ndim, [(self.effect, state)]) for state in (0, 1))
        scope = tuple(place - (place > self.effect) for place in self.scope)
        still, fired = x[absent] * g[absent], (x[absent] + x[present]) * g[present]
        still += x[present] * g[present]
        tally.crowd(self.name, np.stack([gathered(still, scope), gathered(fired, scope)]))
        nothing, something = (_without(self.effect, each) for each in (nothing, something))
        before = np.empty_like(x)
        before[absent] = g[absent] * nothing + g[present] * something
        before[present] = g[present] * (nothing + something)
        return before


@dataclass(frozen=True)
class Explain:
    """Conditions that have an axis bring effects about.

    Attributes:
        pairs: condition and the place of its axis, effect and the place of its axis.
    """

    pairs: tuple[tuple[int, int, int, int], ...]

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        after = x.copy()
        for condition, own, effect, place in self.pairs:
            explain(after, [(own, 1)], place, numbers.chance(condition, effect))
        return after

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        del x, tally
        before = g.copy()
        for condition, own, effect, place in self.pairs[::-1]:
            explain_back(before, [(own, 1)], place, numbers.chance(condition, effect))
        return before


@dataclass(frozen=True)
class Observe:
    """The end of an effect: the answers say how likely its absence and presence are."""

    effect: int
    place: int

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        absent, present = numbers.weights(self.effect)
        return np.asarray(x[part(x.ndim, [(self.place, 0)])] * absent + x[part(x.ndim, [(self.place, 1)])] * present)

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        weights = numbers.weights(self.effect)
        sides = [x[part(x.ndim, [(self.place, state)])] * g for state in (0, 1)]
        tally.effect(self.effect, np.stack([gathered(each, ()) for each in sides]) * weights)
        return np.stack([g * each for each in weights], axis=self.place)


@dataclass(frozen=True)
class End:
    """The end of a condition or risk factor that has an axis: summed out."""

    place: int

    def forward(self, x: Vector, numbers: Numbers) -> Vector:
        del numbers
        return np.asarray(np.add.reduce(x, axis=self.place))

    def backward(self, x: Vector, g: Vector, numbers: Numbers, tally: Tally) -> Vector:
        del numbers, tally
        return np.repeat(np.expand_dims(g, self.place), x.shape[self.place], axis=self.place)


def _without(place: int, table: Vector) -> Vector:
    """A table as `spread` makes them, without an axis that is not of its scope."""
    return np.take(table, 0, place) if table.ndim > 1 else table


def _product(x: Vector, g: Vector, scope: Places) -> Vector:
    """The sum of x * g for each state of the scope and each patient."""
    if scope:
        return gathered(x * g, scope)
    return np.asarray(np.einsum("ij,ij->j", x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])))


@dataclass(frozen=True)
class Crowd:
    """Conditions of one scope that touch the same single effect, or none; independent given the scope.

    Attributes:
        members: their numbers.
        no, yes: as in `Alone`, shape (members, scope..., patients).
        q: the probability that each of them, if present, brings the effect about, shape (members, 1 or patients).
        nothing: P(own evidence, none of them brings it about) over the scope, up to `log_scale`.
        something: the same, at least one of them does.
        log_scale: shape (patients,).
        log_fails: log P(member does not bring it about | own evidence), shape (members, scope..., patients); 0 where
            the crowd touches no effect.
    """

    members: tuple[int, ...]
    no: Vector
    yes: Vector
    q: Vector
    nothing: Vector
    something: Vector
    log_scale: Vector
    log_fails: Vector

    @staticmethod
    def of(members: tuple[int, ...], no: Vector, yes: Vector, q: Vector) -> Crowd:
        """The product over the members, by way of logs."""
        log_either = log(no + yes).sum(axis=0)
        log_fails = _log_fail(no, yes, q) if q.any() else np.zeros((1, *no.shape[1:]))
        log_none = log_fails.sum(axis=0)
        log_scale = log_either.real.max(axis=tuple(range(log_either.ndim - 1)))
        log_scale = np.where(np.isneginf(log_scale), 0.0, log_scale)
        either = np.exp(log_either - log_scale)
        nothing, something = either * np.exp(log_none), -either * expm1(log_none)
        return Crowd(members, no, yes, q, nothing, something, log_scale, log_fails)

    def present(self, weights: Vector) -> Vector:
        """P(member | all), shape (members, patients).

        Args:
            weights: of both outcomes, shape (2, scope..., patients).
        """
        present, whole = self._joint(weights, self.yes)
        scope = tuple(range(whole.ndim - 1))
        return np.asarray(present.sum(axis=tuple(axis + 1 for axis in scope)) / whole.sum(axis=scope))

    def chances(self, weights: Vector) -> Vector:
        """P(member absent or present | all), shape (members, 2, patients), with the same weights."""
        families = self.families(weights)
        return np.asarray(families.sum(axis=tuple(range(2, families.ndim - 1))))

    def families(self, weights: Vector) -> Vector:
        """P(member absent or present, scope | all), shape (members, 2, scope..., patients), with the same weights."""
        absent, whole = self._joint(weights, self.no)
        present, _ = self._joint(weights, self.yes)
        return np.asarray(np.stack([absent, present], axis=1) / whole.sum(axis=tuple(range(whole.ndim - 1))))

    def _joint(self, weights: Vector, own: Vector) -> tuple[Vector, Vector]:
        """The weight of each member's state with the scope, shape (members, scope..., patients), and of the scope.

        Args:
            weights: of both outcomes.
            own: `no` or `yes`, for the state.
        """
        still, fired = weights
        share = own / np.maximum(self.no + self.yes, TINY)
        if not self.q.any():
            return share * still * self.nothing, self.nothing * still
        others = self.log_fails.sum(axis=0) - self.log_fails  # log P(none of the others brings it about)
        others = np.minimum(others, 0.0)
        q = _over_scope(self.q, still.ndim + 1) if own is self.yes else np.zeros(())
        fails, brings = (1.0 - q) * np.exp(others), q - (1.0 - q) * expm1(others)
        here = share * (fails * still + brings * fired) * (self.nothing + self.something)
        return here, self.nothing * still + self.something * fired


def _over_scope(q: Vector, ndim: int) -> Vector:
    """Of shape (members, patients), with axes for the scope."""
    return q.reshape(len(q), *[1] * (ndim - 2), q.shape[-1])


def _log_fail(no: Vector, yes: Vector, q: Vector) -> Vector:
    """log P(member does not bring it about | own evidence), shape (members, scope..., patients)."""
    either = np.maximum(no + yes, TINY)
    q = _over_scope(q, no.ndim)
    fails = no / either + yes / either * (1.0 - q)
    brings = yes / either * q
    with np.errstate(divide="ignore"):
        return np.where(brings.real < 0.5, log1p(-np.minimum(brings, 0.5)), log(np.maximum(fails, TINY)))


# --- of numbers, or of a complex step, to first order ---------------------------------------------------------------


def log1p(x: Vector) -> Vector:
    """log(1 + x), where numpy's loses the digits of a small complex number."""
    return np.log1p(x) if np.isrealobj(x) else _first_order(x, np.log1p(x.real), 1.0 / (1.0 + x.real))


def expm1(x: Vector) -> Vector:
    """exp(x) - 1, likewise."""
    return np.expm1(x) if np.isrealobj(x) else _first_order(x, np.expm1(x.real), np.exp(x.real))


def log(x: Vector) -> Vector:
    """The logarithm, minus infinity for 0; quicker than numpy's."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.log(x) if np.isrealobj(x) else _first_order(x, np.log(x.real), 1.0 / x.real)


def _first_order(x: Vector, value: Vector, slope: Vector) -> Vector:
    """The value of a function at x, and its slope times the step."""
    made = np.empty_like(x)
    made.real, made.imag = value, x.imag * slope
    return made
