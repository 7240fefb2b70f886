"""The strategy for networks with too many conditions to enumerate: elimination, for noisy-ORs and mixtures."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import ClassVar, Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.elimination.batch import infer_many, structure_with
from bayesknee.inference.elimination.core import BUDGET, EliminationCore, EliminationPosterior, Totals
from bayesknee.inference.elimination.gradients import EliminationPriorGradients, gradients_of
from bayesknee.inference.elimination.importance import ApproximatePosterior, approximate
from bayesknee.inference.elimination.outcomes import RankingCosts, outcomes
from bayesknee.inference.elimination.patients import Patients, node_evidence, one_patient
from bayesknee.inference.elimination.redraw import EliminationRedraws
from bayesknee.inference.elimination.sample import EliminationSampler
from bayesknee.inference.elimination.shares import shares
from bayesknee.inference.results import Budget, Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence

# Numbers of questions to look ahead to, tried in turn until the time suffices; the last is taken in any case. All of
# their effects may be present, and time and memory grow exponentially with these. Judged.
FOLLOWED: Final = (12, 10, 8, 6, 4)
SECONDS_TO_FOLLOW: Final = 2e-3  # for a drawn patient: up to 400 are drawn for a stop rule, so 0.8 s


class Elimination:
    """Inference by elimination; see `bayesknee.inference.strategy.Strategy`. Safe to share between threads.

    Attributes:
        core: elimination orders and runs.

    Args:
        network: a network.
        setting: one of its care settings.
        budget: what exact work may take. Beyond it, `infer` approximates, and all other work is refused.

    Raises:
        InferenceError: tables too large, or base rates that cannot be met.
    """

    redraws_by_patient: ClassVar[bool] = True

    def __init__(self, network: Network, setting: str, budget: Budget = BUDGET) -> None:
        self.core = EliminationCore(network, setting, budget)

    def infer(self, evidence: Evidence) -> EliminationPosterior | ApproximatePosterior:
        """The posterior given a patient's evidence: exact if that is within the budget, else approximate.

        Raises:
            InferenceError: an approximation without usable error bars.
        """
        known = node_evidence(self.core.model, evidence)
        patient = one_patient(self.core.model, known)
        if not self.core.fits(patient.structure):
            return approximate(self.core, known, patient) or self._impossible(patient)
        totals, log_evidence, marginals = self.core.posterior_with_totals(evidence, patient)
        if log_evidence[0] == -math.inf:
            return self._impossible(patient)
        return EliminationPosterior(self.core, totals, float(log_evidence[0]), marginals.conditions[:, 0])

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
        """The exact posteriors of many patients."""
        return infer_many(self.core, codes, evidence, groups, refused)

    def followed(self, evidence: Evidence, names: Sequence[str]) -> Sequence[str]:
        """The first questions that take at most `SECONDS_TO_FOLLOW` for a patient, if all of them are answered.

        If mixtures among them take too long, they are left out. A mixture alone is kept if there is nothing else.
        """
        others = [name for name in names if name not in self.core.model.mixtures]
        for candidates in (names, others):
            most = [count for count in FOLLOWED if count < len(candidates)]
            for count in (len(candidates), *most) if len(candidates) <= FOLLOWED[0] else most:
                if self._can_follow(evidence, candidates[:count]):
                    return candidates[:count]
        return others[: FOLLOWED[-1]] or names[:1]

    def _can_follow(self, evidence: Evidence, names: Sequence[str]) -> bool:
        return self.core.plan(structure_with(self.core.model, evidence, names).shape).seconds_more <= SECONDS_TO_FOLLOW

    def patients_in_time(self, _evidence: Evidence, _names: Collection[str]) -> int:
        """Any number: `followed` chooses questions such that a patient takes milliseconds."""
        return sys.maxsize

    def seconds_to_rank(self, evidence: Evidence, names: Collection[str]) -> float:
        """The seconds that the outcomes of these questions take, and no more than the budget has."""
        costs = RankingCosts(self.core, evidence)
        return min(self.core.budget.seconds, sum(map(costs.of, names)))

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """The posteriors after each answer to each of these questions; mixtures beyond the budget are left out."""
        return outcomes(self.core, evidence, names)

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None
    ) -> Sample:
        """Patients drawn given evidence; see `bayesknee.inference.elimination.sample`."""
        return EliminationSampler(self.core, evidence, wanted).draw(rows, rng)

    def shares(self, evidence: Evidence, events: Events) -> Shares:
        """The share of each answer in each event; see `bayesknee.inference.elimination.shares`."""
        return shares(self.core, evidence, events)

    def gradients(self, evidence: Evidence, events: Events) -> Gradients:
        """The derivatives of each event by all numbers; see `bayesknee.inference.elimination.gradients`."""
        return gradients_of(self.core, self._prior_gradients, evidence, events)

    @cached_property
    def _prior_gradients(self) -> EliminationPriorGradients:
        """Derivatives by the numbers of conditions and risk factors."""
        return EliminationPriorGradients(self.core)

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """P(event | e) with drawn numbers, shape (draws, events); see `bayesknee.inference.elimination.redraw`."""
        return self._redraws.chances(evidence, events, draws, seed)

    def usual_draws(self, evidence: Evidence, events: Events) -> int:
        """The default number of draws: 1,000, or as many as fit into the budget."""
        return self._redraws.usual_draws(evidence, events)

    @cached_property
    def _redraws(self) -> EliminationRedraws:
        return EliminationRedraws(self.core)
