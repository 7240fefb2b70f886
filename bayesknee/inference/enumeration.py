"""Exact inference by enumeration of all subsets of conditions; up to about 20 conditions, any kind of finding.

    p(s | e) is proportional to
        p(s, risk factors known)
        * product over direct findings of P(f_e | s)
        * product over signs of [ P(g=1 | s) prod P(o_e | g=1) + P(g=0 | s) prod P(o_e | g=0) ]

where s is a subset of conditions, f a finding that depends on them directly, g a sign, o a finding that reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bayesknee.errors import InferenceError
from bayesknee.inference.cpds import mixture_table, noisy_or_table
from bayesknee.inference.evidence import Evidence, Likelihood
from bayesknee.inference.prior import Prior
from bayesknee.inference.subsets import Vector, holds_any, membership
from bayesknee.knowledge.model import Finding, Mixture, Network, NoisyOr, Reading

MOST_CONDITIONS: Final = 20
MOST_CACHED_NUMBERS: Final = 2**25
MOST_CACHED_PRIORS: Final = 64


@dataclass(frozen=True)
class SubsetPosterior:
    """p(s | e) over all subsets.

    Attributes:
        weights: p(s | e), shape (2**n,), sums to 1; all zero where the evidence is impossible.
        log_evidence: log P(e | complaint, setting); minus infinity where the evidence is impossible.
        members: S, shape (2**n, n).
    """

    weights: Vector
    log_evidence: float
    members: Vector

    @property
    def marginals(self) -> Vector:
        """P(c | e), shape (n,)."""
        return self.weights @ self.members

    def any_of(self, conditions: Iterable[int]) -> float:
        """P(at least one of these conditions | e)."""
        return float(self.weights[holds_any(conditions, self.members.shape[1])].sum())


class Enumeration:
    """The strategy that sums over all subsets of conditions. Read-only once made, so safe to share between threads.

    Raises:
        InferenceError: too many conditions, or a prior that cannot be computed.
    """

    def __init__(self, network: Network, setting: str) -> None:
        n = len(network.conditions)
        if n > MOST_CONDITIONS:
            raise InferenceError(f"{n} conditions; enumeration takes at most {MOST_CONDITIONS}; use a smaller network")
        self._network = network
        self._conditions = tuple(network.conditions)
        self._members = membership(n)
        self._prior = Prior(network, setting)
        self._tables: dict[str, Vector] = {}
        self._log_priors: dict[tuple[tuple[str, Likelihood], ...], Vector] = {}

    def infer(self, evidence: Evidence) -> SubsetPosterior:
        """The posterior over subsets, given a patient's evidence."""
        log_joint = self.log_prior(evidence.likelihoods) + self.log_likelihood(evidence.likelihoods)
        top = log_joint.max()
        if top == -np.inf:
            return SubsetPosterior(np.zeros_like(log_joint), -np.inf, self._members)
        weights = np.exp(log_joint - top)
        total = weights.sum()
        return SubsetPosterior(weights / total, float(top + np.log(total)), self._members)

    def log_prior(self, likelihoods: Mapping[str, Likelihood]) -> Vector:
        """log P(s, known risk factors | complaint), shape (2**n,)."""
        known = {name: each for name, each in likelihoods.items() if name in self._network.risk_factors}
        key = tuple(sorted(known.items()))
        if (log_prior := self._log_priors.get(key)) is None:
            with np.errstate(divide="ignore"):
                log_prior = np.log(self._prior.joint(known)) - self._prior.log_complaint
            if self._network.complaint:
                log_prior[0] = -np.inf
            if len(self._log_priors) >= MOST_CACHED_PRIORS:
                self._log_priors.clear()
            self._log_priors[key] = log_prior
        return log_prior

    def log_likelihood(self, likelihoods: Mapping[str, Likelihood]) -> Vector:
        """log P(findings and known conditions | s), shape (2**n,)."""
        total = np.zeros(len(self._members))
        by_sign: dict[str, list[Vector]] = {}
        for name, likelihood in likelihoods.items():
            finding = self._network.findings.get(name)
            if finding is not None and isinstance(finding.model, Reading):
                by_sign.setdefault(finding.model.sign, []).append(reading_likelihood(finding.model, likelihood))
            elif finding is not None:
                total += self._log_direct(finding, likelihood)
            elif name in self._network.conditions:
                total += self._log_known_condition(name, likelihood)
        for sign, readings in by_sign.items():
            total += self._log_sign(sign, np.prod(readings, axis=0))
        return total

    def _log_direct(self, finding: Finding, likelihood: Likelihood) -> Vector:
        return _log(np.array(likelihood) @ self.table(finding.id))

    def _log_sign(self, sign: str, readings: Vector) -> Vector:
        return _log(readings @ self.table(sign))

    def _log_known_condition(self, name: str, likelihood: Likelihood) -> Vector:
        column = self._members[:, self._conditions.index(name)].astype(np.intp)
        return _log(np.array(likelihood))[column]

    def table(self, name: str) -> Vector:
        """P(state | s) of a sign or a direct finding, shape (states, 2**n)."""
        if (table := self._tables.get(name)) is None:
            table = self._make_table(name)
            if sum(each.size for each in self._tables.values()) + table.size <= MOST_CACHED_NUMBERS:
                self._tables[name] = table
        return table

    def _make_table(self, name: str) -> Vector:
        if sign := self._network.signs.get(name):
            return noisy_or_table(sign.noisy_or, self._conditions)
        finding = self._network.findings[name]
        if isinstance(finding.model, NoisyOr):
            return noisy_or_table(finding.model, self._conditions)
        if isinstance(finding.model, Mixture):
            return mixture_table(finding.model, finding.states, self._conditions)
        raise TypeError(f"{name} reads a sign and has no table over the conditions")


def reading_likelihood(reading: Reading, likelihood: Likelihood) -> Vector:
    """The likelihood of an answer given (no sign, sign), shape (2,)."""
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    no, yes = likelihood
    return np.array([no * specificity + yes * (1 - specificity), no * (1 - sensitivity) + yes * sensitivity])


def _log(values: Vector) -> Vector:
    with np.errstate(divide="ignore"):
        return np.log(values)
