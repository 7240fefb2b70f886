"""The strategy for networks with too many conditions to enumerate, whose findings and signs are noisy-ORs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import ClassVar, Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.batch import infer_many, structure_with
from bayesknee.inference.elimination.core import BUDGET, EliminationCore, EliminationPosterior, Totals
from bayesknee.inference.elimination.gradients import EliminationPriorGradients, gradients_of
from bayesknee.inference.elimination.importance import ApproximatePosterior, approximate
from bayesknee.inference.elimination.outcomes import outcomes
from bayesknee.inference.elimination.patients import Patients, one_patient, sorted_evidence
from bayesknee.inference.elimination.redraw import EliminationRedraws
from bayesknee.inference.elimination.sample import EliminationSampler
from bayesknee.inference.elimination.shares import shares
from bayesknee.inference.results import Budget, Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence

FOLLOWED: Final = (12, 10, 8, 6, 4)  # answers, each of which may turn out present; the last is taken in any case
SECONDS_TO_FOLLOW: Final = 2e-3  # for a patient


class Elimination:
    """The strategy. Read-only once made, so safe to share between threads.

    Attributes:
        core: its plans and runs.

    Args:
        network: a network.
        setting: one of its care settings.
        budget: what exact work may take; beyond, `infer` approximates, and all else is refused.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """

    redraws_by_patient: ClassVar[bool] = True

    def __init__(self, network: Network, setting: str, budget: Budget = BUDGET) -> None:
        self.core = EliminationCore(network, setting, budget)

    def infer(self, evidence: Evidence) -> EliminationPosterior | ApproximatePosterior:
        """The posterior, given a patient's evidence: exact where that is within the budget.

        Raises:
            InferenceError: an approximation whose error cannot be told.
        """
        known = sorted_evidence(self.core.model, evidence)
        patient = one_patient(self.core.model, known)
        if not self.core.fits(patient.structure):
            return approximate(self.core, known, patient) or self._impossible(patient)
        whole, log_evidence, marginals = self.core.whole_posterior(evidence, patient)
        if log_evidence[0] == -math.inf:
            return self._impossible(patient)
        return EliminationPosterior(self.core, whole, float(log_evidence[0]), marginals.conditions[:, 0])

    def _impossible(self, patient: Patients) -> EliminationPosterior:
        nothing = Totals(patient, np.array([-math.inf]), np.array([-1.0]))
        return EliminationPosterior(self.core, nothing, -math.inf, np.zeros(self.core.model.n))

    def infer_many(
        self,
        codes: Codes,
        evidence: Evidence = NOTHING_KNOWN,
        groups: Groups = (),
        refused: dict[int, str] | None = None,
    ) -> Posteriors:
        """The posteriors of many patients, as `infer` gives them where it is exact."""
        return infer_many(self.core, codes, evidence, groups, refused)

    def followed(self, evidence: Evidence, names: Sequence[str]) -> Sequence[str]:
        """As many of the first ones as a patient takes next to no time for, were all of them present or absent.

        Where mixtures among them take too long, the others; one mixture, where there is nothing else.
        """
        others = [name for name in names if name not in self.core.model.mixtures]
        for some in (names, others):
            most = [count for count in FOLLOWED if count < len(some)]
            for count in (len(some), *most) if len(some) <= FOLLOWED[0] else most:
                if self._can_follow(evidence, some[:count]):
                    return some[:count]
        return others[: FOLLOWED[-1]] or names[:1]

    def _can_follow(self, evidence: Evidence, names: Sequence[str]) -> bool:
        return self.core.plan(structure_with(self.core.model, evidence, names).shape).seconds_more <= SECONDS_TO_FOLLOW

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """What each answer to each of these questions would lead to; mixtures beyond the budget are left out."""
        return outcomes(self.core, evidence, names)

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None
    ) -> Sample:
        """Patients drawn given evidence; see `bayesknee.inference.elimination.sample`."""
        return EliminationSampler(self.core, evidence, wanted).draw(rows, rng)

    def shares(self, evidence: Evidence, events: Events) -> Shares:
        """What each answer brings to each event; see `bayesknee.inference.elimination.shares`."""
        return shares(self.core, evidence, events)

    def gradients(self, evidence: Evidence, events: Events) -> Gradients:
        """How each event changes with every number; see `bayesknee.inference.elimination.gradients`."""
        return gradients_of(self.core, self._prior_gradients, evidence, events)

    @cached_property
    def _prior_gradients(self) -> EliminationPriorGradients:
        """How patients change with the numbers before the findings."""
        return EliminationPriorGradients(self.core)

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """Chances with redrawn numbers, shape (draws, events); see `bayesknee.inference.elimination.redraw`."""
        return self._redraws.chances(evidence, events, draws, seed)

    def usual_draws(self, evidence: Evidence, events: Events) -> int:
        """How many draws to take where nobody says: 1,000, or as many as fit into the time allowed."""
        return self._redraws.usual_draws(evidence, events)

    @cached_property
    def _redraws(self) -> EliminationRedraws:
        return EliminationRedraws(self.core)
