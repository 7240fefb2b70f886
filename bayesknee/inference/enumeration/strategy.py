"""Exact inference by enumeration of all subsets of conditions; up to about 20 conditions, any kind of finding.

    p(s | e) is proportional to
        p(s, risk factors known)
        * product over direct findings of P(f_e | s)
        * product over signs of [ P(g=1 | s) prod P(o_e | g=1) + P(g=0 | s) prod P(o_e | g=0) ]

where s is a subset of conditions, f a finding that depends on them directly, g a sign, o a finding that reads it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.caches import keep
from bayesknee.inference.cpds import mixture_table, noisy_or_table, reading_likelihood
from bayesknee.inference.drawn_numbers import USUAL_DRAWS
from bayesknee.inference.enumeration.batch import Batch
from bayesknee.inference.enumeration.compiled.risk_factors import is_small_enough
from bayesknee.inference.enumeration.gradients import gradients_of
from bayesknee.inference.enumeration.outcomes import WhatIf
from bayesknee.inference.enumeration.redraw import Redraws
from bayesknee.inference.enumeration.sample import Sampler
from bayesknee.inference.enumeration.shares import shares_of
from bayesknee.inference.prior.gradients import PriorGradients
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.results import Events, Gradients, Groups, Outcomes, Posteriors, Sample, Shares
from bayesknee.inference.strategy import MOST_CONDITIONS
from bayesknee.inference.subsets import holds_any, marginals
from bayesknee.knowledge.model import Mixture, NoisyOr, Reading
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, Likelihood
from bayesknee.patient.gates import Gates

if TYPE_CHECKING:
    from bayesknee.inference.enumeration.compiled.prepare import Many

WORTH_COMPILING: Final = 2000  # patients; compiled code takes a second to load, and ten when first used
MOST_CACHED_NUMBERS: Final = 2**23
MOST_CACHED_PRIOR_NUMBERS: Final = 2**20
LOWEST_PRODUCT: Final = -400.0


@dataclass(frozen=True)
class SubsetPosterior:
    """p(s | e) over all subsets.

    Attributes:
        weights: p(s | e), shape (2**n,), sums to 1; all zero where the evidence is impossible.
        log_evidence: log P(e | complaint, setting); minus infinity where the evidence is impossible.
    """

    weights: Vector
    log_evidence: float
    approximation: ClassVar[None] = None

    @property
    def marginals(self) -> Vector:
        """P(c | e), shape (n,)."""
        return np.minimum(marginals(self.weights), 1.0)

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e)."""
        return min(float(self.weights @ holds_any(conditions, len(self.weights))), 1.0)


class Row(NamedTuple):
    """P(answer | s) over all subsets, scaled.

    Attributes:
        values: shape (2**n,), the largest of them 1.
        log_scale: log of what they were divided by.
        log_lowest: log of the smallest of them that is not 0.
    """

    values: Vector
    log_scale: float
    log_lowest: float


def make_row(values: Vector) -> Row:
    """The row of these values."""
    highest = float(values.max())
    scaled = values / highest
    lowest = float(scaled.min()) or float(scaled[scaled > 0.0].min())
    return Row(scaled, math.log(highest), math.log(lowest))


def weighted(table: Vector, likelihood: Likelihood) -> Vector:
    """P(answer | s), shape (2**n,), of a table of shape (states, 2**n). An answer that is a state is a row of it."""
    if likelihood.count(0.0) == len(likelihood) - 1:
        row: Vector = table[likelihood.index(1.0)]
        return row
    return np.asarray(np.einsum("i,ij", likelihood, table))


def product_of_rows(prior: Vector, rows: Sequence[Row]) -> tuple[Vector, float]:
    """The product of the prior and all rows, and the log of what it has to be multiplied with.

    As it stands, unless it might underflow: by way of logs then, which are ten times slower.
    """
    log_scale = math.fsum(row.log_scale for row in rows)
    if sum(row.log_lowest for row in rows) > LOWEST_PRODUCT:
        weights = prior.copy()
        for row in rows:
            weights *= row.values
        return weights, log_scale
    with np.errstate(divide="ignore"):
        logs = np.log(prior) + sum(np.log(row.values) for row in rows)
    top = float(logs.max())
    return (np.exp(logs - top), log_scale + top) if top > -math.inf else (np.zeros_like(prior), 0.0)


