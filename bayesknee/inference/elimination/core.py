"""Plans of elimination, their runs, and the posteriors that these tell: what all capabilities of the strategy take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple, TypeAlias

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.caches import keep
from bayesknee.inference.elimination.network_arrays import network_arrays
from bayesknee.inference.elimination.order import EliminationOrder, Shape, make_plan
from bayesknee.inference.elimination.patients import Patients
from bayesknee.inference.elimination.run import AnyRun, Marginals, Run
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.results import Budget, Groups
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence
from bayesknee.patient.gates import Gates

RunOf: TypeAlias = Callable[[Patients], AnyRun]

BUDGET: Final = Budget()
MOST_AT_ONCE: Final = 2**22  # numbers in all tables of patients who are gone through together
MOST_PLANS: Final = 64
MOST_KEPT: Final = 4
SHARE_FORWARD: Final = 0.4  # of what a run takes; from a quarter to a half
RARE_COMPLAINT: Final = 1e-3  # below, 1 - P(none | e) would lose too many digits


class Totals(NamedTuple):
    """What has to be known of patients before anything else.

    Attributes:
        patients: who they are, the presenting complaint counted in where it is too rare to be left out.
        log_all: log P(their evidence), the complaint not seen to where it is not counted in, shape (patients,).
        share: P(any condition | evidence), as `EliminationCore._share_with_any`.
    """

    patients: Patients
    log_all: Vector
    share: Vector


@dataclass(frozen=True)
class EliminationPosterior:
    """What is known of one patient's conditions.

    Attributes:
        whole: of that patient; evidence that is impossible tells nothing of any condition.
        log_evidence: log P(e | complaint, setting); minus infinity where the evidence is impossible.
        marginals: P(c | e), shape (n,).
    """

    core: EliminationCore
    whole: Totals
    log_evidence: float
    marginals: Vector
    approximation: ClassVar[None] = None

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e)."""
        return float(self.core.any_of_whole(self.whole, [conditions])[0, 0])


