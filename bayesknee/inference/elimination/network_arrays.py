"""A network in a setting as arrays: what does not depend on the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cpds import MixtureNumbers, mixture_numbers
from bayesknee.inference.elimination.steps import expm1
from bayesknee.inference.prior.factors import Factor
from bayesknee.inference.prior.intercepts import solve_intercepts
from bayesknee.inference.prior.parents import Block, Parents, chance, given_parents, list_parents
from bayesknee.inference.results import DEFAULT_MEMORY
from bayesknee.inference.rule_tables import RuleNumbers, log_at_most, stated_numbers
from bayesknee.knowledge.model import ConditionalTable, Finding, Greatest, Mixture, NoisyOr, Reading
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood

ANY: Final = "any condition"  # the presenting complaint as an effect; not a name that a network can have


@dataclass(frozen=True)
class NoisyOrNode:
    """A noisy-OR node: a sign, or a finding that depends on conditions directly.

    Where numbers are redrawn, they have the draws as their last axis; else none.

    Attributes:
        causes: the numbers of the conditions, ascending.
        log_fail: log(1 - q) of each, shape (causes,) or (causes, draws).
        log_no_leak: log(1 - leak), shape () or (draws,).
    """

    causes: NDArray[np.intp]
    log_fail: Vector
    log_no_leak: Vector

    @cached_property
    def q(self) -> dict[int, Vector]:
        """q by condition, shape () or (draws,)."""
        return dict(zip(self.causes.tolist(), -expm1(self.log_fail), strict=True))

    @cached_property
    def leak(self) -> Vector:
        """P(absent) and P(present) without any cause, shape (2, 1) or (2, draws)."""
        log_no = np.atleast_1d(self.log_no_leak)
        return np.stack([np.exp(log_no), -np.expm1(log_no)])


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """The network in a setting. Its numbers have a last axis: of length 1, or of draws where they are redrawn.

    Attributes:
        network: the network.
        parents: how conditions hang on risk factors and each other.
        intercepts: a_c by condition, shape (n, draws).
        complaint: P(complaint), shape (draws,); 1 where the network has none.
        simple: P(c) of conditions without any parent, NaN for others, shape (n, draws).
        factors: P(c | parents) of each condition that has any parent.
        priors: P(state) by block of risk factors, shape (states, draws).
        effects: signs and direct noisy-OR findings, by id; of a noisy-MAX several, by `level`.
        redrawn_mixtures: findings that depend on all conditions at once, by id, where their numbers are redrawn.
    """

    network: Network
    parents: Parents
    intercepts: Vector
    complaint: Vector
    simple: Vector
    factors: Mapping[int, Factor]
    priors: Mapping[int, Vector]
    effects: Mapping[str, NoisyOrNode]
    redrawn_mixtures: Mapping[str, MixtureNumbers] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many conditions there are."""
        return len(self.network.conditions)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each condition, by id."""
        return {name: number for number, name in enumerate(self.network.conditions)}

    @property
    def readings(self) -> Mapping[str, Reading]:
        """What findings read, by finding."""
        return self.network.readings

    @cached_property
    def mixtures(self) -> dict[str, Mixture]:
        """The findings that depend on all conditions at once."""
        models = {finding.id: finding.model for finding in self.network.findings.values()}
        return {name: model for name, model in models.items() if isinstance(model, Mixture)}

    @cached_property
    def greatest(self) -> dict[str, Greatest]:
        """The noisy-MAX findings."""
        models = {each.id: each.model for each in self.network.findings.values()}
        return {name: model for name, model in models.items() if isinstance(model, Greatest)}

    def mixture(self, name: str) -> MixtureNumbers:
        """The numbers of a mixture."""
        if name in self.redrawn_mixtures:
            return self.redrawn_mixtures[name]
        return mixture_numbers(self.mixtures[name], self.network.findings[name].states, self.parents.conditions)

    @cached_property
    def blocks(self) -> Mapping[int, Block]:
        """The blocks of risk factors by number."""
        return self.parents.block_of

    @cached_property
    def names(self) -> dict[str, int]:
        """A number for each effect and mixture, after those of conditions and risk factor blocks."""
        first = self.n + len(self.blocks)
        return {name: first + k for k, name in enumerate((*self.effects, *self.mixtures))}

    @cached_property
    def any_effect(self) -> int:
        """The number of the presenting complaint as an effect."""
        return self.names[ANY]

    @cached_property
    def effect_of(self) -> dict[int, NoisyOrNode]:
        """The effects by number."""
        return {self.names[name]: effect for name, effect in self.effects.items()}

    def mixing(self, name: str) -> int:
        """A number for what a mixture is mixed by, after all others; see `bayesknee.inference.elimination.mixtures`."""
        return self.names[name] + len(self.names)

    def block_weights(self, known: Mapping[str, Likelihood]) -> dict[int, Vector]:
        """P(state, what is known of its members) of each block of risk factors, shape (states, draws)."""
        return {
            number: self.priors[number] * block.likelihood([known.get(member) for member in block.ids])[:, None]
            for number, block in self.blocks.items()
        }


def network_arrays(network: Network, setting: str, memory: int = DEFAULT_MEMORY) -> NetworkArrays:
    """The network as it stands; `memory` is what its tables may take, in bytes.

    Raises:
        InferenceError: a finding or sign is no product over conditions, a table is too large, or base rates cannot be
            met.
    """
    _check_products(network)
    parents = list_parents(network, setting, memory)
    intercepts, complaint = solve_intercepts(parents)
    baseline = np.exp(intercepts)[:, None]
    odds = [parents.numbers.odds(c, baseline[c], without_common(parents, c)) for c in range(len(baseline))]
    alone = np.array([factor.table.size == 1 for factor in odds])
    return NetworkArrays(
        network,
        parents,
        intercepts[:, None],
        np.array([complaint]),
        np.where(alone[:, None], chance(baseline), np.nan),
        {c: given_parents(c, odds[c]) for c in np.flatnonzero(~alone).tolist()},
        parents.numbers.priors,
        _effects(network),
    )


def _check_products(network: Network) -> None:
    """Refuses what is no product over conditions. Where sets of causes are few, enumeration takes it."""
    tables = [each.id for each in network.findings.values() if isinstance(each.model, ConditionalTable)]
    if offending := [*network.clustered, *tables]:
        raise InferenceError(
            f"{offending[0]} has a table or is tied to signs; with {len(network.conditions)} conditions, expected "
            "findings that are a noisy_or, greatest or mixture of conditions, or read a sign of conditions; state it "
            "so, use at most 20 conditions, or let few causes come together (most_causes: 3)"
        )


def without_common(parents: Parents, c: int) -> dict[int, int | slice]:
    """What to cut of the tables of a condition that does not depend on the common risk factors."""
    common = parents.block_numbers[-1]
    return {} if c in parents.blocks[-1].children else {common: 0}


def _effects(network: Network) -> dict[str, NoisyOrNode]:
    numbers = {name: number for number, name in enumerate(network.conditions)}
    rules = {sign.id: sign.noisy_or for sign in network.signs.values()}
    rules |= {finding.id: finding.model for finding in network.findings.values() if isinstance(finding.model, NoisyOr)}
    effects = {
        name: make_effect({numbers[c]: stated.value for c, stated in rule.causes.items()}, rule.leak.value)
        for name, rule in rules.items()
    }
    for finding in network.findings.values():
        if isinstance(finding.model, Greatest):
            drawn = level_effects(finding, finding.model, numbers, stated_numbers(finding.model))
            effects |= {
                name: NoisyOrNode(each.causes, each.log_fail[:, 0], each.log_no_leak[0]) for name, each in drawn.items()
            }
    everyone = np.arange(len(numbers))
    return effects | {ANY: NoisyOrNode(everyone, np.full(len(numbers), -np.inf), np.zeros(()))}


def level(name: str, first: int, last: int) -> str:
    """The id of the effect "from this state on, given at most that one" of a noisy-MAX; no id has a blank."""
    return f"{name} from {first} to {last}"


def level_effects(
    finding: Finding, rule: Greatest, conditions: Mapping[str, int], numbers: RuleNumbers
) -> dict[str, NoisyOrNode]:
    """The effects of a noisy-MAX by id; see `bayesknee.inference.elimination.greatest`.

    Args:
        finding: whose model the rule is.
        rule: the noisy-MAX.
        conditions: numbers by id.
        numbers: of the rule, each of shape (draws,).
    """
    last = len(finding.states) - 1
    draws = len(next(iter(numbers.values())))
    certain = np.zeros((1, draws))  # P(at most the last state) is 1
    leak = log_at_most(numbers, ("leak",), finding.states) if rule.leak else np.zeros((last, draws))
    at_most = {"": np.concatenate([leak, certain])}
    for name in rule.causes:
        logs_of_cause = log_at_most(numbers, ("causes", name), finding.states) - leak
        at_most[name] = np.concatenate([np.minimum(logs_of_cause, 0.0), certain])
    ranges = [(a, b) for b in range(1, last + 1) for a in range(1, b + 1)]
    logs = {(a, b): {c: np.minimum(log[a - 1] - log[b], 0.0) for c, log in at_most.items()} for a, b in ranges}
    return {level(finding.id, a, b): _level_effect(logs[a, b], conditions) for a, b in ranges}


def _level_effect(logs: Mapping[str, Vector], conditions: Mapping[str, int]) -> NoisyOrNode:
    """From log P(absent) by cause, and of the leak, each of shape (draws,)."""
    order = sorted((conditions[name], name) for name in logs if name)
    steps = np.array([logs[name] for _, name in order])
    matter = (steps < 0.0).any(axis=1)
    return NoisyOrNode(np.array([number for number, _ in order], np.intp)[matter], steps[matter], logs[""])


def make_effect(stated: Mapping[int, float | Vector], leak: float | Vector) -> NoisyOrNode:
    """An effect from P(present | only that condition) by number, and P(present | none), each () or (draws,)."""
    log_no_leak = np.log1p(-np.asarray(leak))
    order = sorted(stated)
    steps = np.log1p(-np.array([stated[c] for c in order])) - log_no_leak
    matter = (steps < 0.0).reshape(len(order), -1).any(axis=1)
    return NoisyOrNode(np.array(order, np.intp)[matter], steps[matter], log_no_leak)