class Enumeration:
    """The strategy that sums over all subsets of conditions. Read-only once made, so safe to share between threads.

    Attributes:
        before_findings: the prior of conditions and risk factors.
        readings: what findings read, by finding; those that read no sign are left out.

    Raises:
        InferenceError: too many conditions, or a prior that cannot be computed.
    """

    redraws_by_patient: ClassVar[bool] = False

    def __init__(self, network: Network, setting: str) -> None:
        n = len(network.conditions)
        if n > MOST_CONDITIONS:
            raise InferenceError(f"{n} conditions; enumeration takes at most {MOST_CONDITIONS}; use a smaller network")
        self._network = network
        self._conditions = tuple(network.conditions)
        self.before_findings = Prior(network, setting)
        self.readings = {each.id: each.model for each in network.findings.values() if isinstance(each.model, Reading)}
        self._gates = Gates(network)
        self._risk_factors = frozenset(network.risk_factors)  # quicker to look up in
        self._tables: dict[str, Vector] = {}
        self._kept_rows: dict[tuple[str, Likelihood], Row] = {}
        self._priors: dict[tuple[tuple[str, Likelihood], ...], Vector] = {}

    def infer(self, evidence: Evidence) -> SubsetPosterior:
        """The posterior over subsets, given a patient's evidence."""
        prior = self.prior(evidence.likelihoods)
        rows = self._rows(evidence.likelihoods)
        weights, log_scale = product_of_rows(prior, rows)
        total = float(weights.sum())
        if total == 0.0:
            return SubsetPosterior(weights, -math.inf)
        weights /= total
        return SubsetPosterior(weights, math.log(total) + log_scale + evidence.log_scale)

    def infer_many(
        self,
        codes: Codes,
        evidence: Evidence = NOTHING_KNOWN,
        groups: Groups = (),
        refused: dict[int, str] | None = None,
    ) -> Posteriors:
        """The posteriors of many patients, as `infer` gives them one by one; see `bayesknee.inference.enumeration.batch`."""
        del refused  # no patient is too much
        answers = self._gates.answers(codes, evidence)
        if len(codes) >= WORTH_COMPILING and (many := self._many):
            return many.infer(answers, groups)
        return Batch(self, self._network, answers, groups).infer()

    @cached_property
    def _many(self) -> Many | None:
        """The compiled way, where numba is there and the network is not too large for it."""
        if find_spec("numba") is None or not is_small_enough(self.before_findings):
            return None
        from bayesknee.inference.enumeration.compiled.prepare import Many

        return Many(self, self._network)

    def followed(self, _evidence: Evidence, names: Sequence[str]) -> Sequence[str]:
        """All of them, as `infer_many` takes no longer for more answers."""
        return names

    def sample(
        self, evidence: Evidence, rows: int, rng: np.random.Generator, wanted: Collection[str] | None = None
    ) -> Sample:
        """Patients drawn given evidence, with all their answers; see `bayesknee.inference.enumeration.sample`."""
        del wanted
        return Sampler(self, self._network, evidence).draw(rows, rng)

    def shares(self, evidence: Evidence, events: Events) -> Shares:
        """What each answer brings; see `bayesknee.inference.enumeration.shares`."""
        return shares_of(self, self._network, evidence, events)

    def outcomes(self, evidence: Evidence, names: Iterable[str]) -> Outcomes:
        """What each answer to each of these questions would lead to; see `bayesknee.inference.enumeration.outcomes`."""
        return self._what_if.outcomes(evidence, names)

    @cached_property
    def _what_if(self) -> WhatIf:
        return WhatIf(self, self._network)

    def redrawn(self, evidence: Evidence, events: Events, draws: int, seed: int) -> Vector:
        """Chances with redrawn numbers, shape (draws, events); see `bayesknee.inference.enumeration.redraw`."""
        return self._redraws.chances(evidence, events, draws, seed)

    def usual_draws(self, _evidence: Evidence, _events: Events) -> int:
        """How many draws to take where nobody says: they cost little."""
        return USUAL_DRAWS

    @cached_property
    def _redraws(self) -> Redraws:
        return Redraws(self._network, self.before_findings)

    def gradients(self, evidence: Evidence, events: Events) -> Gradients:
        """How the posterior changes with every number; see `bayesknee.inference.enumeration.gradients`."""
        return gradients_of(self, self._network, evidence, events)

    @cached_property
    def prior_gradients(self) -> PriorGradients:
        """How the prior changes with every number."""
        return PriorGradients(self.before_findings, self._network)

    def prior(self, likelihoods: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors | complaint), shape (2**n,)."""
        known = {name: each for name, each in likelihoods.items() if name in self._risk_factors}
        key = tuple(known.items())
        if (prior := self._priors.get(key)) is None:
            prior = self.before_findings.joint(known)
            if self._network.complaint:
                prior[0] = 0.0
            keep(self._priors, key, prior, MOST_CACHED_PRIOR_NUMBERS // len(prior))
        return prior

    def _rows(self, likelihoods: Mapping[str, Likelihood]) -> list[Row]:
        """What is known of findings and conditions; readings of one sign make one row."""
        rows: list[Row] = []
        by_sign: dict[str, Likelihood] = {}
        for name, likelihood in likelihoods.items():
            if name in self.readings:
                reading = self.readings[name]
                no, yes = by_sign.get(reading.sign, (1.0, 1.0))
                own_no, own_yes = reading_likelihood(reading, likelihood)
                by_sign[reading.sign] = (no * own_no, yes * own_yes)
            elif name not in self._risk_factors:
                rows.append(self._row(name, likelihood))
        return rows + [self._row(sign, likelihood) for sign, likelihood in by_sign.items()]

    def _row(self, name: str, likelihood: Likelihood) -> Row:
        """P(answer | s), where `likelihood` is P(answer | state) of a sign, direct finding or condition."""
        key = (name, likelihood)
        if (row := self._kept_rows.get(key)) is None:
            row = make_row(weighted(self.table(name), likelihood))
            keep(self._kept_rows, key, row, MOST_CACHED_NUMBERS // len(row.values))
        return row

    def table(self, name: str) -> Vector:
        """P(state | s) of a sign, direct finding or condition, shape (states, 2**n)."""
        if (table := self._tables.get(name)) is None:
            table = self._make_table(name)
            keep(self._tables, name, table, MOST_CACHED_NUMBERS // table.size)
        return table

    def _make_table(self, name: str) -> Vector:
        if name in self._network.conditions:
            yes = holds_any(frozenset([self._conditions.index(name)]), 2 ** len(self._conditions))
            return np.stack([1.0 - yes, yes])
        if name in self._network.signs:
            return noisy_or_table(self._network.signs[name].noisy_or, self._conditions)
        finding = self._network.findings[name]
        if isinstance(finding.model, Mixture):
            return mixture_table(finding.model, finding.states, self._conditions)
        if isinstance(finding.model, NoisyOr):
            return noisy_or_table(finding.model, self._conditions)
        raise TypeError(f"{name} reads a sign and has no table of its own")
