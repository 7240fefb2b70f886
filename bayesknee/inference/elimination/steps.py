"""The steps of an elimination on one running table, each with its transpose for the backward pass.

The table x is the forward message: the weight of each combination of states of its axes. It has an axis of length 2 for
each *effect* (a finding or sign that is present or unsure) that a later condition may bring about. The axis says
whether the conditions so far have already brought the effect about. Further axes are for conditions and risk factors
that later steps depend on, and the last one is for the patients of the run. Each step is linear in x with numbers of 0
or more, so there is no cancellation. The transposed steps of a backward pass give g, the backward message. The product
of x and g is the joint with the evidence.

A node may depend on axes (its *scope*). Its numbers then have the shape (scope..., patients). Numbers may be complex,
for derivatives by a complex step. Comparisons and scale factors then use the real part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from bayesknee.arrays import TINY, Vector

Places: TypeAlias = tuple[int, ...]


class Alone(NamedTuple):
    """P(absent, local evidence) and P(present, local evidence) of a condition given its scope.

    Local evidence is what bears on the condition alone: absent findings, and answers about the condition.
    """

    no: Vector
    yes: Vector


class PatientNumbers(Protocol):
    """The numbers of patients that the steps take, by the names in the steps."""

    def start(self, name: int) -> Vector:
        """The states of a new axis, shape (states, scope..., patients)."""

    def pair(self, condition: int) -> Alone: ...
    def chance(self, condition: int, effect: int) -> Vector:
        """The probability q that a condition, if present, brings the effect about; shape () or (patients,)."""

    def crowd(self, name: int) -> Crowd: ...
    def weights(self, effect: int) -> Vector:
        """P(answers | effect absent) and P(answers | effect present), shape (2, patients)."""


class Tally(Protocol):
    """Takes the weights of absent and present from the backward pass, which need not sum to 1."""

    def condition(self, number: int, weights: Vector) -> None:
        """Of one condition, shape (2, scope..., patients)."""

    def crowd(self, name: int, weights: Vector) -> None:
        """Of the crowd's two outcomes, shape (2, scope..., patients)."""

    def effect(self, number: int, weights: Vector) -> None:
        """Of one effect, shape (2, patients)."""

    def axis(self, name: int, weights: Vector) -> None:
        """Of the states of an axis, shape (states, scope..., patients)."""


class EliminationStep(Protocol):
    """A step of the elimination."""

    def forward(self, x: Vector, numbers: PatientNumbers, /) -> Vector: ...
    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally, /) -> Vector:
        """g before the step from g after it; x is the table before the step. Puts weights into the tally."""


def spread(table: Vector, places: Places, ndim: int) -> Vector:
    """A table of shape (scope..., patients), broadcastable to x of `ndim` axes; `places` has the scope's axes in x."""
    if not places:
        return table
    order = np.argsort(places)
    shape = [1] * (ndim - 1)
    for axis in order:
        shape[places[axis]] = table.shape[axis]
    return table.transpose((*order, len(places))).reshape((*shape, table.shape[-1]))


def gathered(table: Vector, places: Places) -> Vector:
    """The sum over all axes except those of the scope and the last; shape (scope..., patients)."""
    rest = tuple(axis for axis in range(table.ndim - 1) if axis not in places)
    left = np.add.reduce(table, axis=rest) if rest else table
    kept = sorted(places)
    return left.transpose((*(kept.index(place) for place in places), len(places)))


def part(ndim: int, places: Iterable[tuple[int, int]]) -> tuple[slice | int, ...]:
    """The index of the part of a table in which the axes of `places` are in given states."""
    index: list[slice | int] = [slice(None)] * ndim
    for place, state in places:
        index[place] = state
    return tuple(index)


def explain(x: Vector, places: Sequence[tuple[int, int]], effect: int, q: Vector) -> None:
    """A condition brings an effect about with probability q, in place, in the part of x that `places` selects."""
    absent, present = (part(x.ndim, [*places, (effect, state)]) for state in (0, 1))
    x[present] += q * x[absent]
    x[absent] *= 1.0 - q


def explain_back(g: Vector, places: Sequence[tuple[int, int]], effect: int, q: Vector) -> None:
    """The transpose of `explain`, in place."""
    absent, present = (part(g.ndim, [*places, (effect, state)]) for state in (0, 1))
    g[absent] *= 1.0 - q
    g[absent] += q * g[present]


@dataclass(frozen=True)
class Begin:
    """Adds an axis, in front."""

    name: int
    scope: Places = ()

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        start = numbers.start(self.name)
        return np.stack([x * spread(weights, self.scope, x.ndim) for weights in start])

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        start = numbers.start(self.name)
        tally.axis(self.name, np.stack([gathered(x * layer, self.scope) for layer in g]) * start)
        before = np.zeros_like(x)
        for weights, layer in zip(start, g, strict=True):
            before += spread(weights, self.scope, x.ndim) * layer
        return before


