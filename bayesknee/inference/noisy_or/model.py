"""A network in a setting as arrays: what does not depend on the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.inference.evidence import Likelihood
from bayesknee.inference.factors import Factor
from bayesknee.inference.intercepts import solve_intercepts
from bayesknee.inference.parents import Block, Parents, list_parents
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.model import Mixture, Network, NoisyOr, Reading

ANY: Final = "any condition"  # the presenting complaint as an effect; not a name that a network can have


@dataclass(frozen=True)
class Effect:
    """A noisy-OR node: a sign, or a finding that depends on conditions directly.

    Attributes:
        causes: the numbers of the conditions, ascending.
        log_fail: log(1 - q) of each.
        log_no_leak: log(1 - leak).
    """

    causes: NDArray[np.intp]
    log_fail: Vector
    log_no_leak: float

    @cached_property
    def q(self) -> dict[int, float]:
        """q by condition."""
        return dict(zip(self.causes.tolist(), (-np.expm1(self.log_fail)).tolist(), strict=True))

    @cached_property
    def leak(self) -> Vector:
        """P(absent) and P(present) without any cause, shape (2, 1)."""
        return np.array([[np.exp(self.log_no_leak)], [-np.expm1(self.log_no_leak)]])


class NoisyOrModel:
    """The network in a setting.

    Attributes:
        n: how many conditions there are.
        numbers: the number of each condition, by id.
        parents: how conditions hang on risk factors and each other.
        intercepts: a_c by condition.
        complaint: P(complaint); 1 where the network has none.
        effects: signs and direct noisy-OR findings, by id.
        readings: what findings read, by finding.
        mixtures: the findings that depend on all conditions at once.
        simple: P(c) of conditions without any parent, NaN for others, shape (n,).

    Raises:
        InferenceError: a table is too large, or base rates cannot be met.
    """

    def __init__(self, network: Network, setting: str) -> None:
        self.network = network
        self.n = len(network.conditions)
        self.parents: Parents = list_parents(network, setting)
        base_rates = np.array([each.base_rate_in(setting) for each in network.conditions.values()])
        self.intercepts, self.complaint = solve_intercepts(
            self.parents, base_rates, has_complaint=bool(network.complaint)
        )
        numbers = self.numbers = {name: number for number, name in enumerate(network.conditions)}
        self.effects = {sign.id: _effect(sign.noisy_or, numbers) for sign in network.signs.values()}
        self.readings: dict[str, Reading] = {}
        self.mixtures: set[str] = set()
        for finding in network.findings.values():
            if isinstance(finding.model, NoisyOr):
                self.effects[finding.id] = _effect(finding.model, numbers)
            elif isinstance(finding.model, Reading):
                self.readings[finding.id] = finding.model
            elif isinstance(finding.model, Mixture):
                self.mixtures.add(finding.id)
        everyone = np.arange(self.n)
        self.effects[ANY] = Effect(everyone, np.full(self.n, -np.inf), 0.0)
        self.blocks: Mapping[int, Block] = dict(zip(self.parents.block_numbers, self.parents.blocks, strict=True))
        ratios = [each.table for each in self._odds_ratios]
        odds = np.exp(self.intercepts) * np.array([each.flat[0] for each in ratios])
        self.simple = np.where([each.size == 1 for each in ratios], odds / (1.0 + odds), np.nan)

    @cached_property
    def names(self) -> dict[str, int]:
        """A number for each effect, after those of conditions and risk factor blocks."""
        first = self.n + len(self.blocks)
        return {name: first + k for k, name in enumerate(self.effects)}

    @cached_property
    def any_effect(self) -> int:
        """The number of the presenting complaint as an effect."""
        return self.names[ANY]

    @cached_property
    def effect_of(self) -> dict[int, Effect]:
        """The effects by number."""
        return {self.names[name]: effect for name, effect in self.effects.items()}

    @cached_property
    def _odds_ratios(self) -> list[Factor]:
        """Those of `Parents`, without the common block where a condition does not depend on it."""
        number = self.parents.block_numbers[-1]
        children = set(self.blocks[number].children)
        return [each if c in children else each.cut({number: 0}) for c, each in enumerate(self.parents.odds_ratios)]

    @cached_property
    def factors(self) -> dict[int, Factor]:
        """P(c | parents) of each condition that has any parent."""
        return {c: self._factor(c) for c in np.flatnonzero(np.isnan(self.simple)).tolist()}

    def _factor(self, c: int) -> Factor:
        parents, odds_ratios = self._odds_ratios[c]
        variables = tuple(sorted((*parents, c)))
        odds = np.exp(self.intercepts[c]) * odds_ratios
        no = 1.0 / (1.0 + odds)
        return Factor(variables, np.stack([no, odds * no], axis=variables.index(c)))

    def block_weights(self, known: Mapping[str, Likelihood]) -> dict[int, Vector]:
        """P(state, what is known of its members) of each block of risk factors."""
        return {number: block.weights([known.get(each) for each in block.ids]) for number, block in self.blocks.items()}


def _effect(rule: NoisyOr, numbers: Mapping[str, int]) -> Effect:
    log_no_leak = np.log1p(-rule.leak.value)
    steps = {numbers[name]: np.log1p(-stated.value) - log_no_leak for name, stated in rule.causes.items()}
    causes = sorted(c for c, step in steps.items() if step < 0.0)
    return Effect(np.array(causes, np.intp), np.array([steps[c] for c in causes]), float(log_no_leak))
