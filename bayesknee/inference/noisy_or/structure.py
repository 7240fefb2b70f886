"""What patients have in common who can be gone through together: the shape to plan for, and tables without findings.

These patients have the same answers about risk factors, the same conditions known for certain, and the same effects
that are present or unsure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np

from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.factors import Factor
from bayesknee.inference.noisy_or.model import NoisyOrModel
from bayesknee.inference.noisy_or.plan import Node, Shape
from bayesknee.inference.noisy_or.tables import Pair

Scope: TypeAlias = tuple[int, ...]


class Common(NamedTuple):
    """What these patients have in common.

    Attributes:
        risk_factors: likelihoods by id.
        settled: conditions by number of which the state is known.
        effects: numbers of the effects to go through, ascending.
    """

    risk_factors: tuple[tuple[str, Likelihood], ...]
    settled: tuple[tuple[int, int], ...]
    effects: tuple[int, ...]


class Structure:
    """The shape and the tables.

    Attributes:
        block_weights: P(state, what is known) by block of risk factors.
        log_scale: log of what P(evidence) has to be multiplied with, for risk factors that no plan goes through.
    """

    def __init__(self, model: NoisyOrModel, common: Common) -> None:
        self.model = model
        self.common = common
        self.block_weights = model.block_weights(dict(common.risk_factors))
        self.log_scale = math.fsum(self._logs_of_the_rest())

    @cached_property
    def pairs(self) -> Mapping[int, tuple[Scope, Pair]]:
        """The scope, and P(absent) and P(present) given it, of each condition that has parents."""
        states = {number: np.flatnonzero(weights) for number, weights in self.block_weights.items()}
        index: dict[int, int | slice] = {number: int(own[0]) for number, own in states.items() if len(own) == 1}
        index |= dict(self.common.settled)
        return {c: self._cut(c, factor, index) for c, factor in self.model.factors.items()}

    def _cut(self, c: int, factor: Factor, index: Mapping[int, int | slice]) -> tuple[Scope, Pair]:
        own = factor.cut({name: state for name, state in index.items() if name != c})
        private = self.model.parents.private_blocks[c]
        if private in own.variables:
            axis = own.variables.index(private)
            table = np.tensordot(own.table, self.block_weights[private], (axis, 0))
            own = Factor(tuple(each for each in own.variables if each != private), table)
        no, yes = np.moveaxis(own.table, own.variables.index(c), 0)[..., None]
        return tuple(each for each in own.variables if each != c), Pair(no, yes)

    def scope(self, c: int) -> Scope:
        """What a condition depends on that is neither known nor its own."""
        return self.pairs[c][0] if c in self.pairs else ()

    @cached_property
    def shape(self) -> Shape:
        """What there is to go through."""
        return Shape(self._nodes, self.common.effects, self._factors)

    @cached_property
    def _nodes(self) -> tuple[Node, ...]:
        effects: list[list[int]] = [[] for _ in range(self.model.n)]
        for k in self.common.effects:
            for c in self.model.effect_of[k].causes.tolist():
                effects[c].append(k)
        parents = {each for scope, _ in self.pairs.values() for each in scope if each < self.model.n}
        bundles: dict[tuple[Scope, Scope, int], list[int]] = {}
        for c in range(self.model.n):
            bundles.setdefault((tuple(effects[c]), self.scope(c), c if c in parents else -1), []).append(c)
        return tuple(
            Node(-1 - number, tuple(members), own, scope, is_crowd=len(own) < 2 and parent < 0, is_parent=parent >= 0)
            for number, ((own, scope, parent), members) in enumerate(bundles.items())
        )

    @cached_property
    def crowds(self) -> Mapping[int, Node]:
        """The nodes that are crowds, by name."""
        return {node.name: node for node in self._nodes if node.is_crowd}

    @cached_property
    def _factors(self) -> tuple[tuple[int, int], ...]:
        used = sorted({each for scope, _ in self.pairs.values() for each in scope if each >= self.model.n})
        return tuple((number, len(self.block_weights[number])) for number in used)

    def _logs_of_the_rest(self) -> Iterable[float]:
        """Of risk factors that are in no scope: known ones, and those that touch no condition."""
        used = {number for number, _ in self._factors}
        for number, weights in self.block_weights.items():
            private = number in self.model.parents.private_blocks and np.count_nonzero(weights) > 1
            if number not in used and not private:
                total = float(weights.sum())
                yield math.log(total) if total > 0.0 else -math.inf
