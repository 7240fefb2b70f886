"""Elimination orders, their runs, and the posteriors from these: the core of the elimination strategy."""

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
from bayesknee.inference.elimination.order import EliminationOrder, Shape, find_order
from bayesknee.inference.elimination.patients import Patients
from bayesknee.inference.elimination.run import AnyRun, Marginals, Run
from bayesknee.inference.elimination.structure import Structure
from bayesknee.inference.results import Budget, Groups
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence
from bayesknee.patient.gates import Gates

RunOf: TypeAlias = Callable[[Patients], AnyRun]

BUDGET: Final = Budget()
# Numbers in all tables of a run, 32 MB. By measurement, with 20 present findings of 4,000: a patient takes 146 us with
# this, 356 us with a quarter (overhead), 377 us with four times as much (caches).
MOST_AT_ONCE: Final = 2**22
MOST_PLANS: Final = 64  # orders kept, of some kB each; by measurement, a search takes 40 ms with 20 present findings
BYTES: Final = 8  # of a number
MOST_KEPT: Final = 4  # posteriors kept: a diagnosis asks for the same one several times, and groups ask once more
SHARE_FORWARD: Final = 0.4  # of the time of a run, for the estimate of seconds; by measurement from a quarter to a half
RARE_COMPLAINT: Final = 1e-3  # P(any condition | e) below which 1 - P(none | e) would lose more than 3 of 16 digits


class Totals(NamedTuple):
    """The evidence of patients and the share of it with the presenting complaint.

    Attributes:
        patients: the patients, with the complaint as an effect if it is too rare to be divided out.
        log_all: log P(evidence), without the complaint unless it is an effect, shape (patients,).
        share: P(any condition | evidence), as `EliminationCore._share_with_any`, shape (patients,).
    """

    patients: Patients
    log_all: Vector
    share: Vector


