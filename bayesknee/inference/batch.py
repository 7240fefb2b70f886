"""Many patients at once by enumeration: the sum over subsets for a block of rows.

It gives row by row what `Enumeration.infer` gives for one patient. All is added up in logs, in an array of shape
(rows, 2**n): the prior once for each combination of known risk factors, then the log likelihood of each answer for the
rows that share it, then each sign for the rows whose readings amount to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bayesknee.inference.codes import NOT_KNOWN, Codes
from bayesknee.inference.evidence import Evidence, Likelihood
from bayesknee.inference.subsets import Vector, holds_any, membership
from bayesknee.knowledge.model import Network, Reading

if TYPE_CHECKING:
    from bayesknee.inference.enumeration import Enumeration

Numbers: TypeAlias = NDArray[np.floating]
Groups: TypeAlias = Sequence[frozenset[int]]

MOST_NUMBERS_AT_ONCE: Final = 2**20


class Posteriors(NamedTuple):
    """The posteriors of many patients. A row whose answers are impossible has minus infinity, and NaN otherwise.

    Attributes:
        marginals: P(condition | evidence), shape (rows, conditions).
        groups: P(at least one member | evidence), shape (rows, groups).
        log_evidence: log P(evidence | complaint, setting), shape (rows,).
    """

    marginals: Numbers
    groups: Numbers
    log_evidence: Numbers


class Batch:
    """Patients who share some evidence and differ in their codes.

    Args:
        strategy: whose tables to use.
        network: its network.
        evidence: what is known of all of them. What it answers, be it with unknown, is not read from the codes.
        groups: sets of conditions by number, of which to tell the probability of at least one.
    """

    def __init__(self, strategy: Enumeration, network: Network, evidence: Evidence, groups: Groups) -> None:
        self._strategy = strategy
        self._network = network
        self._given = evidence.likelihoods
        self._n = len(network.conditions)
        self._start = evidence.log_scale + self._shared_rows()
        masks = [holds_any(members, 2**self._n) for members in groups]
        self._sums = np.column_stack([np.ones(2**self._n), membership(self._n), *masks])
        self._columns = {name: column for column, name in enumerate(network.questions)}
        self._answered = [self._columns[name] for name in evidence.answers if name in self._columns]
        self._signs = {
            sign: {name: each for name, each in strategy.readings.items() if each.sign == sign}
            for sign in network.signs
        }
        self._direct = [name for name, each in network.findings.items() if not isinstance(each.model, Reading)]

    def infer(self, codes: Codes) -> Posteriors:
        """The posteriors of these rows, a block at a time."""
        if not len(codes):
            return Posteriors(np.empty((0, self._n)), np.empty((0, self._sums.shape[1] - self._n - 1)), np.empty(0))
        codes = codes.copy()
        codes[:, self._answered] = NOT_KNOWN
        length = max(1, MOST_NUMBERS_AT_ONCE >> self._n)
        blocks = [codes[start : start + length] for start in range(0, len(codes), length)]
        return Posteriors(*map(np.concatenate, zip(*map(self._infer_block, blocks), strict=True)))

    def _infer_block(self, codes: Codes) -> Posteriors:
        logs = self._log_priors(codes)
        for name in self._direct:
            self._add_direct(logs, name, codes[:, self._columns[name]])
        for sign, readings in self._signs.items():
            self._add_sign(logs, sign, readings, codes)
        top = logs.max(axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):  # rows of minus infinity throughout
            sums = np.exp(logs - top) @ self._sums
            log_evidence = np.where(np.isneginf(top[:, 0]), top[:, 0], np.log(sums[:, 0]) + top[:, 0])
            shares = np.minimum(sums[:, 1:] / sums[:, :1], 1.0)
        return Posteriors(shares[:, : self._n], shares[:, self._n :], log_evidence)

    def _shared_rows(self) -> Vector:
        """The log likelihood of what all rows share, but for risk factors and readings."""
        direct = [
            np.einsum("i,ij", likelihood, self._strategy.table(name))
            for name, likelihood in self._given.items()
            if name not in self._network.risk_factors and name not in self._strategy.readings
        ]
        with np.errstate(divide="ignore"):
            return np.asarray(np.sum([np.zeros(2**self._n), *map(np.log, direct)], axis=0))

    def _log_priors(self, codes: Codes) -> Vector:
        """What there is before any answer to a finding."""
        patterns, which = np.unique(codes[:, : len(self._network.risk_factors)], axis=0, return_inverse=True)
        with np.errstate(divide="ignore"):
            priors = np.log([self._strategy.prior(self._known(pattern)) for pattern in patterns])
        return (priors + self._start)[which.ravel()]

    def _known(self, pattern: Codes) -> Mapping[str, Likelihood]:
        factors = self._network.risk_factors.values()
        known = {
            factor.id: tuple(float(state == code) for state in range(len(factor.states)))
            for factor, code in zip(factors, pattern.tolist(), strict=True)
            if code != NOT_KNOWN
        }
        return {**self._given, **known}

    def _add_direct(self, logs: Vector, name: str, codes: Codes) -> None:
        for state in np.unique(codes[codes != NOT_KNOWN]):
            logs[codes == state] += np.log(self._strategy.table(name)[state])

    def _add_sign(self, logs: Vector, sign: str, readings: Mapping[str, Reading], codes: Codes) -> None:
        likelihoods = self._sign_likelihoods(readings, codes)
        patterns, which = np.unique(likelihoods, axis=0, return_inverse=True)
        rows = patterns @ self._strategy.table(sign)
        for pattern, row in enumerate(rows):
            if (patterns[pattern] != 1.0).any():
                logs[which.ravel() == pattern] += np.log(row)

    def _sign_likelihoods(self, readings: Mapping[str, Reading], codes: Codes) -> Vector:
        """P(all readings | no sign) and P(all readings | sign), shape (rows, 2)."""
        likelihoods = np.ones((len(codes), 2))
        for name, reading in readings.items():
            by_state = np.vstack([reading_table(reading), np.ones(2)])  # not known, -1, is the last one
            likelihoods *= by_state[codes[:, self._columns[name]]]
            if name in self._given:
                likelihoods *= np.array(self._given[name]) @ by_state[:-1]
        return likelihoods


def reading_table(reading: Reading) -> Vector:
    """P(answer | sign), shape (2, 2): a row for each answer, no and yes, a column for no sign and the sign."""
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    return np.array([[specificity, 1.0 - sensitivity], [1.0 - specificity, sensitivity]])
