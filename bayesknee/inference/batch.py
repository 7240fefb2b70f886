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
        self._implied = {gate: Implied(network, gate) for name in network.gated for gate, _ in network.gates[name]}

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
        stated = codes.copy()
        for gate, implied in self._implied.items():
            codes[:, self._columns[gate]] = implied.codes(stated)
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
        known = [self._known(pattern) for pattern in patterns]
        nobody = np.zeros(2**self._n)
        with np.errstate(divide="ignore"):
            priors = np.log([self._strategy.prior(each) if all(map(any, each.values())) else nobody for each in known])
        return (priors + self._start)[which.ravel()]

    def _known(self, pattern: Codes) -> Mapping[str, Likelihood]:
        known = dict(self._given)
        for name, code in zip(self._network.risk_factors, pattern.tolist(), strict=True):
            if code != NOT_KNOWN:
                own = self._likelihoods(name)[code]
                known[name] = tuple((own * known.get(name, 1.0)).tolist())
        return known

    def _likelihoods(self, name: str) -> Vector:
        """What each code says of a question's states, shape (codes, states)."""
        if name in self._implied:
            return self._implied[name].likelihoods
        return np.vstack([np.eye(states := len(self._network.states[name])), np.ones(states)])

    def _add_direct(self, logs: Vector, name: str, codes: Codes) -> None:
        likelihoods = self._likelihoods(name)
        for code in np.unique(codes[codes != NOT_KNOWN]):
            with np.errstate(divide="ignore"):
                logs[codes == code] += np.log(likelihoods[code] @ self._strategy.table(name))

    def _add_sign(self, logs: Vector, sign: str, readings: Mapping[str, Reading], codes: Codes) -> None:
        likelihoods = self._sign_likelihoods(readings, codes)
        patterns, which = np.unique(likelihoods, axis=0, return_inverse=True)
        rows = patterns @ self._strategy.table(sign)
        for pattern, row in enumerate(rows):
            if (patterns[pattern] != 1.0).any():
                with np.errstate(divide="ignore"):
                    logs[which.ravel() == pattern] += np.log(row)

    def _sign_likelihoods(self, readings: Mapping[str, Reading], codes: Codes) -> Vector:
        """P(all readings | no sign) and P(all readings | sign), shape (rows, 2)."""
        likelihoods = np.ones((len(codes), 2))
        for name, reading in readings.items():
            table, column = reading_table(reading), codes[:, self._columns[name]]
            given = np.array(self._given.get(name, (1.0, 1.0)))
            likelihoods *= ((self._likelihoods(name) * given) @ table)[column]
        return likelihoods


class Implied:
    """What answers imply of a gate: a code of its own for each set of states that they may leave, be it the empty one.

    Attributes:
        likelihoods: what each code says of the gate's states, shape (codes, states): those of a state, those of a set,
            and, last, so that it is number -1, not known.
    """

    def __init__(self, network: Network, gate: str) -> None:
        columns = {name: column for column, name in enumerate(network.questions)}
        states = network.states[gate]
        self._column = columns[gate]
        self._demands = [
            (columns[name], np.isin(states, allowed))
            for name in columns
            for each, allowed in network.gates.get(name, ())
            if each == gate
        ]
        every = np.array([[True] * len(states), [False] * len(states)])
        for _, allowed in self._demands:
            every = np.unique(np.vstack([every, every & allowed]), axis=0)
        self._sets = {tuple(each): len(states) + code for code, each in enumerate(every.tolist()) if not all(each)}
        self.likelihoods = np.vstack([np.eye(len(states)), list(self._sets), np.ones(len(states))]).astype(np.float64)

    def codes(self, codes: Codes) -> Codes:
        """The gate's column with what is implied where it is not known, and nothing possible where answers clash."""
        left = np.ones((len(codes), self.likelihoods.shape[1]), np.bool_)
        for column, allowed in self._demands:
            left[codes[:, column] != NOT_KNOWN] &= allowed
        patterns, which = np.unique(left, axis=0, return_inverse=True)
        implied = np.array([self._sets.get(tuple(each), NOT_KNOWN) for each in patterns.tolist()], np.int8)
        own = codes[:, self._column]
        clash = ~left[np.arange(len(codes)), own] & (own != NOT_KNOWN)
        own = np.where(clash, self._sets[(False,) * left.shape[1]], own)
        return np.where(own == NOT_KNOWN, implied[which.ravel()], own)


def reading_table(reading: Reading) -> Vector:
    """P(answer | sign), shape (2, 2): a row for each answer, no and yes, a column for no sign and the sign."""
    sensitivity, specificity = reading.sensitivity.value, reading.specificity.value
    return np.array([[specificity, 1.0 - sensitivity], [1.0 - specificity, sensitivity]])
