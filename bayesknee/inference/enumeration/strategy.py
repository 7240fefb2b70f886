"""The strategy that sums over all subsets of conditions: up to about 20 of them, any kind of finding."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import ClassVar, Final, Protocol

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.drawn_numbers import USUAL_DRAWS
from bayesknee.inference.enumeration.batch import Batch
from bayesknee.inference.enumeration.gradients import gradients_of
from bayesknee.inference.enumeration.outcomes import SubsetOutcomes
from bayesknee.inference.enumeration.redraw import Redraws
from bayesknee.inference.enumeration.sample import SubsetSampler
from bayesknee.inference.enumeration.shares import shares_of
from bayesknee.inference.enumeration.subset_tables import SubsetPosterior, SubsetTables
from bayesknee.inference.jit import can_compile
from bayesknee.inference.prior.gradients import PriorGradients
from bayesknee.inference.results import Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence
from bayesknee.patient.gates import CodedAnswers, Gates

# Patients. Compiled code takes a second to load, and ten when first used: for fewer patients, numpy is through before.
# Elimination has 200: a patient takes milliseconds there, and a fraction of one here. Both are judged.
WORTH_COMPILING: Final = 2000

# Of a ranking: what numpy takes per call, and a set of conditions for each question. Measured with the networks that
# ship, in plans, where risk factors stay as they are.
SECONDS_A_RANKING: Final = 1e-3
SECONDS_A_SET: Final = 2e-9


class ManyPatients(Protocol):
    """The interface of `bayesknee.inference.enumeration.compiled.prepare.Many`, which loads numba when imported."""

    def infer(self, answers: CodedAnswers, groups: Groups, /) -> Posteriors: ...


class Enumeration:
    """The strategy that sums over all subsets of conditions. Read-only once made, so safe to share between threads.

    Raises:
        InferenceError: too many conditions, or a prior that cannot be computed.
    """

    redraws_by_patient: ClassVar[bool] = False

    def __init__(self, network: Network, setting: str) -> None:
        self._tables = SubsetTables(network, setting)
        self._gates = Gates(network)

    def infer(self, evidence: Evidence) -> SubsetPosterior:
        """The posterior over subsets, given a patient's evidence."""
        return self._tables.infer(evidence)

    def infer_many(
        self,
        codes: Codes,
        evidence: Evidence = NOTHING_KNOWN,
        groups: Groups = (),
        refused: dict[int, str] | None = None,
    ) -> Posteriors:
        """The posteriors of many patients, as `infer` gives them one by one; see `batch`."""
        del refused  # no patient is too much
        answers = self._gates.answers(codes, evidence)
        if len(codes) >= WORTH_COMPILING and (many := self._many):
            return many.infer(answers, groups)
        return Batch(self._tables, answers, groups).infer()

    @cached_property
    def _many(self) -> ManyPatients | None:
        """Compiled inference for many patients; None without numba, or if the network is too large for it."""
        if not can_compile():
            return None
        from bayesknee.inference.enumeration.compiled.prepare import Many, can_take

        return Many(self._tables) if can_take(self._tables) else None

    def followed(self, _evidence: Evidence, names: Sequence[str]) -> Sequence[str]:
        """All of these questions, as `infer_many` takes no longer for more answers."""
        return names

    def patients_in_time(self, _evidence: Evidence, _names: Collection[str]) -> int:
        """Any number: few sets of conditions take microseconds for a patient."""
        return sys.maxsize

    def seconds_to_rank(self, _evidence: Evidence, names: Collection[str]) -> float:
        """The seconds that the outcomes of these questions take, by estimate."""
        return SECONDS_A_RANKING + SECONDS_A_SET * len(names) * self._tables.sets.size

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None
    ) -> Sample:
        """Patients drawn given evidence; see `bayesknee.inference.enumeration.sample`."""
        return SubsetSampler(self._tables, evidence, wanted).draw(rows, rng)

    def shares(self, evidence: Evidence, events: Events) -> Shares:
        """The share of each answer in each event; see `bayesknee.inference.enumeration.shares`."""
        return shares_of(self._tables, evidence, events)

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """The posteriors after each answer to each question; see `bayesknee.inference.enumeration.outcomes`."""
        return self._what_if.outcomes(evidence, names)

    @cached_property
    def _what_if(self) -> SubsetOutcomes:
        return SubsetOutcomes(self._tables)

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """P(event | e) with drawn numbers, shape (draws, events); see `bayesknee.inference.enumeration.redraw`."""
        return self._redraws.chances(evidence, events, draws, seed)

    def usual_draws(self, _evidence: Evidence, _events: Events) -> int:
        """The default number of draws: the same for all, as draws cost little."""
        return USUAL_DRAWS

    @cached_property
    def _redraws(self) -> Redraws:
        tables = self._tables
        return Redraws(tables.network, tables.before_findings, tables.sets, tables.clusters)

    def gradients(self, evidence: Evidence, events: Events) -> Gradients:
        """The derivatives of each event by all numbers; see `bayesknee.inference.enumeration.gradients`."""
        return gradients_of(self._tables, self._prior_gradients, evidence, events)

    @cached_property
    def _prior_gradients(self) -> PriorGradients:
        """Derivatives by the numbers of conditions and risk factors."""
        return PriorGradients(self._tables.before_findings, self._tables.network)
