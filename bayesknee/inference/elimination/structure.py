"""What patients of one run have in common: the shape of their elimination, and tables without findings.

These patients have the same answers about risk factors, the same conditions known for certain, and the same effects
that are present or unsure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.mixtures import mixings
from bayesknee.inference.elimination.network_arrays import NetworkArrays, NoisyOrNode
from bayesknee.inference.elimination.order import Bundle, Shape
from bayesknee.inference.elimination.steps import Alone, expm1
from bayesknee.inference.prior.factors import Factor, FactorScope
from bayesknee.patient.evidence import Likelihood

# Arrays over the members of a crowd and its scope: three are kept, and of the run without a group as many again.
CROWD_ARRAYS: Final = 6
CROWD_WORK: Final = 8  # more of them are in use while the largest crowd is made


class Common(NamedTuple):
    """The evidence that the patients of one structure share.

    Attributes:
        risk_factors: ids with likelihoods.
        settled: conditions with a known state, as pairs of number and state.
        effects: numbers of the effects to eliminate, ascending, including those of answered mixtures.
        mixtures: ids of answered mixtures, with a likelihood for each state.
        raised: id of a mixture whose weights divide once more, for derivatives; empty if there is none.
    """

    risk_factors: tuple[tuple[str, Likelihood], ...]
    settled: tuple[tuple[int, int], ...]
    effects: tuple[int, ...]
    mixtures: tuple[tuple[str, Likelihood], ...] = ()
    raised: str = ""


class Structure:
    """The shape of the elimination, and the tables.

    Attributes:
        model: the arrays of the network.
        common: the evidence that the patients share.
        mixings: the answered mixtures, grouped by their weights.
        block_weights: P(state, evidence) by block of risk factors, shape (states, draws).
        log_scale: log of the factor of P(evidence) from risk factors that are not eliminated, shape (draws,).
    """

    def __init__(self, model: NetworkArrays, common: Common) -> None:
        self.model = model
        self.common = common
        self.mixings = tuple(mixings(model, common.mixtures, common.raised))
        self.block_weights = model.block_weights(dict(common.risk_factors))
        self.block_weights |= {mixing.number: mixing.states for mixing in self.mixings}
        self.log_scale = sum(self._logs_of_the_rest(), np.zeros(1))

    @cached_property
    def pairs(self) -> Mapping[int, tuple[FactorScope, Alone]]:
        """The scope of each condition that has one, and P(absent) and P(present) given it, by number."""
        if not self.mixings:
            return self.pairs_before_mixing
        return {c: self._mixed(c) for c in range(self.model.n)}

    def _mixed(self, c: int) -> tuple[FactorScope, Alone]:
        p = self.model.simple[c]
        scope, (no, yes) = self.pairs_before_mixing.get(c, ((), Alone(1.0 - p, p)))
        for mixing in self.mixings:
            scope, no, yes = (*scope, mixing.number), no[..., None, :], yes[..., None, :] * mixing.tilt(c)
        return scope, Alone(np.broadcast_to(no, yes.shape), yes)

    @cached_property
    def pairs_before_mixing(self) -> Mapping[int, tuple[FactorScope, Alone]]:
        """As `pairs`, without the variables of mixtures, for each condition that has parents."""
        return {c: self._pair(c, self.factor(c)) for c in self.model.factors}

    @cached_property
    def of_mixtures(self) -> Mapping[int, NoisyOrNode]:
        """The effects of answered mixtures, by number."""
        return {number: effect for mixing in self.mixings for number, effect in mixing.effects.items()}

    def observed_of_mixtures(self, patients: int) -> dict[int, Vector]:
        """The weights of the effects of mixtures, which are present because there is an answer; shape (2, patients)."""
        scales = {number: scale for mixing in self.mixings for number, scale in mixing.scales.items()}
        return {number: np.outer([0.0, scale], np.ones(patients)) for number, scale in scales.items()}

    def effect(self, number: int) -> NoisyOrNode:
        """The effect with that number."""
        return self.of_mixtures[number] if number in self.of_mixtures else self.model.effect_of[number]

    @cached_property
    def starts(self) -> Mapping[int, Vector]:
        """P(absent) and P(present) without any condition, by number, of effects whose leak depends on a variable."""
        return {number: start for mixing in self.mixings for number, start in mixing.starts.items()}

    @cached_property
    def settled(self) -> dict[int, int | slice]:
        """The known states of blocks of risk factors and of conditions, by number."""
        states = {number: np.flatnonzero(weights.any(axis=1)) for number, weights in self.block_weights.items()}
        known: dict[int, int | slice] = {
            number: int(possible[0]) for number, possible in states.items() if len(possible) == 1
        }
        return known | dict(self.common.settled)

    def factor(self, c: int) -> Factor:
        """P(c | parents) of a condition with parents, with known states of parents put in."""
        return self.model.factors[c].cut({name: state for name, state in self.settled.items() if name != c})

    def private(self, c: int) -> int | None:
        """The block of risk factors that touches this condition alone, if its state is not known."""
        block = self.model.parents.private_blocks[c]
        return block if block is not None and block not in self.settled else None

    def _pair(self, c: int, factor: Factor) -> tuple[FactorScope, Alone]:
        private = self.private(c)
        table = np.moveaxis(factor.table, factor.variables.index(c), 0)
        scope = tuple(variable for variable in factor.variables if variable != c)
        if private in scope:
            axis = scope.index(private)
            table = np.einsum("...sd,sd->...d", np.moveaxis(table, axis + 1, -2), self.block_weights[private])
            scope = tuple(variable for variable in scope if variable != private)
        no, yes = table
        return scope, Alone(no, yes)

    @cached_property
    def scopes(self) -> Mapping[int, FactorScope]:
        """As the first of `pairs`, told without making a table: several mixtures make tables too large for memory."""
        mixed = tuple(mixing.number for mixing in self.mixings)
        found = {c: self._scope_before_mixing(c) for c in self.model.factors}
        return {c: (*found.get(c, ()), *mixed) for c in range(self.model.n)} if mixed else found

    def _scope_before_mixing(self, c: int) -> FactorScope:
        left_out = {c, self.private(c), *self.settled} - {None}
        return tuple(variable for variable in self.model.factors[c].variables if variable not in left_out)

    def scope(self, c: int) -> FactorScope:
        """The variables that a condition depends on, except known ones and its private block."""
        return self.scopes.get(c, ())

    @cached_property
    def kept_numbers(self) -> int:
        """How many numbers `pairs` holds, beside those of conditions without a scope."""
        return sum(2 * self._combinations(scope) for scope in self.scopes.values() if scope)

    @cached_property
    def crowd_numbers(self) -> int:
        """How many numbers the crowds of one patient with a scope take, with what is in use while they are made."""
        crowds = [node for node in self._nodes if node.is_crowd and node.scope]
        sizes = [len(node.members) * self._combinations(node.scope) for node in crowds]
        return CROWD_ARRAYS * sum(sizes) + CROWD_WORK * max(sizes, default=0)

    def _combinations(self, scope: FactorScope) -> int:
        """How many combinations the states of these variables have."""
        return math.prod(len(self.block_weights[v]) if v in self.block_weights else 2 for v in scope)

    @cached_property
    def shape(self) -> Shape:
        """The variables that patients of this structure leave to eliminate, and how they are connected."""
        scopes = tuple((k, (mixing.number,)) for mixing in self.mixings for k in mixing.effects)
        return Shape(self._nodes, self.common.effects, self._factors, scopes)

    @cached_property
    def _nodes(self) -> tuple[Bundle, ...]:
        effects: dict[int, list[int]] = {}
        for k in self.common.effects:
            for c in self.effect(k).causes.tolist():
                effects.setdefault(c, []).append(k)
        return self._bundled({c: tuple(linked) for c, linked in effects.items()}, self.scopes)

    def _bundled(self, effects: Mapping[int, FactorScope], scopes: Mapping[int, FactorScope]) -> tuple[Bundle, ...]:
        """All conditions, bundled by equal effects and equal scope; a condition in a scope is a bundle by itself."""
        parents = {variable for scope in scopes.values() for variable in scope if variable < self.model.n}
        bundles: dict[tuple[FactorScope, FactorScope, int], list[int]] = {}
        touched = sorted({*effects, *scopes, *parents})
        for c in touched:
            key = (effects.get(c, ()), scopes.get(c, ()), c if c in parents else -1)
            bundles.setdefault(key, []).append(c)
        if alone := np.delete(np.arange(self.model.n), touched).tolist():
            bundles.setdefault(((), (), -1), []).extend(alone)
        return tuple(
            Bundle(
                -1 - number,
                tuple(members),
                linked,
                scope,
                is_crowd=len(linked) < 2 and parent < 0,
                is_parent=parent >= 0,
            )
            for number, ((linked, scope, parent), members) in enumerate(bundles.items())
        )

    @cached_property
    def crowds(self) -> Mapping[int, Bundle]:
        """The crowds, by name."""
        return {node.name: node for node in self._nodes if node.is_crowd}

    @cached_property
    def crowd_chances(self) -> Mapping[int, Vector]:
        """q of the members of each crowd, shape (members, draws); 0 if the crowd touches no effect."""
        return {name: self._chances(node) for name, node in self.crowds.items()}

    def _chances(self, node: Bundle) -> Vector:
        if not node.effects:
            return np.zeros((len(node.members), 1))
        effect = self.effect(node.effects[0])
        log_fail = effect.log_fail[np.searchsorted(effect.causes, node.members)]
        return np.asarray(-expm1(log_fail)).reshape(len(node.members), -1)

    @cached_property
    def _factors(self) -> tuple[tuple[int, int], ...]:
        used = sorted({variable for scope in self.scopes.values() for variable in scope if variable >= self.model.n})
        return tuple((number, len(self.block_weights[number])) for number in used)

    def _logs_of_the_rest(self) -> Iterable[Vector]:
        """The log factors of risk factors in no scope: those with a known state, and those that touch no condition."""
        used = {number for number, _ in self._factors}
        private = set(self.model.parents.private_blocks).difference(self.settled)
        for number, weights in self.block_weights.items():
            if number not in used and number not in private:
                with np.errstate(divide="ignore"):
                    yield np.log(weights.sum(axis=0))
