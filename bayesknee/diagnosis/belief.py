"""The posterior of one patient and its evidence. Triage, questions and explanations are functions of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from typing import Self

from immutabledict import immutabledict

from bayesknee.arrays import TIE_DECIMALS
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.guideline_scores import PointCount
from bayesknee.diagnosis.triage import Triage, scores_of, triage, unknown_flags
from bayesknee.errors import ImpossibleEvidenceError
from bayesknee.inference.compiled_network import CompiledNetwork
from bayesknee.inference.results import Approximation
from bayesknee.inference.strategy import Inference
from bayesknee.knowledge.model import RedFlag
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import Evidence, check_evidence, shown

IMPOSSIBLE = float("-inf")  # log P(evidence) of impossible evidence: the log of 0


@dataclass(frozen=True)
class NotRuledOut:
    """A must-not-miss condition whose posterior is not below its limit; both are probabilities."""

    condition: str
    probability: float
    limit: float


@dataclass(frozen=True, repr=False)
class Belief:
    """The posterior of one patient.

    Attributes:
        compiled: the network and setting that it was computed with. Two are equal if networks and settings are.
        evidence: the answers that it rests on.
        posterior: P(condition | evidence) by condition id, most probable first. Conditions can be true together, so
            the probabilities do not sum to 1.
        groups: P(at least one member | evidence) by group id.
        forms: P(form | evidence) by condition that comes in forms, then by form, most probable first.
        log_evidence: natural log of P(evidence | complaint, setting). An unsure answer enters with its likelihood as
            given, so this is the log of a probability only if all answers are states.
        approximation: how the posterior was approximated, with the error of each probability; None if it is exact.
        skipped: ids of questions that were put and not answered: no information, but a warning sign among them is not
            known.
    """

    compiled: CompiledNetwork
    evidence: Evidence
    posterior: Mapping[str, float]
    groups: Mapping[str, float]
    log_evidence: float
    approximation: Approximation | None = None
    forms: Mapping[str, Mapping[str, float]] = immutabledict()
    skipped: tuple[str, ...] = ()

    @classmethod
    def of(cls, compiled: CompiledNetwork, evidence: Evidence, skipped: tuple[str, ...] = ()) -> Self:
        """The posterior given a patient's answers.

        Args:
            compiled: the network in a setting.
            evidence: the answers.
            skipped: ids of questions that were put and not answered.

        Raises:
            ImpossibleEvidenceError: the evidence has probability 0. The error names a smallest conflicting set.
            InferenceError: exact work is beyond the budget, and an approximation would have no usable error bars.
        """
        inference = compiled.strategy.infer(evidence)
        if inference.log_evidence == IMPOSSIBLE:
            raise ImpossibleEvidenceError(_smallest_conflict(compiled, evidence))
        return cls(
            compiled=compiled,
            evidence=evidence,
            posterior=immutabledict(_ranked(_by_id(compiled, inference))),
            groups=immutabledict({group: inference.any_of(members) for group, members in compiled.groups.items()}),
            log_evidence=inference.log_evidence,
            approximation=inference.approximation,
            forms=immutabledict(
                {
                    name: immutabledict(_ranked((form, inference.any_of(event)) for form, event in forms.items()))
                    for name, forms in compiled.forms.items()
                }
            ),
            skipped=skipped,
        )

    @property
    def network(self) -> Network:
        """The network that it was computed with."""
        return self.compiled.network

    @property
    def setting(self) -> str:
        """The care setting that it was computed for."""
        return self.compiled.setting

    @property
    def exact(self) -> bool:
        """Whether the posterior is exact."""
        return self.approximation is None

    @cached_property
    def prior(self) -> Mapping[str, float]:
        """The base rates in this setting, by condition id, in the order of `posterior`."""
        return {name: self.network.conditions[name].base_rate_in(self.setting) for name in self.posterior}

    @cached_property
    def not_ruled_out(self) -> tuple[NotRuledOut, ...]:
        """The must-not-miss conditions at or over their limit, most probable first."""
        dangerous = (
            NotRuledOut(name, probability, self.network.conditions[name].limit.value)
            for name, probability in self.posterior.items()
            if self.network.conditions[name].must_not_miss
        )
        return tuple(danger for danger in dangerous if danger.probability >= danger.limit)

    @cached_property
    def triage(self) -> Triage:
        """How urgent the case is, and why, by the network's limits."""
        return self.triage_with(None)

    @cached_property
    def not_known_flags(self) -> tuple[RedFlag, ...]:
        """The red flags more urgent than the level that unknown or skipped answers leave open."""
        skipped = askable(self.network, self.evidence, self.skipped)
        return tuple(unknown_flags(self.network, self.evidence, self.triage.level, skipped))

    @cached_property
    def scores(self) -> tuple[PointCount, ...]:
        """The points in each score of a guideline that the network has; see `bayesknee.diagnosis.guideline_scores`."""
        return scores_of(self.network, self.evidence, self.posterior)

    def triage_with(self, limits: Mapping[str, float] | None) -> Triage:
        """How urgent the case is by other limits; see `bayesknee.diagnosis.triage.triage`.

        Args:
            limits: probabilities inside (0, 1), by condition id. The network's limits hold for the other conditions.

        Raises:
            BayeskneeError: a limit of an unknown condition, or one out of range.
        """
        return triage(CareSteps(self.compiled, limits), self.evidence, self.posterior, self.forms)


def given(belief: Belief, condition: str, state: str) -> Mapping[str, float] | None:
    """P(c | evidence, `condition` is in `state`), by id of every condition c.

    None if that is impossible, or if the evidence already has an answer for `condition`.
    """
    if condition in belief.evidence.likelihoods:
        return None
    evidence = check_evidence(belief.network, {**belief.evidence.answers, condition: state})
    inference = belief.compiled.strategy.infer(evidence)
    return None if inference.log_evidence == IMPOSSIBLE else dict(_by_id(belief.compiled, inference))


def _by_id(compiled: CompiledNetwork, inference: Inference) -> zip[tuple[str, float]]:
    """The conditions and their probabilities, in the network's order."""
    return zip(compiled.network.conditions, inference.marginals.tolist(), strict=True)


def _smallest_conflict(compiled: CompiledNetwork, evidence: Evidence) -> tuple[str, ...]:
    """A set of answers that clash, none of which can be left out.

    Answers are dropped one by one, first from one end, then from the other; the shorter result is kept.
    """
    names = [name for name in evidence.answers if name in evidence.likelihoods]
    return min((_reduced(compiled, evidence, order) for order in (names, names[::-1])), key=len)


def _reduced(compiled: CompiledNetwork, evidence: Evidence, names: list[str]) -> tuple[str, ...]:
    kept = list(names)
    for name in names:
        fewer = [other for other in kept if other != name]
        if compiled.strategy.infer(evidence.only(fewer)).log_evidence == IMPOSSIBLE:
            kept = fewer
    return tuple(f"{name}={shown(evidence.answers[name])}" for name in kept)


def _ranked(pairs: Iterable[tuple[str, float]]) -> Sequence[tuple[str, float]]:
    """The most probable first; those equal but for rounding as they came. For one patient, faster than `descending`."""
    by_order = list(pairs)
    ranked = sorted(by_order, key=itemgetter(1), reverse=True)
    if any(higher - lower < 10.0**-TIE_DECIMALS for (_, higher), (_, lower) in pairwise(ranked)):
        return sorted(by_order, key=lambda pair: -round(pair[1], TIE_DECIMALS))
    return ranked
