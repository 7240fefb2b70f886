"""The engine: a network in a care setting, ready to answer for any number of patients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, TypeVar

from immutabledict import immutabledict

from bayesknee.arrays import Vector
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.errors import ImpossibleEvidenceError
from bayesknee.inference.elimination.strategy import NoisyOrStrategy
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import (
    DEFAULT_MEMORY,
    DEFAULT_SECONDS,
    Budget,
    Gradients,
    Posteriors,
    Shares,
)
from bayesknee.inference.strategy import MOST_CONDITIONS, Strategy
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.codes import Codes, check_codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence, shown

if TYPE_CHECKING:
    from bayesknee.interview import Interview, Policy, State

Frame = TypeVar("Frame")


class Engine:
    """Answers for patients with one network in one care setting.

    Immutable as seen from outside and safe to share between threads.

    Attributes:
        network, setting: what it answers with.
        budget: what exact work may take.
        strategy: how; all that a part of the package may ask of inference, beyond `diagnose`.

    Args:
        network: a network, or the name or folder of one.
        setting: a care setting of the network; its first one where left out.
        memory: bytes that exact work for one patient may take, by estimate. Beyond this or `seconds`, which networks of
            more than 20 conditions may come to, an approximation takes its place, and the diagnosis says so.
        seconds: of one core, likewise.

    Raises:
        SettingError: the network has no such setting.
        InferenceError: the network is valid, but too large or with base rates that cannot be met.
    """

    def __init__(
        self,
        network: Network | str | os.PathLike[str],
        setting: str | None = None,
        *,
        memory: int = DEFAULT_MEMORY,
        seconds: float = DEFAULT_SECONDS,
    ) -> None:
        self.network = network if isinstance(network, Network) else load_network(network)
        self.setting = check_setting(self.network, setting)
        self.budget = Budget(memory, seconds)
        self.strategy = choose_strategy(self.network, self.setting, self.budget)
        numbers = {name: number for number, name in enumerate(self.network.conditions)}
        self._groups = {
            group.id: frozenset(numbers[member] for member in group.members) for group in self.network.groups.values()
        }
        self._events = (*(frozenset([number]) for number in numbers.values()), *self._groups.values())

    def diagnose(self, evidence: Mapping[str, object] | Evidence = NOTHING_KNOWN) -> Diagnosis:
        """The posterior of one patient: exact, unless `Diagnosis.exact` says otherwise.

        Args:
            evidence: by id of a finding, risk factor or condition: a state, `"unknown"`, a truth value, a number where
                the states are bands (``{"age": 45}``), or a likelihood for each state (``{"yes": 0.8, "no": 0.2}``).

        Raises:
            EvidenceError: evidence that the network cannot take; tells all that is wrong.
            ImpossibleEvidenceError: evidence of probability zero; names a smallest conflicting set.
            InferenceError: evidence that is too much for exact work, and for an approximation that can be trusted.
        """
        checked = check_evidence(self.network, evidence)
        inference = self.strategy.infer(checked)
        if inference.log_evidence == float("-inf"):
            raise ImpossibleEvidenceError(self._smallest_conflict(checked))
        return Diagnosis(
            network=self.network,
            setting=self.setting,
            evidence=checked,
            posterior=_ranked(zip(self.network.conditions, inference.marginals.tolist(), strict=True)),
            groups=immutabledict({group: inference.any_of(members) for group, members in self._groups.items()}),
            log_evidence=inference.log_evidence,
            engine=self,
            approximation=inference.approximation,
        )

    def posteriors(
        self, codes: Codes, evidence: Evidence = NOTHING_KNOWN, refused: dict[int, str] | None = None
    ) -> Posteriors:
        """The exact posteriors of many patients, groups in the network's order; see `Strategy.infer_many`.

        Raises:
            ValueError: an array that is no codes of this network.
            InferenceError: a row that is too much for exact work, where `refused` was left out.
        """
        groups = tuple(self._groups.values())
        return self.strategy.infer_many(check_codes(self.network, codes), evidence, groups, refused)

    def score(
        self,
        frame: Frame,
        *,
        ignore: Iterable[str] = (),
        errors: Literal["raise", "collect"] = "raise",
        intervals: bool = False,
    ) -> Frame:
        """The exact posteriors of many patients in a pandas data frame, or in one of Dask, which stays lazy.

        Args:
            frame: a row per patient, a column per finding or risk factor: states, truth values, numbers where the
                states are bands; blanks and `"unknown"` are not known.
            ignore: columns that are not read.
            errors: what to do with rows that the network cannot take: `"raise"`, or `"collect"`, which scores the
                others and says why in a column `reason`.
            intervals: a 95 % interval for each probability as well, in columns that end in `_low` and `_high`: the
                network is drawn 200 times from the ranges of its numbers, so a row takes up to 1,000 times as long.
                Numbers without a range stay as they are; see `bayesknee.knowledge.ranges.stated_ranges`.

        Returns:
            With the same index, a column for each condition and group: P(it | the row); `triage`, the level; and
            `log_evidence`, natural log of P(the row | complaint, setting).

        Raises:
            TableError: columns or rows that the network cannot take; tells which.
        """
        from bayesknee.diagnosis.score import Options, score_any

        return score_any(self, frame, Options(tuple(ignore), errors, intervals))

    def __reduce__(self) -> tuple[Callable[..., Engine], tuple[Network, str, Budget]]:
        """What another process makes the same engine of."""
        return _engine_of, (self.network, self.setting, self.budget)

    def for_network(self, network: Network) -> Engine:
        """An engine for another network, in the same setting and with the same budget."""
        return _engine_of(network, self.setting, self.budget)

    def interview(
        self, evidence: Mapping[str, object] | None = None, policy: Policy | None = None, state: State | None = None
    ) -> Interview:
        """An interview with one patient; see `bayesknee.interview.Interview`, whose arguments these are."""
        from bayesknee.interview import Interview

        return Interview(self, evidence, policy, state)

    def given(self, evidence: Evidence, condition: str, state: str) -> Mapping[str, float] | None:
        """P(condition | evidence, and that one of them is in this state), by id.

        None where that is impossible, or the evidence has an answer for that one.
        """
        if condition in evidence.likelihoods:
            return None
        inference = self.strategy.infer(check_evidence(self.network, {**evidence.answers, condition: state}))
        if inference.log_evidence == float("-inf"):
            return None
        return dict(zip(self.network.conditions, inference.marginals.tolist(), strict=True))

    def shares(self, evidence: Evidence) -> Shares:
        """What each answer brings to each condition, then to each group; see `bayesknee.diagnosis.explaining.ledger`."""
        return self.strategy.shares(evidence, self._events)

    def gradients(self, evidence: Evidence) -> Gradients:
        """How the posterior of each condition, then of each group, changes with every number of the network."""
        return self.strategy.gradients(evidence, self._events)

    def usual_draws(self, evidence: Evidence) -> int:
        """How many draws to take for intervals where nobody says."""
        return self.strategy.usual_draws(evidence, self._events)

    def redrawn(self, evidence: Evidence, draws: int, seed: int) -> Vector:
        """The posterior of each condition, then of each group, with redrawn numbers, shape (draws, both)."""
        return self.strategy.redrawn(evidence, self._events, draws, seed)

    def _smallest_conflict(self, evidence: Evidence) -> tuple[str, ...]:
        """Answers that clash and none of which can be left out: dropped from either end, the shorter result."""
        names = [name for name in evidence.answers if name in evidence.likelihoods]
        return min((self._reduced(evidence, order) for order in (names, names[::-1])), key=len)

    def _reduced(self, evidence: Evidence, names: list[str]) -> tuple[str, ...]:
        kept = list(names)
        for name in names:
            fewer = [other for other in kept if other != name]
            if self.strategy.infer(evidence.only(fewer)).log_evidence == float("-inf"):
                kept = fewer
        return tuple(f"{name}={shown(evidence.answers[name])}" for name in kept)

    def __repr__(self) -> str:
        return f"<Engine {self.network.id} in {self.setting}>"


def _engine_of(network: Network, setting: str, budget: Budget) -> Engine:
    return Engine(network, setting, memory=budget.memory, seconds=budget.seconds)


def choose_strategy(network: Network, setting: str, budget: Budget) -> Strategy:
    """Enumeration while there are few conditions: it takes any kind of finding. Else what makes use of noisy-ORs."""
    if len(network.conditions) <= MOST_CONDITIONS:
        return Enumeration(network, setting)
    return NoisyOrStrategy(network, setting, budget)


def _ranked(posterior: Iterable[tuple[str, float]]) -> Mapping[str, float]:
    return immutabledict(sorted(posterior, key=itemgetter(1), reverse=True))
