"""A network in a care setting, compiled: the network and its inference strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.choose import choose_strategy
from bayesknee.inference.results import Budget, Events, Posteriors
from bayesknee.inference.strategy import Strategy
from bayesknee.knowledge.base_rates import GivenBaseRate
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes, check_codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence


@dataclass(frozen=True)
class CompiledNetwork:
    """The input of all computations, beside a patient's evidence. Safe to share between threads.

    Attributes:
        network, setting: the network and the care setting.
        budget: what exact work for one patient may take.
        base_rates: the base rates of the network that a user gave in place of its own.
        strategy: the method of inference.

    Raises:
        InferenceError: the network is valid, but too large or with base rates that cannot be met.
    """

    network: Network
    setting: str
    budget: Budget = field(default=Budget(), compare=False)
    base_rates: tuple[GivenBaseRate, ...] = field(default=(), compare=False)
    strategy: Strategy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategy", choose_strategy(self.network, self.setting, self.budget))

    @cached_property
    def groups(self) -> Mapping[str, frozenset[int]]:
        """The members of each group, as numbers of conditions."""
        numbers = {name: number for number, name in enumerate(self.network.conditions)}
        return immutabledict(
            {group.id: frozenset(numbers[member] for member in group.members) for group in self.network.groups.values()}
        )

    @cached_property
    def events(self) -> Events:
        """The events of all results: each condition alone, then each group, as sets of conditions by number."""
        return (*(frozenset([number]) for number in range(len(self.network.conditions))), *self.groups.values())

    @cached_property
    def forms(self) -> Mapping[str, Mapping[str, frozenset[int]]]:
        """The forms of each condition that has some, as events: by numbers beyond those of conditions."""
        conditions, causes = self.network.conditions, self.network.causes
        return immutabledict(
            {
                name: immutabledict(
                    {
                        form: frozenset([len(conditions) + causes.index(cause)])
                        for form, cause in zip(condition.forms, condition.causes, strict=True)
                    }
                )
                for name, condition in conditions.items()
                if condition.forms
            }
        )

    @cached_property
    def form_events(self) -> Events:
        """The events of all forms, in the network's order."""
        return tuple(event for events in self.forms.values() for event in events.values())

    @cached_property
    def answer_chances(self) -> Mapping[str, Vector]:
        """How probable each answer is with and without each condition, where no other answer is known.

        By question, P(answer | condition) and P(answer | no such condition), shape (2, states, conditions); both up to
        one factor where the question has gates, for an answer says that these hold. Questions that would take more than
        the budget are left out.
        """
        found: dict[str, Vector] = {}
        with suppress(InferenceError):
            for gates, names in self._by_gates().items():
                found |= self._chances_given(dict(gates), names)
        return immutabledict(found)

    def _by_gates(self) -> Mapping[tuple[tuple[str, tuple[str, ...]], ...], list[str]]:
        """The questions by what must hold for them to be asked; those without gates first."""
        found: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {(): []}
        for name in self.network.questions:
            found.setdefault(tuple(self.network.gates.get(name, ())), []).append(name)
        return found

    def _chances_given(self, gates: Mapping[str, tuple[str, ...]], names: list[str]) -> Iterator[tuple[str, Vector]]:
        evidence = check_evidence(self.network, {gate: dict.fromkeys(states, 1.0) for gate, states in gates.items()})
        outcomes = self.strategy.outcomes(evidence, names)
        usual = self.strategy.infer(NOTHING_KNOWN).marginals
        joint, total = outcomes.joint, outcomes.probabilities[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):  # a condition may be certain, or impossible
            chances = np.nan_to_num(np.stack([joint / usual, (total - joint) / (1.0 - usual)]))
        for name, first, end in zip(outcomes.names, outcomes.starts[:-1], outcomes.starts[1:], strict=True):
            yield name, chances[:, first:end]

    def posteriors(
        self, codes: Codes, evidence: Evidence = NOTHING_KNOWN, refused: dict[int, str] | None = None
    ) -> Posteriors:
        """The exact posteriors of many patients; see `Strategy.infer_many`.

        Its groups are those of the network, then the forms of all conditions, both in the network's order.

        Raises:
            ValueError: the array does not consist of codes of this network.
            InferenceError: a row is beyond the budget, and `refused` is None.
        """
        groups = (*self.groups.values(), *self.form_events)
        return self.strategy.infer_many(check_codes(self.network, codes), evidence, groups, refused)

    def for_network(self, network: Network) -> CompiledNetwork:
        """Another network, compiled in the same setting with the same budget.

        Raises:
            InferenceError: tables too large, or base rates that cannot be met.
        """
        return CompiledNetwork(network, self.setting, self.budget, self.base_rates)

    def __reduce__(
        self,
    ) -> tuple[Callable[..., CompiledNetwork], tuple[Network, str, Budget, tuple[GivenBaseRate, ...]]]:
        """How pickle builds the same object in another process, which computes the tables again."""
        return CompiledNetwork, (self.network, self.setting, self.budget, self.base_rates)
