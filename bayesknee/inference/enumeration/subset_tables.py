"""The posterior of one patient over all subsets of conditions, and the tables that it is the product of.

    p(s | e) is proportional to
        p(s, risk factors known)
        * product over direct findings of P(f_e | s)
        * product over signs of [ P(g=1 | s) prod P(o_e | g=1) + P(g=0 | s) prod P(o_e | g=0) ]
        * product over clusters of signs of P(all that is known of the cluster | s)

where s is a subset of conditions, f a finding that depends on them directly, g a sign, o a finding that reads it. Of
clusters, see `bayesknee.inference.enumeration.clusters`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.caches import keep
from bayesknee.inference.cause_sets import CauseSets, check_sets, network_sets
from bayesknee.inference.cpds import mixture_table, noisy_or_table, readings_likelihood
from bayesknee.inference.enumeration.clusters import ClusterTables
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.products import vector_product
from bayesknee.inference.rule_tables import has_set_table, set_table
from bayesknee.knowledge.model import Mixture, NoisyOr
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import SortedEvidence, sorted_evidence

# 64 MB of rows and as many of tables; with less, they are made again more often. Judged.
MOST_CACHED_NUMBERS: Final = 2**23
# 8 MB: one prior for each pattern of known risk factors, of which a patient has few. Judged.
MOST_CACHED_PRIOR_NUMBERS: Final = 2**20
# Natural log of the least likelihood up to which rows are multiplied as they are. A float holds e^-708, so e^-308 is
# left for the prior of subsets that no answer rules out: even of all 20 conditions together, at 2e-7 each. Nearer to
# -708, these might underflow; nearer to 0, more patients take the slow way by logs. The compiled kernels have -600, for
# they take 14 conditions at most, and so need less room for a prior.
LOWEST_PRODUCT: Final = -400.0


@dataclass(frozen=True)
class SubsetPosterior:
    """p(s | e) over all subsets.

    Attributes:
        weights: p(s | e), shape (sets,), sums to 1; all zero where the evidence is impossible.
        log_evidence: log P(e | complaint, setting); minus infinity where the evidence is impossible.
        sets: the sets of causes.
    """

    weights: Vector
    log_evidence: float
    sets: CauseSets
    approximation: ClassVar[None] = None

    @property
    def marginals(self) -> Vector:
        """P(c | e), shape (n,)."""
        return np.minimum(self.sets.marginals(self.weights), 1.0)

    def any_of(self, conditions: frozenset[int]) -> float:
        """P(at least one of these conditions | e)."""
        return min(float(vector_product(self.weights, self.sets.holds_any(conditions))), 1.0)


class SubsetRow(NamedTuple):
    """P(answer | s) over all subsets, scaled.

    Attributes:
        values: shape (sets,), the largest of them 1.
        log_scale: log of what they were divided by.
        log_lowest: log of the smallest of them that is not 0.
    """

    values: Vector
    log_scale: float
    log_lowest: float


def make_row(values: Vector) -> SubsetRow:
    """The scaled row of these values of P(answer | s)."""
    highest = float(values.max())
    if highest == 0.0:  # nothing can bring this answer
        return SubsetRow(values, 0.0, 0.0)
    scaled = values / highest
    lowest = float(scaled.min()) or float(scaled[scaled > 0.0].min())
    return SubsetRow(scaled, math.log(highest), math.log(lowest))


def weighted(table: Vector, likelihood: Likelihood) -> Vector:
    """P(answer | s), shape (sets,), of a table of shape (states, sets). An answer that is a state is a row of it."""
    if likelihood.count(0.0) == len(likelihood) - 1:
        row: Vector = table[likelihood.index(1.0)]
        return row
    return np.asarray(np.einsum("i,ij", likelihood, table))


def product_of_rows(prior: Vector, rows: Sequence[SubsetRow]) -> tuple[Vector, float]:
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


class SubsetTables:
    """The tables of one network over all subsets. Read-only once made, so safe to share between threads.

    Attributes:
        network, setting: whose tables these are.
        sets: the sets of causes.
        before_findings: the prior of conditions and risk factors.
        clusters: the tables of each cluster of signs, by id.

    Raises:
        InferenceError: too many sets of causes, signs that are tied together too large to sum over, or a prior that
            cannot be computed.
    """

    def __init__(self, network: Network, setting: str) -> None:
        check_sets(network)
        self.network = network
        self.setting = setting
        self.sets = network_sets(network)
        self.before_findings = Prior(network, setting)
        self.clusters = {name: ClusterTables(network, each, self.sets) for name, each in network.clusters.items()}
        self._conditions = tuple(network.conditions)
        self._tables: dict[str, Vector] = {}
        self._kept_rows: dict[tuple[str, Likelihood], SubsetRow] = {}
        self._kept_cluster_rows: dict[tuple[str, tuple[tuple[str, Likelihood], ...]], SubsetRow] = {}
        self._priors: dict[tuple[tuple[str, Likelihood], ...], Vector] = {}

    def infer(self, evidence: Evidence) -> SubsetPosterior:
        """The posterior over subsets, given a patient's evidence."""
        known = sorted_evidence(self.network, evidence.likelihoods)
        prior = self.prior(known.risk_factors)
        rows = self._rows(known)
        weights, log_scale = product_of_rows(prior, rows)
        total = float(weights.sum())
        if total == 0.0:
            return SubsetPosterior(weights, -math.inf, self.sets)
        weights /= total
        return SubsetPosterior(weights, math.log(total) + log_scale + evidence.log_scale, self.sets)

    def prior(self, known: Mapping[str, Likelihood]) -> Vector:
        """P(s, known risk factors | complaint), shape (sets,)."""
        key = tuple(known.items())
        if (prior := self._priors.get(key)) is None:
            prior = self.with_forms(self.before_findings.joint(known))
            if self.network.complaint:
                prior[0] = 0.0
            keep(self._priors, key, prior, MOST_CACHED_PRIOR_NUMBERS // len(prior))
        return prior

    @cached_property
    def shares(self) -> Vector:
        """By set, P(the forms of its conditions | the conditions), shape (sets,)."""
        shares = [condition.shares_in(self.setting) for condition in self.network.conditions.values()]
        logs = np.log(np.concatenate(shares))
        return np.asarray(np.exp(self.sets.sums_of(logs)))

    def with_forms(self, rows: Vector) -> Vector:
        """What is told by set of conditions, shape (..., those sets), divided among their forms, shape (..., sets)."""
        return rows.take(self.sets.sets_of_conditions, axis=-1) * self.shares if self.sets.has_forms else rows

    def without_forms(self, rows: Vector) -> Vector:
        """The mean of rows, shape (..., sets), over the forms of each set of conditions; shape (..., those sets)."""
        if not self.sets.has_forms:
            return rows
        return self.sets.without_forms_of(rows * self.shares)

    def _rows(self, known: SortedEvidence) -> list[SubsetRow]:
        """P(answer | s) of each finding and condition with an answer; readings of one sign make one row."""
        kept, models = self._kept_rows, self.network.readings
        signs = [(sign, readings_likelihood(models, readings)) for sign, readings in known.readings.items()]
        each = (*known.conditions.items(), *known.direct.items(), *signs)
        rows = [kept.get(key) or self._make_row(key) for key in each]  # nearly all are kept, so no call for those
        return rows + [self._cluster_row(*item) for item in known.clusters.items()] if known.clusters else rows

    def _cluster_row(self, cluster: str, answers: Mapping[str, Likelihood]) -> SubsetRow:
        """P(all that is known of a cluster of signs | s)."""
        key = (cluster, tuple(answers.items()))
        if (row := self._kept_cluster_rows.get(key)) is None:
            row = make_row(self.clusters[cluster].likelihood(answers))
            keep(self._kept_cluster_rows, key, row, MOST_CACHED_NUMBERS // len(row.values))
        return row

    def _make_row(self, key: tuple[str, Likelihood]) -> SubsetRow:
        """P(answer | s), of a sign, direct finding or condition and P(answer | state)."""
        name, likelihood = key
        row = make_row(weighted(self.table(name), likelihood))
        keep(self._kept_rows, key, row, MOST_CACHED_NUMBERS // len(row.values))
        return row

    def table(self, name: str) -> Vector:
        """P(state | s) of a condition, sign, or finding that is no plain reading; shape (states, sets).

        Signs that a finding hangs on are summed out.
        """
        if (table := self._tables.get(name)) is None:
            table = self._make_table(name)
            keep(self._tables, name, table, MOST_CACHED_NUMBERS // table.size)
        return table

    def _make_table(self, name: str) -> Vector:
        if name in self.network.conditions:
            yes = self.sets.holds_any(frozenset([self._conditions.index(name)]))
            return np.stack([1.0 - yes, yes])
        if name in self.network.clustered:
            return self.clusters[self.network.clustered[name]].node(name)
        if name in self.network.signs:
            return noisy_or_table(self.network.signs[name].noisy_or, self.sets)
        finding = self.network.findings[name]
        if isinstance(finding.model, Mixture):
            return mixture_table(finding.model, finding.states, self.sets)
        if isinstance(finding.model, NoisyOr):
            return noisy_or_table(finding.model, self.sets)
        if has_set_table(finding):
            return set_table(finding, self.sets)
        raise TypeError(f"{name} reads a sign and has no table of its own")