@dataclass(frozen=True)
class Absorb:
    """Sums a condition out without an axis: x becomes no * x + yes * (x after the condition explains its effects)."""

    condition: int
    scope: Places
    effects: tuple[tuple[int, int], ...]

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        no, yes = (spread(table, self.scope, x.ndim) for table in numbers.pair(self.condition))
        after = x * yes
        for name, place in self.effects:
            explain(after, (), place, numbers.chance(self.condition, name))
        after += x * no
        return after

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        no, yes = (spread(table, self.scope, x.ndim) for table in numbers.pair(self.condition))
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
    """Sums a crowd out in closed form: conditions of one scope that touch the same single effect, or no effect."""

    name: int
    scope: Places
    effect: int | None

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        crowd = numbers.crowd(self.name)
        nothing, something = (spread(table, self.scope, x.ndim) for table in (crowd.nothing, crowd.something))
        if self.effect is None:
            return np.asarray(x * nothing)
        absent, present = (part(x.ndim, [(self.effect, state)]) for state in (0, 1))
        nothing, something = (_without(self.effect, table) for table in (nothing, something))
        after = np.empty_like(x)
        after[absent] = x[absent] * nothing
        after[present] = x[present] * (nothing + something) + x[absent] * something
        return after

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        crowd = numbers.crowd(self.name)
        nothing, something = (spread(table, self.scope, x.ndim) for table in (crowd.nothing, crowd.something))
        if self.effect is None:
            weight = gathered(x * g, self.scope)
            tally.crowd(self.name, np.stack([weight, weight]))
            return np.asarray(g * nothing)
        absent, present = (part(x.ndim, [(self.effect, state)]) for state in (0, 1))
        scope = tuple(place - (place > self.effect) for place in self.scope)
        still, fired = x[absent] * g[absent], (x[absent] + x[present]) * g[present]
        still += x[present] * g[present]
        tally.crowd(self.name, np.stack([gathered(still, scope), gathered(fired, scope)]))
        nothing, something = (_without(self.effect, table) for table in (nothing, something))
        before = np.empty_like(x)
        before[absent] = g[absent] * nothing + g[present] * something
        before[present] = g[present] * (nothing + something)
        return before


@dataclass(frozen=True)
class Explain:
    """Conditions with an axis bring effects about.

    Attributes:
        pairs: of each link: condition, place of its axis, effect, place of its axis.
    """

    pairs: tuple[tuple[int, int, int, int], ...]

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        after = x.copy()
        for condition, axis, effect, place in self.pairs:
            explain(after, [(axis, 1)], place, numbers.chance(condition, effect))
        return after

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        del x, tally
        before = g.copy()
        for condition, axis, effect, place in self.pairs[::-1]:
            explain_back(before, [(axis, 1)], place, numbers.chance(condition, effect))
        return before


@dataclass(frozen=True)
class Observe:
    """Sums an effect out, weighted by the likelihoods of its absence and presence."""

    effect: int
    place: int

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        absent, present = numbers.weights(self.effect)
        return np.asarray(x[part(x.ndim, [(self.place, 0)])] * absent + x[part(x.ndim, [(self.place, 1)])] * present)

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        weights = numbers.weights(self.effect)
        sides = [x[part(x.ndim, [(self.place, state)])] * g for state in (0, 1)]
        tally.effect(self.effect, np.stack([gathered(side, ()) for side in sides]) * weights)
        return np.stack([g * weight for weight in weights], axis=self.place)


@dataclass(frozen=True)
class End:
    """Sums out the axis of a condition or risk factor."""

    place: int

    def forward(self, x: Vector, numbers: PatientNumbers) -> Vector:
        del numbers
        return np.asarray(np.add.reduce(x, axis=self.place))

    def backward(self, x: Vector, g: Vector, numbers: PatientNumbers, tally: Tally) -> Vector:
        del numbers, tally
        return np.repeat(np.expand_dims(g, self.place), x.shape[self.place], axis=self.place)


def _without(place: int, table: Vector) -> Vector:
    """A table from `spread`, without an axis of length 1."""
    return np.take(table, 0, place) if table.ndim > 1 else table


def _product(x: Vector, g: Vector, scope: Places) -> Vector:
    """The sum of x * g for each state of the scope and each patient."""
    if scope:
        return gathered(x * g, scope)
    return np.asarray(np.einsum("ij,ij->j", x.reshape(-1, x.shape[-1]), g.reshape(-1, g.shape[-1])))