class EliminationCore:
    """Plans and runs for one network in one setting. Read-only once made, so safe to share between threads.

    Args:
        network: a network.
        setting: one of its care settings.
        budget: what exact work may take.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """

    def __init__(self, network: Network, setting: str, budget: Budget) -> None:
        self.budget = budget
        self.setting = setting
        self.model = network_arrays(network, setting)
        self.has_complaint = bool(network.complaint)
        self._plans: dict[Shape, EliminationOrder] = {}
        self._kept: dict[object, tuple[Totals, Vector, Marginals]] = {}

    def posterior_of(self, evidence: Evidence, patient: Patients) -> tuple[Vector, Marginals]:
        """As `posteriors`, of a single patient with this evidence; the last few are kept."""
        return self.whole_posterior(evidence, patient)[1:]

    def whole_posterior(self, evidence: Evidence, patient: Patients) -> tuple[Totals, Vector, Marginals]:
        """The same, and what is needed to tell of groups."""
        key = (*evidence.likelihoods.items(), evidence.log_scale)
        if (kept := self._kept.get(key)) is None:
            kept = self._posteriors(patient, self.run)
            keep(self._kept, key, kept, MOST_KEPT)
        return kept

    def posteriors(self, patients: Patients, run_of: RunOf | None = None) -> tuple[Vector, Marginals]:
        """log P(evidence | complaint), shape (patients,), and the marginals given the complaint.

        Args:
            patients: whose.
            run_of: makes runs; `run` where left out.
        """
        return self._posteriors(patients, run_of or self.run)[1:]

    def _posteriors(self, patients: Patients, run_of: RunOf) -> tuple[Totals, Vector, Marginals]:
        run, whole = self._whole(patients, run_of)
        marginals = run.marginals()
        with np.errstate(invalid="ignore", divide="ignore"):
            marginals.conditions = np.minimum(marginals.conditions / np.maximum(whole.share, 0.0), 1.0)
        log_evidence = whole.log_all + _log(whole.share) - np.log(patients.structure.model.complaint)
        return whole, log_evidence, marginals

    def _whole(self, patients: Patients, run_of: RunOf) -> tuple[AnyRun, Totals]:
        """A run of the patients that has gone forward, and what it told."""
        run = run_of(patients)
        log_all = run.log_evidence()
        share = self._share_with_any(patients, log_all, run_of)
        if np.any((share < RARE_COMPLAINT) & (share > -1.0)) and not self._counts_any(patients):
            return self._whole(self.counting_any(patients), run_of)
        return run, Totals(patients, log_all, share)

    def _share_with_any(self, patients: Patients, log_all: Vector, run_of: RunOf) -> Vector:
        """P(any condition | evidence), where that is not counted in; -1 where the evidence is impossible anyway."""
        possible = ~np.isneginf(log_all)
        if not self.has_complaint or self._counts_any(patients):
            return np.where(possible, 1.0, -1.0)
        log_none = run_of(patients.without(range(self.model.n))).log_evidence()
        with np.errstate(invalid="ignore"):
            return np.where(possible, -np.expm1(np.minimum(log_none - log_all, 0.0)), -1.0)

    def any_of(self, patients: Patients, groups: Groups, run_of: RunOf | None = None) -> Vector:
        """P(at least one of these conditions | e), shape (patients, groups); as `posteriors`."""
        run_of = run_of or self.run
        return self.any_of_whole(self._whole(patients, run_of)[1], groups, run_of)

    def any_of_whole(self, whole: Totals, groups: Groups, run_of: RunOf | None = None) -> Vector:
        """As `any_of`, where the patients have been gone through already."""
        run_of = run_of or self.run
        patients, log_all, share = whole
        logs = [run_of(patients.without(group)).log_evidence() for group in groups]
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [np.clip(-np.expm1(log_none - log_all) / share, 0.0, 1.0) for log_none in logs]
        return np.array(parts).reshape(len(groups), patients.count).T

    def _counts_any(self, patients: Patients) -> bool:
        common = patients.structure.common
        return self.model.any_effect in common.effects or bool(common.mixtures)

    def counting_any(self, patients: Patients) -> Patients:
        """The same patients, with the presenting complaint as one more effect, which is present.

        An answer to a mixture implies it.
        """
        common = patients.structure.common
        if self._counts_any(patients):
            return patients
        effects = tuple(sorted((*common.effects, self.model.any_effect)))
        present = np.stack([np.zeros(patients.count), np.ones(patients.count)])
        return Patients(
            Structure(patients.structure.model, common._replace(effects=effects)),
            patients.no,
            patients.yes,
            {**patients.observed, self.model.any_effect: present},
            patients.log_scale,
        )

    def run(self, patients: Patients) -> Run:
        """A run of the plan for these patients.

        Raises:
            InferenceError: tables that would be too large.
        """
        return Run(self.plan_of(patients.structure), patients)

    def plan_of(self, structure: Structure) -> EliminationOrder:
        """The plan for patients of this structure.

        Raises:
            InferenceError: tables that would be too large.
        """
        if not self.fits(structure):
            raise InferenceError(self.too_large(structure))
        return self.plan(structure.shape)

    def fits(self, structure: Structure) -> bool:
        """Whether exact work is within the budget."""
        memory = self.plan(structure.shape).memory
        return memory <= self.budget.memory and self._seconds(structure) <= self.budget.seconds

    def _seconds(self, structure: Structure) -> float:
        """What the posterior of a patient takes, about: a run, and a way forward for the complaint and each group."""
        more = len(self.model.network.groups) + self.has_complaint
        return self.plan(structure.shape).seconds * (1.0 + SHARE_FORWARD * more)

    def too_large(self, structure: Structure) -> str:
        """What exact work would take, and what is allowed."""
        plan = self.plan(structure.shape)
        mixtures = len(structure.common.mixtures)
        return (
            f"{len(structure.common.effects)} findings and signs that are present or unsure"
            f"{f', {mixtures} of them mixtures,' if mixtures else ''} would take about "
            f"{plan.memory / 1e6:,.3g} MB and {self._seconds(structure):,.2g} s; allowed are "
            f"{self.budget.memory / 1e6:,.3g} MB "
            f"and {self.budget.seconds:,.2g} s; leave some out, or allow more (memory= and seconds= of Engine)"
        )

    def plan(self, shape: Shape) -> EliminationOrder:
        """How to go through this shape."""
        if (plan := self._plans.get(shape)) is None:
            plan = make_plan(shape)
            keep(self._plans, shape, plan, MOST_PLANS)
        return plan

    def in_parts(self, patients: Patients) -> tuple[Vector, Vector, dict[int, Vector]]:
        """log P(evidence), P(condition | evidence) and P(effect | evidence), as many patients at once as may be.

        Shapes (patients,), (n, patients), and (patients,) by effect; the complaint is not seen to.
        """
        logs, conditions, effects = [], [], []
        length = self.at_once(patients.structure)
        for start in range(0, patients.count, length):
            run = self.run(patients.some(slice(start, start + length)))
            logs.append(run.log_evidence())
            found = run.marginals()
            conditions.append(found.conditions)
            effects.append(found.effects)
        joined = {k: np.concatenate([each[k] for each in effects]) for k in effects[0]}
        return np.concatenate(logs), np.concatenate(conditions, axis=1), joined

    def at_once(self, structure: Structure) -> int:
        """How many patients of one structure to go through together."""
        return max(1, MOST_AT_ONCE // (sum(self.plan(structure.shape).sizes) + 4 * self.model.n))

    @cached_property
    def gates(self) -> Gates:
        """The network's gates."""
        return Gates(self.model.network)


def _log(share: Vector) -> Vector:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(share, 0.0)))
