"""Naive Bayes on a network's own numbers: the baseline that most diagnostic programs are.

The conditions are taken for exclusive classes, one of which is true, and all answers for independent given the class:

    P(c | e) is proportional to base_rate(c) * product over answers of P(e_f | only c)

P(finding | only c) is what the network states for that condition alone, hidden signs summed out; of a risk factor it is
P(r | c), proportional to its prior times its odds ratio. Conditions as parents of conditions are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

import numpy as np

from bayesknee.arrays import Vector
from bayesknee.inference.prior.parents import odds_ratios
from bayesknee.inference.products import matrix_product
from bayesknee.knowledge.chances import finding_chances
from bayesknee.knowledge.model import Finding, Mixture, RiskFactor, of_cause
from bayesknee.knowledge.network import Network
from bayesknee.patient.codes import NOT_KNOWN, Codes
from bayesknee.patient.evidence import NOTHING_KNOWN, Evidence, Likelihood
from bayesknee.patient.gates import Gates

AT_ONCE: Final = 2**13  # patients, whose likelihoods are gathered by question: some 20 MB where each has 50 answers


class NaiveBayes:
    """The baseline for a network in a care setting. Read-only once made."""

    def __init__(self, network: Network, setting: str) -> None:
        self._network = network
        self._gates = Gates(network)
        self._conditions = tuple(network.conditions)
        rates = np.array([condition.base_rate_in(setting) for condition in network.conditions.values()])
        self._log_prior = np.log(rates / rates.sum())
        self._tables = {
            name: _risk_table(network, question, setting)
            if isinstance(question, RiskFactor)
            else finding_table(network, question, setting)
            for name, question in network.questions.items()
        }

    def posterior(self, evidence: Evidence) -> Vector:
        """P(c | evidence), shape (n,), sums to 1; answers that name conditions count as such."""
        return np.asarray(self.posteriors([evidence])[0])

    def posteriors(self, evidence: Iterable[Evidence]) -> Vector:
        """As `posterior`, a row for each patient."""
        waiting = iter(evidence)
        parts = []
        while batch := list(islice(waiting, AT_ONCE)):
            parts.append(self._posteriors(batch))
        return np.concatenate(parts) if parts else np.empty((0, len(self._log_prior)))

    def posteriors_of_codes(self, codes: Codes) -> Vector:
        """As `posteriors`, of patients whose answers are codes of possible evidence; shape (rows, questions)."""
        starts = range(0, len(codes), AT_ONCE)
        parts = [self._posteriors_of_codes(codes[start : start + AT_ONCE]) for start in starts]
        return np.concatenate(parts) if parts else np.empty((0, len(self._log_prior)))

    def _posteriors_of_codes(self, codes: Codes) -> Vector:
        answers = self._gates.answers(codes, NOTHING_KNOWN)
        columns = {name: column for column, name in enumerate(self._network.questions)}
        logs = np.tile(self._log_prior, (len(codes), 1))
        with np.errstate(divide="ignore"):
            for name in sorted(columns):
                rows = np.flatnonzero(answers.rows[:, columns[name]] != NOT_KNOWN)
                by_way = np.log(matrix_product(answers.ways[name], self._tables[name]))
                logs[rows] += by_way[answers.rows[rows, columns[name]]]
        return self._normalised(logs)

    def _posteriors(self, patients: Sequence[Evidence]) -> Vector:
        given: dict[str, tuple[list[int], list[Likelihood]]] = {}
        for row, patient in enumerate(patients):
            for name, likelihood in patient.likelihoods.items():
                rows, likelihoods = given.setdefault(name, ([], []))
                rows.append(row)
                likelihoods.append(likelihood)
        logs = np.tile(self._log_prior, (len(patients), 1))
        with np.errstate(divide="ignore"):
            for name, (rows, likelihoods) in sorted(given.items()):
                logs[rows] += np.log(matrix_product(np.array(likelihoods), self._table(name)))
        return self._normalised(logs)

    def _normalised(self, logs: Vector) -> Vector:
        highest = logs.max(axis=1, keepdims=True)
        logs = np.where(highest > -np.inf, logs, self._log_prior)
        weights = np.exp(logs - np.where(highest > -np.inf, highest, 0.0))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float64)

    def _table(self, name: str) -> Vector:
        if name in self._tables:
            return self._tables[name]
        yes = np.array([float(condition == name) for condition in self._conditions])
        return np.stack([1.0 - yes, yes])


def finding_table(network: Network, finding: Finding, setting: str) -> Vector:
    """P(state | only c), its forms weighed by their shares in a setting, shape (states, n)."""
    return np.array(
        [
            np.array(condition.shares_in(setting)) @ [_alone(network, finding, cause) for cause in condition.causes]
            for condition in network.conditions.values()
        ]
    ).T


def _alone(network: Network, finding: Finding, cause: str) -> Likelihood:
    model = finding.model
    if isinstance(model, Mixture):
        distribution = of_cause(model.distributions, cause) or model.otherwise
        states = finding.states
        return distribution.vector(states) if distribution else (1.0 / len(states),) * len(states)
    return finding_chances(network, finding, frozenset([cause]))


def _risk_table(network: Network, factor: RiskFactor, setting: str) -> Vector:
    """P(state | c), shape (states, n)."""
    prior = np.array(factor.prior_in(setting))
    weights = [
        prior * odds_ratios(condition, factor.id, factor.states) if factor.id in condition.odds_ratios else prior
        for condition in network.conditions.values()
    ]
    return np.array([weight / weight.sum() for weight in weights]).T
