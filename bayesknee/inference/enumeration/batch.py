"""Many patients at once by enumeration: the sum over subsets for a block of rows.

It gives row by row what `SubsetTables.infer` gives for one patient. All is added up in logs, in an array of shape
(rows, sets): the prior once for each combination of known risk factors, then the log likelihood of each answer for the
rows that share it, then each sign for the rows whose readings amount to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Vector
from bayesknee.inference.cpds import reading_table
from bayesknee.inference.enumeration.subset_tables import SubsetTables
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.inference.results import Groups, Posteriors
from bayesknee.knowledge.model import Reading
from bayesknee.knowledge.network import SignCluster
from bayesknee.patient.codes import NOT_KNOWN, Codes, distinct_rows
from bayesknee.patient.evidence import Likelihood
from bayesknee.patient.gates import CodedAnswers
from bayesknee.patient.sorted_evidence import sorted_evidence

# In the array over rows and subsets: 8 MB, and a few more of that size beside it. With less, what numpy takes per call
# weighs more; with more, memory grows and caches serve less. Judged.
MOST_NUMBERS_AT_ONCE: Final = 2**20
# Rows in a block where sets are so many that a block of the size above would hold fewer. Each block makes the tables of
# the findings anew, which are too many to keep; with 20 conditions that takes as long as all work on five rows, and
# eight rows take 64 MB, twice. Measured.
LEAST_ROWS: Final = 8


class Batch:
    """The posteriors of many patients by numpy alone, without compiled code.

    Args:
        tables: of the network.
        answers: what is known of them.
        groups: sets of conditions by number, of which to tell the probability of at least one.
    """

    def __init__(self, tables: SubsetTables, answers: CodedAnswers, groups: Groups) -> None:
        self._tables = tables
        self._network = tables.network
        self._rows, self._ways, self._given, log_scale = answers
        self._n = len(tables.network.conditions)
        self._start = log_scale + shared_rows(tables, self._given)
        masks = [tables.sets.holds_any(members) for members in groups]
        self._masks = np.array(masks).reshape(-1, tables.sets.size).T
        self._columns = {name: column for column, name in enumerate(tables.network.questions)}
        self._signs = {
            sign: {name: each for name, each in tables.network.readings.items() if each.sign == sign}
            for sign in tables.network.signs
            if sign not in tables.network.clustered
        }
        self._direct = [
            name
            for name, each in tables.network.findings.items()
            if not isinstance(each.model, Reading) and name not in tables.network.clustered
        ]

    def infer(self) -> Posteriors:
        """The posteriors of all patients, computed for a block of rows at a time."""
        if not len(self._rows):
            return Posteriors(np.empty((0, self._n)), np.empty((0, self._masks.shape[1])), np.empty(0))
        length = max(LEAST_ROWS, MOST_NUMBERS_AT_ONCE // self._tables.sets.size)
        blocks = [self._rows[start : start + length] for start in range(0, len(self._rows), length)]
        return Posteriors(*map(np.concatenate, zip(*map(self._infer_block, blocks), strict=True)))

    def _infer_block(self, rows: Codes) -> Posteriors:
        logs = self._log_priors(rows)
        for name in self._direct:
            self._add_direct(logs, name, rows[:, self._columns[name]])
        for sign, readings in self._signs.items():
            self._add_sign(logs, sign, readings, rows)
        for cluster in self._network.clusters.values():
            self._add_cluster(logs, cluster, rows)
        top = logs.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):  # rows of minus infinity throughout
            weights = np.exp(logs - top)
            parts = np.hstack([self._tables.sets.sums(weights), matrix_product(weights, self._masks)])
            log_evidence = np.where(np.isneginf(top[:, 0]), top[:, 0], np.log(parts[:, 0]) + top[:, 0])
            shares = np.minimum(parts[:, 1:] / parts[:, :1], 1.0)
        return Posteriors(shares[:, : self._n], shares[:, self._n :], log_evidence)

    def _log_priors(self, rows: Codes) -> Vector:
        """log P(s, answers about risk factors), with the answers that all patients share; shape (rows, sets)."""
        patterns, which = distinct_rows(rows[:, : len(self._network.risk_factors)])
        known = [self._known(pattern) for pattern in patterns.tolist()]
        nobody = np.zeros(self._tables.sets.size)
        with np.errstate(divide="ignore"):
            priors = np.log([self._tables.prior(each) if all(map(any, each.values())) else nobody for each in known])
        return (priors + self._start)[which]

    def _known(self, pattern: Sequence[int]) -> Mapping[str, Likelihood]:
        known = dict(sorted_evidence(self._network, self._given).risk_factors)
        for name, way in zip(self._network.risk_factors, pattern, strict=True):
            if way != NOT_KNOWN:
                known[name] = tuple((self._ways[name][way] * known.get(name, 1.0)).tolist())
        return known

    def _add_direct(self, logs: Vector, name: str, given: Codes) -> None:
        if (given == NOT_KNOWN).all():  # of most findings, where few questions were asked
            return
        for way in np.flatnonzero(np.bincount(given[given != NOT_KNOWN])):  # `unique` would load numpy's masked arrays
            with np.errstate(divide="ignore"):
                row = np.log(vector_product(self._tables.table(name).T, self._ways[name][way]))
            _add_to(logs, given == way, row)

    def _add_cluster(self, logs: Vector, cluster: SignCluster, rows: Codes) -> None:
        """What is known of a cluster of signs, once for each way in which its findings are answered together."""
        patterns, which = distinct_rows(rows[:, [self._columns[name] for name in cluster.findings]])
        for pattern, ways in enumerate(patterns.tolist()):
            answers = {
                name: self._ways[name][way] * np.array(self._given.get(name, 1.0))
                for name, way in zip(cluster.findings, ways, strict=True)
                if way != NOT_KNOWN or name in self._given
            }
            if answers:
                with np.errstate(divide="ignore"):
                    logs[which == pattern] += np.log(self._tables.clusters[cluster.id].likelihood(answers))

    def _add_sign(self, logs: Vector, sign: str, readings: Mapping[str, Reading], rows: Codes) -> None:
        columns = [self._columns[name] for name in readings]
        if (rows[:, columns] == NOT_KNOWN).all() and self._given.keys().isdisjoint(readings):
            return
        likelihoods = self._sign_likelihoods(readings, rows)
        patterns, which = np.unique(likelihoods, axis=0, return_inverse=True)
        for pattern, row in enumerate(matrix_product(patterns, self._tables.table(sign))):
            if (patterns[pattern] != 1.0).any():
                with np.errstate(divide="ignore"):
                    logs[which.ravel() == pattern] += np.log(row)

    def _sign_likelihoods(self, readings: Mapping[str, Reading], rows: Codes) -> Vector:
        """P(all readings | no sign) and P(all readings | sign), shape (rows, 2)."""
        likelihoods = np.ones((len(rows), 2))
        for name, reading in readings.items():
            by_way = (self._ways[name] * np.array(self._given.get(name, (1.0, 1.0)))) @ reading_table(reading)
            likelihoods *= by_way[rows[:, self._columns[name]]]
        return likelihoods


def _add_to(logs: Vector, which: NDArray[np.bool_], row: Vector) -> None:
    """Adds a row to these: in place where they are few and long, for numpy would copy them twice."""
    if len(logs) > LEAST_ROWS:
        logs[which] += row
        return
    for place in np.flatnonzero(which).tolist():
        logs[place] += row


def shared_rows(tables: SubsetTables, shared: Mapping[str, Likelihood]) -> Vector:
    """The log likelihood of what is known of all patients, but for risk factors, readings and clusters; (sets,)."""
    known = sorted_evidence(tables.network, shared)
    total = np.zeros(tables.sets.size)
    with np.errstate(divide="ignore"):  # one by one: with 20 conditions a row takes 8 MB
        for name, likelihood in (*known.conditions.items(), *known.direct.items()):
            total += np.log(np.einsum("i,ij", likelihood, tables.table(name)))
    return total
