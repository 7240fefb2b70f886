"""Patients drawn from the network, given evidence: a set of causes, then risk factors, signs and findings given those.

    s ~ p(s | e);   r ~ p(r | s, e);   g ~ p(g | s, readings in e);   f ~ p(f | s or g, e)

Signs of a cluster are drawn jointly, given all that is known of it.

Given s, risk factors do not depend on signs and findings, so each step is exact: no rejection, no burn-in. Risk factors
are summed out block by block for each s that was drawn, then drawn in the reverse order, each given those before it
(forward filtering, backward sampling).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Final

import numpy as np

from bayesknee.arrays import Integers, Vector
from bayesknee.errors import ImpossibleEvidenceError
from bayesknee.inference.cpds import reading_table, readings_likelihood
from bayesknee.inference.drawn_states import close_gates, draw_each, with_gates
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.prior.draw import RiskFactors, risk_factor_draws
from bayesknee.inference.results import Sample
from bayesknee.knowledge.model import Reading
from bayesknee.patient.codes import nothing_known
from bayesknee.patient.evidence import Evidence
from bayesknee.patient.sorted_evidence import sorted_evidence

# Patients drawn at once. More take memory in proportion, fewer mean more calls of numpy: judged. With another value a
# seed gives other patients, as each lot draws all of its numbers in turn.
MOST_ROWS_AT_ONCE: Final = 2**14


class SubsetSampler:
    """Draws patients who share some evidence.

    What is not wanted is passed over, but its random numbers are taken: a seed gives the same patients whatever is
    wanted of them.

    Args:
        tables: of the network.
        evidence: what is known of all of them.
        wanted: ids of the questions to draw, with which their gates are drawn; None draws all of them.

    Raises:
        ImpossibleEvidenceError: nobody can have given these answers.
    """

    def __init__(self, tables: SubsetTables, evidence: Evidence, wanted: Collection[str] | None = None) -> None:
        self._tables = tables
        self._network = network = tables.network
        self._wanted = frozenset(network.questions if wanted is None else with_gates(network, wanted))
        self._read = {each.sign for name, each in network.readings.items() if name in self._wanted}
        self._given = evidence.likelihoods
        self._known = sorted_evidence(tables.network, evidence.likelihoods)
        self._weights = tables.infer(evidence).weights
        if not self._weights.any():
            raise ImpossibleEvidenceError(evidence.answers)
        self._columns = {name: column for column, name in enumerate(tables.network.questions)}

    @cached_property
    def _risk_factors(self) -> RiskFactors:
        return RiskFactors(self._tables.before_findings, self._known.risk_factors)

    def draw(self, rows: int, rng: np.random.Generator) -> Sample:
        """Draws `rows` patients, at most `MOST_ROWS_AT_ONCE` at a time."""
        lengths = [min(MOST_ROWS_AT_ONCE, rows - start) for start in range(0, rows, MOST_ROWS_AT_ONCE)] or [0]
        return Sample(*map(np.concatenate, zip(*(self._draw_some(length, rng) for length in lengths), strict=True)))

    def _draw_some(self, rows: int, rng: np.random.Generator) -> Sample:
        subsets = rng.choice(len(self._weights), size=rows, p=self._weights)
        codes = nothing_known(self._network, rows)
        for name, states in (*self._factors(subsets, rng), *self._findings(subsets, rng)):
            codes[:, self._columns[name]] = states
        close_gates(self._network, codes, self._given)
        return Sample(self._tables.sets.membership[subsets], codes)

    def _conditions_of(self, subsets: Integers) -> Integers:
        """Their sets of conditions, whatever the forms."""
        sets = self._tables.sets
        return sets.sets_of_conditions[subsets] if sets.has_forms else subsets

    def _factors(self, subsets: Integers, rng: np.random.Generator) -> Iterator[tuple[str, Integers]]:
        if self._wanted.isdisjoint(self._network.risk_factors):
            rng.random(len(subsets) * risk_factor_draws(self._tables.before_findings))
            return
        yield from self._risk_factors.draw(self._conditions_of(subsets), rng).items()

    def _findings(self, subsets: Integers, rng: np.random.Generator) -> Iterator[tuple[str, Integers]]:
        signs = dict(self._signs(subsets, rng))
        of_clusters = dict(self._of_clusters(subsets, rng))
        for name, finding in self._network.findings.items():
            if name not in self._wanted:
                rng.random(len(subsets))
                continue
            if name in of_clusters:
                yield name, draw_each(self._likely(name) * of_clusters[name], rng)
                continue
            if isinstance(finding.model, Reading):
                table, parent = reading_table(finding.model), signs[finding.model.sign]
            else:
                table, parent = self._tables.table(name), subsets
            yield name, draw_each((self._likely(name) * table.T)[parent], rng)

    def _signs(self, subsets: Integers, rng: np.random.Generator) -> Iterator[tuple[str, Integers]]:
        for name in self._network.signs:
            if name in self._read and name not in self._network.clustered:
                yield name, self._sign(name, subsets, rng)
            elif name not in self._network.clustered:
                rng.random(len(subsets))

    def _of_clusters(self, subsets: Integers, rng: np.random.Generator) -> Iterator[tuple[str, Vector]]:
        """P(state | signs, s) of each finding of a cluster, shape (rows, states), its signs drawn jointly."""
        for cluster in self._network.clusters.values():
            if self._wanted.isdisjoint(cluster.findings):
                rng.random(len(subsets))
                continue
            tables = self._tables.clusters[cluster.id]
            joint = tables.joint(self._known.clusters.get(cluster.id, {}))
            drawn = np.unravel_index(draw_each(joint[:, subsets].T, rng), (2,) * len(cluster.signs))
            for name in cluster.findings:
                yield name, tables.given_signs(name, np.array(drawn), subsets)

    def _sign(self, sign: str, subsets: Integers, rng: np.random.Generator) -> Integers:
        """The sign given its causes and what was read of it."""
        likelihood = readings_likelihood(self._network.readings, self._known.readings.get(sign, {}))
        return draw_each((np.array(likelihood) * self._tables.table(sign).T)[subsets], rng)

    def _likely(self, name: str) -> Vector:
        return np.array(self._given.get(name, (1.0,) * len(self._network.states[name])))
