"""The engine: a network in a care setting, ready to diagnose any number of patients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from immutabledict import immutabledict

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.results import DEFAULT_MEMORY, DEFAULT_SECONDS, Budget
from bayesknee.knowledge.base_rates import with_base_rates
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network, check_setting
from bayesknee.lazy_types import Frame
from bayesknee.patient.askable import skipped_questions
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, check_evidence


class Engine:
    """Diagnoses patients with one network in one care setting.

    Immutable as seen from outside, and safe to share between threads.

    Attributes:
        network, setting: the network, with the base rates that were given, and the care setting.
        base_rates: these base rates, by condition id.
        compiled: both with their inference strategy: the input of the functions behind this class and `Diagnosis`.

    Args:
        network: a network, or the name or folder of one.
        setting: a care setting of the network; its first one by default.
        base_rates: base rates in place of the network's, by condition id, inside (0, 1), such as those of one practice.
            All else stays, and results are as exact, and say what was given. Where each patient has just one condition,
            the other base rates give way in proportion.
        memory: bytes that exact work for one patient may take, by estimate. Only networks of more than 13 conditions
            can need more than this or `seconds`. Their posterior is then approximated, and the diagnosis says so.
        seconds: of one core that exact work for one patient may take, by estimate.
        budget: these two, and what else one request may take, in their place; for hosts that serve strangers.

    Raises:
        SettingError: the network has no such setting.
        BaseRateError: a base rate of an unknown condition, out of range, or that cannot be beside the others.
        InferenceError: the network is valid, but too large or with base rates that cannot be met.
    """

    def __init__(  # noqa: PLR0913 (what an engine is, and what its work may take)
        self,
        network: Network | str | os.PathLike[str],
        setting: str | None = None,
        *,
        base_rates: Mapping[str, float] = immutabledict(),
        memory: int = DEFAULT_MEMORY,
        seconds: float = DEFAULT_SECONDS,
        budget: Budget | None = None,
    ) -> None:
        self._stated = network if isinstance(network, Network) else load_network(network)
        self.setting = check_setting(self._stated, setting)
        self.base_rates: Mapping[str, float] = immutabledict(base_rates)
        self.network, given = with_base_rates(self._stated, self.setting, self.base_rates)
        held = Budget(memory, seconds) if budget is None else budget
        self.compiled = CompiledNetwork(self.network, self.setting, held, given)

    def in_setting(self, setting: str) -> Engine:
        """The engine of the same network, budget and given base rates in another care setting.

        Raises:
            SettingError: the network has no such setting.
            BaseRateError: the base rates that were given cannot be beside the others there.
        """
        return Engine(self._stated, setting, budget=self.compiled.budget, base_rates=self.base_rates)

    def diagnose(
        self, evidence: Mapping[str, object] | Evidence = NOTHING_KNOWN, *, skipped: Iterable[str] = ()
    ) -> Diagnosis:
        """The posterior of one patient: exact, unless `Diagnosis.exact` says otherwise.

        Args:
            evidence: by id of a finding, risk factor or condition: a state, `"unknown"`, a truth value, a number if
                the states are bands (``{"age": 45}``), or a likelihood for each state (``{"yes": 0.8, "no": 0.2}``).
            skipped: ids of questions, or of checklists, that were put and not answered. They are no information; the
                warning signs among them are told as not known.

        Raises:
            EvidenceError: the network cannot take the evidence. The error lists all that is wrong.
            QuestionError: something skipped is no question of the network.
            ImpossibleEvidenceError: the evidence has probability 0. The error names a smallest conflicting set.
            BudgetError: more answers than the budget allows.
            InferenceError: exact work is beyond the budget, and an approximation would have no usable error bars.
        """
        answers = evidence.answers if isinstance(evidence, Evidence) else evidence
        if isinstance(answers, Mapping):  # what is none is refused below
            self.compiled.budget.check("answers", len(answers), "leave some out")
        checked = check_evidence(self.network, evidence)
        return Diagnosis.of(self.compiled, checked, skipped_questions(self.network, checked, skipped))

    def score(
        self,
        frame: Frame,
        *,
        ignore: Iterable[str] = (),
        errors: Literal["raise", "collect"] = "raise",
        intervals: bool = False,
        warnings: bool = False,
    ) -> Frame:
        """The exact posteriors of many patients in a data frame of pandas, polars, Arrow, or Dask, which stays lazy.

        Args:
            frame: a row per patient, a column per finding or risk factor, by id or as it is shown. Cells are what
                answers can be: see `bayesknee.patient.columns`. Blanks and `"unknown"` are not known.
            ignore: columns that are not read.
            errors: what to do with rows that the network cannot take: `"raise"`, or `"collect"`, which scores the
                other rows and gives the reason in a column `reason`.
            intervals: whether to add a 95 % interval for each probability, in columns that end in `_low` and `_high`.
                The network is drawn 200 times from the ranges of its numbers, so a row takes up to 1,000 times as long.
                Numbers without a range stay as they are; see `bayesknee.knowledge.ranges.stated_ranges`.
            warnings: whether to add a column `warnings`: contradictory answers, a poor fit, red flags set aside, in the
                words of `Diagnosis.warnings`; empty where there is nothing to warn of. A row takes some 0.1 s.

        Returns:
            A frame of the same kind, with the same index if it has one: for each condition and group a column of
            P(condition or group | row), then `triage`, the level, and `log_evidence`, the natural log of
            P(row | complaint, setting). Then the columns that were asked for.

        Raises:
            TableError: columns or rows that the network cannot take. The error names them.
        """
        from bayesknee.diagnosis.score import Options, score_any

        return score_any(self.compiled, frame, Options(tuple(ignore), errors, intervals, warnings))

    def __reduce__(self) -> tuple[Callable[..., Engine], tuple[Network, str, Budget, Mapping[str, float]]]:
        """How pickle builds the same engine in another process."""
        return _engine_of, (self._stated, self.setting, self.compiled.budget, self.base_rates)

    def __repr__(self) -> str:
        return f"<Engine {self.network.id} in {self.setting}>"


def _engine_of(network: Network, setting: str, budget: Budget, base_rates: Mapping[str, float]) -> Engine:
    return Engine(network, setting, budget=budget, base_rates=base_rates)
