"""The engine: a network in a care setting, ready to answer for any number of patients."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Protocol

import numpy as np
from immutabledict import immutabledict

from bayesknee.errors import ImpossibleEvidenceError, SettingError, did_you_mean, quoted
from bayesknee.inference.batch import Groups, Posteriors
from bayesknee.inference.codes import Codes
from bayesknee.inference.diagnosis import Diagnosis
from bayesknee.inference.enumeration import Enumeration
from bayesknee.inference.evidence import NOTHING_KNOWN, Evidence, check_evidence, shown
from bayesknee.inference.sampling import Sample
from bayesknee.inference.subsets import Vector
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.model import Network


class Inference(Protocol):
    """What a strategy finds out about one patient."""

    @property
    def log_evidence(self) -> float: ...
    @property
    def marginals(self) -> Vector: ...
    def any_of(self, conditions: frozenset[int], /) -> float: ...


class Strategy(Protocol):
    """A way to do exact inference; the engine chooses one by size and shape of the network."""

    def infer(self, evidence: Evidence, /) -> Inference: ...

    def infer_many(self, codes: Codes, evidence: Evidence = ..., groups: Groups = ()) -> Posteriors:
        """The posteriors of many patients, row by row what `infer` says.

        Args:
            codes: their answers, see `bayesknee.inference.codes`.
            evidence: what is known of all of them besides. The codes of questions that it answers, be it with unknown,
                are not read.
            groups: sets of conditions by number, of which to tell the probability of at least one.
        """

    def sample(self, evidence: Evidence, rows: int, rng: np.random.Generator, /) -> Sample:
        """Patients drawn given evidence, the complaint being present.

        Raises:
            ImpossibleEvidenceError: nobody can have given these answers.
        """


class Engine:
    """Answers for patients with one network in one care setting.

    Immutable as seen from outside and safe to share between threads.

    Args:
        network: a network, or the name or folder of one.
        setting: a care setting of the network; its first one where left out.

    Raises:
        SettingError: the network has no such setting.
        InferenceError: the network is valid, but too large or with base rates that cannot be met.
    """

    def __init__(self, network: Network | str | os.PathLike[str], setting: str | None = None) -> None:
        self.network = network if isinstance(network, Network) else load_network(network)
        self.setting = check_setting(self.network, setting)
        self._strategy: Strategy = Enumeration(self.network, self.setting)
        numbers = {name: number for number, name in enumerate(self.network.conditions)}
        self._groups = {
            group.id: frozenset(numbers[member] for member in group.members) for group in self.network.groups.values()
        }

    def diagnose(self, evidence: Mapping[str, object] | Evidence = NOTHING_KNOWN) -> Diagnosis:
        """The exact posterior of one patient.

        Args:
            evidence: by id of a finding, risk factor or condition: a state, `"unknown"`, a truth value, a number where
                the states are bands (``{"age": 45}``), or a likelihood for each state (``{"yes": 0.8, "no": 0.2}``).

        Raises:
            EvidenceError: evidence that the network cannot take; tells all that is wrong.
            ImpossibleEvidenceError: evidence of probability zero; names a smallest conflicting set.
        """
        checked = check_evidence(self.network, evidence)
        inference = self._strategy.infer(checked)
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
        )

    def _smallest_conflict(self, evidence: Evidence) -> tuple[str, ...]:
        """Answers that clash and none of which can be left out: dropped from either end, the shorter result."""
        names = [name for name in evidence.answers if name in evidence.likelihoods]
        return min((self._reduced(evidence, order) for order in (names, names[::-1])), key=len)

    def _reduced(self, evidence: Evidence, names: list[str]) -> tuple[str, ...]:
        kept = list(names)
        for name in names:
            fewer = [other for other in kept if other != name]
            if self._strategy.infer(evidence.only(fewer)).log_evidence == float("-inf"):
                kept = fewer
        return tuple(f"{name}={shown(evidence.answers[name])}" for name in kept)

    def __repr__(self) -> str:
        return f"<Engine {self.network.id} in {self.setting}>"


def check_setting(network: Network, setting: str | None) -> str:
    """`setting`, or the network's first one where it is None.

    Raises:
        SettingError: the network has no such setting.
    """
    if setting is None:
        return network.default_setting
    if setting in network.settings:
        return setting
    hint = did_you_mean(setting, network.settings) or f"known are {', '.join(network.settings)}"
    raise SettingError(f"unknown setting {quoted(setting)} of network {network.id}; {hint}")


def _ranked(posterior: Iterable[tuple[str, float]]) -> Mapping[str, float]:
    return immutabledict(sorted(posterior, key=itemgetter(1), reverse=True))