@dataclass(frozen=True)
class Crowd:
    """Conditions of one scope that touch the same single effect, or no effect; independent given the scope.

    Attributes:
        members: their numbers.
        no, yes: as in `Alone`, shape (members, scope..., patients).
        q: P(member brings the effect about | member present), shape (members, 1 or patients).
        nothing: P(local evidence, no member brings it about), shape (scope..., patients), scaled by `log_scale`.
        something: P(local evidence, a member brings it about), likewise.
        log_scale: log of the scale factor, shape (patients,).
        log_fails: log P(member does not bring it about | local evidence), shape (members, scope..., patients); 0 if
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
        """The crowd, with the product over its members computed in logs."""
        log_either = log(no + yes).sum(axis=0)
        log_fails = _log_fail(no, yes, q) if q.any() else np.zeros((1, *no.shape[1:]))
        log_none = log_fails.sum(axis=0)
        log_scale = log_either.real.max(axis=tuple(range(log_either.ndim - 1)))
        log_scale = np.where(np.isneginf(log_scale), 0.0, log_scale)
        either = np.exp(log_either - log_scale)
        nothing, something = either * np.exp(log_none), -either * expm1(log_none)
        return Crowd(members, no, yes, q, nothing, something, log_scale, log_fails)

    def present(self, weights: Vector) -> Vector:
        """P(member present | evidence), shape (members, patients).

        Args:
            weights: of the outcomes "nothing" and "something", shape (2, scope..., patients).
        """
        present, total = self._joint(weights, self.yes)
        scope = tuple(range(total.ndim - 1))
        return np.asarray(present.sum(axis=tuple(axis + 1 for axis in scope)) / total.sum(axis=scope))

    def chances(self, weights: Vector) -> Vector:
        """P(member absent or present | evidence), shape (members, 2, patients); weights as for `present`."""
        families = self.families(weights)
        return np.asarray(families.sum(axis=tuple(range(2, families.ndim - 1))))

    def families(self, weights: Vector) -> Vector:
        """P(member absent or present, scope | evidence), shape (members, 2, scope..., patients); same weights."""
        absent, total = self._joint(weights, self.no)
        present, _ = self._joint(weights, self.yes)
        return np.asarray(np.stack([absent, present], axis=1) / total.sum(axis=tuple(range(total.ndim - 1))))

    def _joint(self, weights: Vector, side: Vector) -> tuple[Vector, Vector]:
        """The joint weight of a member's state and the scope, shape (members, scope..., patients), and of the scope.

        Args:
            weights: of the outcomes, as for `present`.
            side: `no` or `yes`, for the state.
        """
        still, fired = weights
        share = side / np.maximum(self.no + self.yes, TINY)
        if not self.q.any():
            return share * still * self.nothing, self.nothing * still
        others = self.log_fails.sum(axis=0) - self.log_fails  # log P(no other member brings it about)
        others = np.minimum(others, 0.0)
        q = _over_scope(self.q, still.ndim + 1) if side is self.yes else np.zeros(())
        fails, brings = (1.0 - q) * np.exp(others), q - (1.0 - q) * expm1(others)
        here = share * (fails * still + brings * fired) * (self.nothing + self.something)
        return here, self.nothing * still + self.something * fired


def _over_scope(q: Vector, ndim: int) -> Vector:
    """q with axes of length 1 for the scope, shape (members, 1..., patients)."""
    return q.reshape(len(q), *[1] * (ndim - 2), q.shape[-1])


def _log_fail(no: Vector, yes: Vector, q: Vector) -> Vector:
    """log P(member does not bring it about | local evidence), shape (members, scope..., patients)."""
    either = np.maximum(no + yes, TINY)
    q = _over_scope(q, no.ndim)
    fails = no / either + yes / either * (1.0 - q)
    brings = yes / either * q
    # 1 - brings loses the digits of a small `brings`, which log1p keeps; `fails` is a sum without cancellation
    with np.errstate(divide="ignore"):
        return np.where(brings.real < 0.5, log1p(-np.minimum(brings, 0.5)), log(np.maximum(fails, TINY)))


# --- functions of real numbers, or of complex steps to first order --------------------------------------------------


def log1p(x: Vector) -> Vector:
    """log(1 + x). numpy's loses the digits of a small complex x."""
    return np.log1p(x) if np.isrealobj(x) else _first_order(x, np.log1p(x.real), 1.0 / (1.0 + x.real))


def expm1(x: Vector) -> Vector:
    """exp(x) - 1. numpy's loses the digits of a small complex x."""
    return np.expm1(x) if np.isrealobj(x) else _first_order(x, np.expm1(x.real), np.exp(x.real))


def log(x: Vector) -> Vector:
    """The natural logarithm, minus infinity for 0; for complex x quicker than numpy's."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.log(x) if np.isrealobj(x) else _first_order(x, np.log(x.real), 1.0 / x.real)


def _first_order(x: Vector, value: Vector, slope: Vector) -> Vector:
    """A function at a complex step x: its value at the real part, and its slope times the imaginary part."""
    made = np.empty_like(x)
    made.real, made.imag = value, x.imag * slope
    return made
