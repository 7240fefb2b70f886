"""The engine: a network in a care setting, ready to answer for any number of patients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeVar

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.results import DEFAULT_MEMORY, DEFAULT_SECONDS, Budget
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence

Frame = TypeVar("Frame")


class Engine:
    """Answers for patients with one network in one care setting.

    Immutable as seen from outside and safe to share between threads.

    Attributes:
        network, setting: what it answers with.
        compiled: both, and the strategy: what the functions behind this class and `Diagnosis` take.

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
        self.compiled = CompiledNetwork(self.network, self.setting, Budget(memory, seconds))

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
        return Diagnosis.of(self.compiled, check_evidence(self.network, evidence))

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

        return score_any(self.compiled, frame, Options(tuple(ignore), errors, intervals))

    def __reduce__(self) -> tuple[Callable[..., Engine], tuple[Network, str, Budget]]:
        """What another process makes the same engine of."""
        return _engine_of, (self.network, self.setting, self.compiled.budget)

    def __repr__(self) -> str:
        return f"<Engine {self.network.id} in {self.setting}>"


def _engine_of(network: Network, setting: str, budget: Budget) -> Engine:
    return Engine(network, setting, memory=budget.memory, seconds=budget.seconds)