@dataclass(frozen=True)
class EliminationPosterior:
    """The exact posterior of one patient.

    Attributes:
        core: of the network.
        totals: of the patient.
        log_evidence: log P(e | complaint, setting); minus infinity if the evidence is impossible.
        marginals: P(c | e), shape (n,); 0 if the evidence is impossible.
    """

    core: EliminationCore
    totals: Totals
    log_evidence: float
    marginals: Vector
    approximation: ClassVar[None] = None

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e)."""
        return float(self.core.any_of_from(self.totals, [conditions])[0, 0])


class EliminationCore:
    """Elimination orders and runs for one network in one setting. Safe to share between threads.

    Args:
        network: a network.
        setting: one of its care settings.
        budget: what exact work for one patient may take.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """

    def __init__(self, network: Network, setting: str, budget: Budget) -> None:
        self.budget = budget
        self.setting = setting
        self.model = network_arrays(network, setting, budget.memory)
        self.has_complaint = bool(network.complaint)
        self._plans: dict[Shape, EliminationOrder] = {}
        self._kept: dict[object, tuple[Totals, Vector, Marginals]] = {}

    def posterior_of(self, evidence: Evidence, patient: Patients) -> tuple[Vector, Marginals]:
        """As `posteriors`, of a single patient with this evidence. The last few results are kept."""
        return self.posterior_with_totals(evidence, patient)[1:]

    def posterior_with_totals(self, evidence: Evidence, patient: Patients) -> tuple[Totals, Vector, Marginals]:
        """As `posterior_of`, with the totals from which the posteriors of groups follow."""
        key = (*evidence.likelihoods.items(), evidence.log_scale)
        if (kept := self._kept.get(key)) is None:
            if self._is_large(patient.structure):
                self._kept.clear()
            kept = self._posteriors(patient, self.run)
            keep(self._kept, key, kept, MOST_KEPT)
        return kept

    def posteriors(self, patients: Patients, run_of: RunOf | None = None) -> tuple[Vector, Marginals]:
        """log P(evidence | complaint), shape (patients,), and the marginals given the complaint.

        Args:
            patients: of one structure.
            run_of: makes runs; `run` by default.

        Raises:
            InferenceError: tables that would be too large.
        """
        return self._posteriors(patients, run_of or self.run)[1:]

    def _posteriors(self, patients: Patients, run_of: RunOf) -> tuple[Totals, Vector, Marginals]:
        run, totals = self._totals(patients, run_of)
        marginals = run.marginals()
        with np.errstate(invalid="ignore", divide="ignore"):
            marginals.conditions = np.minimum(marginals.conditions / np.maximum(totals.share, 0.0), 1.0)
        log_evidence = totals.log_all + _log(totals.share) - np.log(patients.structure.model.complaint)
        return totals, log_evidence, marginals

    def _totals(self, patients: Patients, run_of: RunOf) -> tuple[AnyRun, Totals]:
        """A run of the patients after its forward pass, and the totals."""
        run = run_of(patients)
        log_all = run.log_evidence()
        share = self._share_with_any(patients, log_all, run_of)
        if np.any((share < RARE_COMPLAINT) & (share > -1.0)) and not self._counts_any(patients):
            return self._totals(self.counting_any(patients), run_of)
        return run, Totals(patients, log_all, share)

    def _share_with_any(self, patients: Patients, log_all: Vector, run_of: RunOf) -> Vector:
        """P(any condition | evidence), shape (patients,).

        It is 1 if the complaint is an effect or the network has none, and -1 if the evidence is impossible.
        """
        possible = ~np.isneginf(log_all)
        if not self.has_complaint or self._counts_any(patients):
            return np.where(possible, 1.0, -1.0)
        log_none = run_of(patients.without(range(self.model.n))).log_evidence_alone()
        with np.errstate(invalid="ignore"):
            return np.where(possible, -np.expm1(np.minimum(log_none - log_all, 0.0)), -1.0)

    def any_of(self, patients: Patients, groups: Groups, run_of: RunOf | None = None) -> Vector:
        """P(at least one member | e), shape (patients, groups); arguments and errors as for `posteriors`."""
        run_of = run_of or self.run
        return self.any_of_from(self._totals(patients, run_of)[1], groups, run_of)

    def any_of_from(self, totals: Totals, groups: Groups, run_of: RunOf | None = None) -> Vector:
        """As `any_of`, from the totals of a run."""
        run_of = run_of or self.run
        patients, log_all, share = totals
        logs = [run_of(patients.without(group)).log_evidence_alone() for group in groups]
        with np.errstate(invalid="ignore", divide="ignore"):
            parts = [np.clip(-np.expm1(log_none - log_all) / share, 0.0, 1.0) for log_none in logs]
        return np.array(parts).reshape(len(groups), patients.count).T

    def _counts_any(self, patients: Patients) -> bool:
        common = patients.structure.common
        return self.model.any_effect in common.effects or bool(common.mixtures)

    def counting_any(self, patients: Patients) -> Patients:
        """The same patients, with the presenting complaint as a further effect that is present.

        An answer to a mixture implies the complaint, so such patients stay as they are.
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
        """A run of the elimination order of these patients.

        Raises:
            InferenceError: tables that would be too large.
        """
        return Run(self.plan_of(patients.structure), patients)

    def plan_of(self, structure: Structure) -> EliminationOrder:
        """The elimination order for patients of this structure.

        Raises:
            InferenceError: tables that would be too large.
        """
        self.check_fits(structure)
        return self.plan(structure.shape)

    def check_fits(self, structure: Structure, size: int = 1) -> None:
        """Refuses exact work beyond the budget, whose numbers are `size` times as large as those of a posterior.

        Raises:
            InferenceError: it is beyond the budget.
        """
        if not self.fits(structure) or size * self.memory(structure) > self.budget.memory:
            raise InferenceError(self.too_large(structure, size))

    def fits(self, structure: Structure) -> bool:
        """Whether exact work for a patient of this structure is within the budget."""
        return self.memory(structure) <= self.budget.memory and self.seconds(structure) <= self.budget.seconds

    def memory(self, structure: Structure) -> int:
        """The estimated bytes that exact work for one patient of this structure takes."""
        numbers = structure.kept_numbers + structure.crowd_numbers
        return self.plan(structure.shape).memory + BYTES * numbers

    def seconds(self, structure: Structure) -> float:
        """The estimated time of a posterior: a run, and a forward pass for the complaint and for each group."""
        more = len(self.model.network.groups) + self.has_complaint
        return self.plan(structure.shape).seconds * (1.0 + SHARE_FORWARD * more)

    def seconds_of_runs(self, structure: Structure, runs: float, patients: float | None = None) -> float:
        """The estimated time of the marginals of so many patients in so many runs, without groups.

        Args:
            structure: of the patients.
            runs: how many runs there are.
            patients: how many patients in all; as many as runs by default.
        """
        plan = self.plan(structure.shape)
        steps, each = plan.seconds - plan.seconds_more, plan.seconds_more
        passes = 1.0 + SHARE_FORWARD * self.has_complaint
        return passes * (runs * steps + (runs if patients is None else patients) * each)

    def _is_large(self, structure: Structure) -> bool:
        """Whether posteriors kept beside one of this structure might take more memory than allowed."""
        return MOST_KEPT * self.memory(structure) > self.budget.memory

    def too_large(self, structure: Structure, size: int = 1) -> str:
        """The error text: what exact work would take, and what the budget allows."""
        mixtures = len(structure.common.mixtures)
        return (
            f"{len(structure.common.effects)} findings and signs that are present or unsure"
            f"{f', {mixtures} of them mixtures,' if mixtures else ''} would take about "
            f"{size * self.memory(structure) / 1e6:,.3g} MB and {self.seconds(structure):,.2g} s; allowed are "
            f"{self.budget.memory / 1e6:,.3g} MB "
            f"and {self.budget.seconds:,.2g} s; leave some out, or allow more (memory= and seconds= of Engine)"
        )

    def plan(self, shape: Shape) -> EliminationOrder:
        """The elimination order for this shape. The last few are kept."""
        if (plan := self._plans.get(shape)) is None:
            plan = find_order(shape)
            keep(self._plans, shape, plan, MOST_PLANS)
        return plan

    def in_parts(self, patients: Patients) -> tuple[Vector, Vector, dict[int, Vector]]:
        """log P(evidence), P(condition | evidence) and P(effect | evidence), by runs of `at_once` patients.

        Shapes (patients,), (n, patients), and (patients,) by effect. The complaint is not conditioned on.
        """
        logs, conditions, effects = [], [], []
        length = self.at_once(patients.structure)
        for start in range(0, patients.count, length):
            run = self.run(patients.in_rows(slice(start, start + length)))
            logs.append(run.log_evidence())
            found = run.marginals()
            conditions.append(found.conditions)
            effects.append(found.effects)
        joined = {k: np.concatenate([by_number[k] for by_number in effects]) for k in effects[0]}
        return np.concatenate(logs), np.concatenate(conditions, axis=1), joined

    def at_once(self, structure: Structure) -> int:
        """How many patients of one structure to put into one run."""
        numbers = sum(self.plan(structure.shape).sizes) + 4 * self.model.n + structure.crowd_numbers
        return max(1, MOST_AT_ONCE // numbers)

    @cached_property
    def gates(self) -> Gates:
        """The network's gates."""
        return Gates(self.model.network)


def _log(share: Vector) -> Vector:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(share, 0.0)))
