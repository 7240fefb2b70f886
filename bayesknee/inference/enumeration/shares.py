"""How much of log P(evidence | event) each answer brings: Aumann-Shapley shares, by enumeration of all subsets.

The evidence comes in gradually and all at once, as the likelihood L_t(s) = P(e | s)^t for t from 0 to 1, and the gain
of each moment goes to the answers by what they have to say at that moment:

    d/dt log P_t(event, e) = sum over answers f of E_t[log P(e_f | s) | event]

The share of f is the integral of its term (Aumann and Shapley 1974). Shares sum to exactly log P(e | event), they do
not depend on the order of the answers, and an answer that tells nothing brings the same to all events. Three kinds of
answers are not independent given s:

Readings of one sign. The state is extended by the sign: P(g | s) * product of P(o | g)^t, so that the term of a reading
o is E_t[log P(o | g) | event].

Risk factors. P(all that is known of them | s) is exact, but no product. Its logarithm is divided among them for each s
apart, as `divided` does: the mean of what a risk factor adds when it comes first and when it comes last, which is the
Shapley value as far as pairs go, and the rest in proportion.

Conditions. An answer that rules states out has a likelihood of 0 there, and 0^t is 0 at once: such answers come before
all others, and what they do together is divided among them in the same way. So does any answer that some sets of
conditions cannot bring: what it rules out comes first, and the rest gradually.

Answers about a cluster of signs. Like those about risk factors they are exact together and no product, and are divided
in the same way.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Vector
from bayesknee.inference.cause_sets import CauseSets
from bayesknee.inference.cpds import reading_table
from bayesknee.inference.enumeration.subset_tables import SubsetTables, weighted
from bayesknee.inference.products import MOST_AT_ONCE
from bayesknee.inference.results import Events, Shares
from bayesknee.inference.shapley import NODES, TOLERANCE, divided, divided_by_level, gauss_legendre
from bayesknee.patient.evidence import Evidence, Likelihood
from bayesknee.patient.sorted_evidence import sorted_evidence

# Subsets at once, however many events and nodes there are. With fewer, calls of numpy would take nearly all of the
# time. The price: where events times nodes pass 2,000, a product passes the size from which BLAS starts threads.
LEAST_AT_ONCE: Final = 64
# Weights of all nodes, 16 MB; beyond, they are computed twice, which saves memory for time. Judged.
MOST_KEPT: Final = 2**21
LARGEST_SPREAD: Final = 600.0  # exp of minus that is still far from 0 in float64

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class SignSeen:
    """A sign and the answers to its readings.

    Attributes:
        present: P(sign | s), shape (sets,).
        readings: log P(answer | no sign), log P(answer | sign), by finding.
    """

    present: Vector
    readings: dict[str, tuple[float, float]]

    @cached_property
    def logs(self) -> tuple[float, float]:
        """The sum over the readings of log P(answer | no sign), and of log P(answer | sign)."""
        no, yes = zip(*self.readings.values(), strict=True)
        return math.fsum(no), math.fsum(yes)


def shares_of(tables: SubsetTables, evidence: Evidence, events: Events) -> Shares:
    """The share of each answer in each event, with more nodes until the shares sum to the gain."""
    known = KnownAnswers(tables, evidence)
    result = SubsetPath(known, events, NODES[0]).shares()
    for nodes in NODES[1:]:
        if _is_exact(result):
            break
        result = SubsetPath(known, events, nodes).shares()
    return result


def _is_exact(shares: Shares) -> bool:
    possible = np.isfinite(shares.after)
    off = np.abs(shares.moves.sum(axis=0)[possible] - (shares.after[possible] - shares.before[possible]))
    return bool((off <= TOLERANCE * np.maximum(1.0, np.abs(shares.moves).sum(axis=0)[possible])).all())


class KnownAnswers:
    """The answers of one patient, as likelihoods over subsets.

    Attributes:
        names: the ids of all answers.
        sets: the sets of causes.
        prior: P(s), shape (sets,).
        certain: of answers that rule a condition in or out P(answer | s), by condition; of others that rule sets out,
            1 where they are possible.
        base: `prior` without the subsets that `certain` rules out.
        rows: log P(answer | s), by risk factor, finding that is no plain reading, and condition that is not certain.
        matrix: these as one array, shape (rows, sets), of which each of them is a part.
        signs: the signs with answered readings.
    """

    def __init__(self, tables: SubsetTables, evidence: Evidence) -> None:
        self._tables = tables
        self.sets = tables.sets
        known = sorted_evidence(tables.network, evidence.likelihoods)
        self.names = tuple(evidence.likelihoods)
        self.prior = tables.prior({})
        self.certain = {
            name: weighted(tables.table(name), each) for name, each in known.conditions.items() if min(each) == 0.0
        }
        self.base = functools.reduce(np.multiply, self.certain.values(), self.prior)
        soft = {name: each for name, each in known.conditions.items() if name not in self.certain}
        direct = {**soft, **known.direct}
        names = [*known.risk_factors, *direct, *(name for answers in known.clusters.values() for name in answers)]
        self.matrix = np.empty((len(names), len(self.prior)))
        self.rows = dict(zip(names, self.matrix, strict=True))
        self._fill(self._risk_factor_rows(known.risk_factors).items())
        self._fill(self._direct_rows(direct))
        for cluster, answers in known.clusters.items():
            self._fill(self._cluster_rows(cluster, answers).items())
        self.signs = tuple(self._sign_seen(sign, readings) for sign, readings in known.readings.items())

    def _fill(self, rows: Iterable[tuple[str, Vector]]) -> None:
        """Puts rows into the matrix one by one: beside one another they would take its memory twice."""
        for name, row in rows:
            self.rows[name][:] = row

    def _direct_rows(self, known: Mapping[str, Likelihood]) -> Iterator[tuple[str, Vector]]:
        for name, each in known.items():
            row = weighted(self._tables.table(name), each)
            yield name, self._possible(name, row, row > 0.0)

    def _possible(self, name: str, row: Vector, possible: Bools) -> Vector:
        """The logarithm of P(answer | s), 0 where the answer is not possible; these subsets go to `certain`."""
        if not possible.all():
            self._rule_out(name, possible)
        return np.log(np.where(possible, row, 1.0))

    def _rule_out(self, name: str, possible: Bools) -> None:
        self.certain[name] = np.where(possible, 1.0, 0.0)
        self.base = self.base * self.certain[name]

    def _cluster_rows(self, cluster: str, answers: Mapping[str, Likelihood]) -> dict[str, Vector]:
        """The part of each answer about a cluster of signs in log P(all of them | s), by finding."""
        tables = self._tables.clusters[cluster]
        every = tables.likelihood(answers)
        alone = np.array([tables.likelihood({name: each}) for name, each in answers.items()])
        others = np.array([tables.likelihood({o: answers[o] for o in answers if o != name}) for name in answers])
        possible = every > 0.0
        if not possible.all():
            for name, row in zip(answers, others, strict=True):
                if ((row > 0.0) != possible).any():
                    self._rule_out(name, possible)
            if not any(name in self.certain for name in answers):  # any of them could be spared for that
                for name in answers:
                    self._rule_out(name, possible)
        total, alone, others = (np.log(np.where(possible, each, 1.0)) for each in (every, alone, others))
        return dict(zip(answers, divided_by_level(alone, total - others, total, self.prior * possible), strict=True))

    def _risk_factor_rows(self, known: Mapping[str, Likelihood]) -> dict[str, Vector]:
        """The part of each risk factor in log P(answers about risk factors | s), by id."""
        if not known:
            return {}
        total = self._log_ratio(known)
        alone = np.array([self._log_ratio({name: each}) for name, each in known.items()])
        others = np.array([self._log_ratio({o: known[o] for o in known if o != name}) for name in known])
        return dict(zip(known, divided_by_level(alone, total - others, total, self.prior), strict=True))

    def _log_ratio(self, known: Mapping[str, Likelihood]) -> Vector:
        """log P(known | s); 0 where s is impossible."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.prior > 0.0, np.log(self._tables.prior(known) / self.prior), 0.0))

    def _sign_seen(self, sign: str, readings: Mapping[str, Likelihood]) -> SignSeen:
        models = self._tables.network.readings
        logs = {name: np.log(np.array(each) @ reading_table(models[name])).tolist() for name, each in readings.items()}
        return SignSeen(self._tables.table(sign)[1], {name: (no, yes) for name, (no, yes) in logs.items()})

    @cached_property
    def log_likelihood(self) -> Vector:
        """The sum of `rows`, less its largest value."""
        return np.asarray(self.matrix.sum(axis=0) - self.highest)

    @cached_property
    def highest(self) -> float:
        """The largest value of the sum of `rows`."""
        return float(self.matrix.sum(axis=0).max())

    @cached_property
    def present(self) -> Vector:
        """A row of ones and a row of P(sign | s) for each sign, shape (signs, 2, sets)."""
        size = len(self.prior)
        return np.array([[np.ones(size), sign.present] for sign in self.signs]).reshape(-1, 2, size)

    @cached_property
    def dtype(self) -> type[np.floating]:
        """float64, unless some subsets would drop out of its range on the way."""
        spread = -float(self.log_likelihood.min()) + sum(abs(yes - no) for no, yes in (s.logs for s in self.signs))
        return np.float64 if spread < LARGEST_SPREAD else np.longdouble


class SubsetPath:
    """The path of the likelihood P(e | s)^t from t = 0 to 1, at the nodes of Gauss-Legendre."""

    def __init__(self, known: KnownAnswers, events: Events, nodes: int) -> None:
        self._known = known
        self._events = events
        points, self._weights = gauss_legendre(nodes)
        self._t = np.append(points, 1.0).astype(known.dtype)  # the last one serves for `after`
        size = len(known.prior)
        length = 2 ** int(math.log2(max(LEAST_AT_ONCE, MOST_AT_ONCE // (2 * len(events) * len(self._t)))))
        self._parts = [slice(start, min(start + length, size)) for start in range(0, size, length)]
        self._keeps = size * nodes <= MOST_KEPT

    def shares(self) -> Shares:
        """The share of each answer in each event."""
        known = self._known
        masses, with_sign, kept = self._masses()
        with np.errstate(divide="ignore"):
            before, start = np.log(self._sums(known.prior)), np.log(self._sums(known.base))
            scale = known.highest + math.fsum(max(sign.logs) for sign in known.signs)
            after = np.asarray(np.log(masses[-1]) + scale, np.float64)
            time = np.where(masses[:-1] > 0.0, self._weights[:, None] / masses[:-1], 0.0)
        moves = {**self._direct_moves(time, kept), **self._reading_moves(with_sign, time)}
        for name, move in self._certain_moves(before, start).items():
            moves[name] = move + moves.get(name, 0.0)  # what an answer rules out, and what it tells of the rest
        return Shares(
            known.names,
            before.reshape(2, -1),
            after.reshape(2, -1),
            np.array([moves[name] for name in known.names]).reshape(len(moves), 2, len(self._events)),
        )

    def _sides(self, part: slice) -> Vector:
        return sides(self._known.sets, self._events, part.start, part.stop)

    def _sums(self, weights: Vector) -> Vector:
        """The sum of weights over the subsets of each side, shape (2 * events,)."""
        return np.asarray(np.sum([weights[part] @ self._sides(part) for part in self._parts], axis=0))

    def _tempered(self, part: slice) -> tuple[Floats, Floats]:
        """P(s, evidence)_t, and for each sign P(readings | s)_t; shapes (times, subsets), (signs, times, subsets).

        Both are scaled such that the largest likelihood is 1.
        """
        known = self._known
        weights = np.multiply.outer(self._t, known.log_likelihood[part].astype(known.dtype))
        np.exp(weights, out=weights)
        weights *= known.base[part]
        of_signs = self._with_and_without @ known.present[:, :, part]
        for each in of_signs:
            weights *= each
        return weights, of_signs

    @cached_property
    def _with_and_without(self) -> Floats:
        """P(readings | no sign)_t and how much more it is with the sign, shape (signs, times, 2); the larger is 1."""
        logs = np.array([sign.logs for sign in self._known.signs], self._known.dtype).reshape(-1, 1, 2)
        each = np.exp(self._t[:, None] * (logs - logs.max(axis=2, keepdims=True)))
        return np.stack([each[..., 0], each[..., 1] - each[..., 0]], axis=2)

    def _masses(self) -> tuple[Floats, Floats, list[Floats]]:
        """P(side, evidence)_t and P(side, sign, evidence)_t, shapes (times, sides) and (signs, nodes, sides).

        And P(s, evidence)_t of each part, unless there are too many subsets to keep it.
        """
        kept: list[Floats] = []
        masses: Floats = np.zeros((len(self._t), 2 * len(self._events)), self._known.dtype)
        with_sign: Floats = np.zeros((len(self._known.signs), *masses.shape), self._known.dtype)
        for part in self._parts:
            weights, of_signs = self._tempered(part)
            masses += weights @ self._sides(part)
            np.divide(weights, of_signs, out=of_signs)
            of_signs *= self._known.present[:, 1:, part]
            with_sign += of_signs @ self._sides(part)
            if self._keeps:
                kept.append(weights)
        with_sign *= self._with_and_without.sum(axis=2, keepdims=True)
        return masses, with_sign[:, :-1], kept

    def _certain_moves(self, before: Vector, start: Vector) -> dict[str, Vector]:
        """The shares of answers that rule a condition in or out, which come before all others."""
        certain = self._known.certain
        if not certain:
            return {}

        def gain(rows: Iterable[Vector]) -> Vector:
            gained = np.log(self._sums(functools.reduce(np.multiply, rows, self._known.prior))) - before
            return np.where(np.isneginf(before), 0.0, gained)

        with np.errstate(divide="ignore", invalid="ignore"):
            first = np.array([gain([row]) for row in certain.values()])
            rest = np.array([gain(certain[other] for other in certain if other != name) for name in certain])
            total = np.where(np.isneginf(before), 0.0, start - before)
            return dict(zip(certain, divided(first, total - rest, total), strict=True))

    def _direct_moves(self, time: Floats, kept: list[Floats]) -> dict[str, Vector]:
        """The shares of answers with a row in `rows`. `time` is weight / P(side, evidence)_t by node and side."""
        known = self._known
        direct = np.zeros((len(known.rows), time.shape[1]))
        for number, part in enumerate(self._parts if known.rows else []):
            weights = kept[number] if kept else self._tempered(part)[0]
            kernel = (weights[:-1].T @ time) * self._sides(part)
            direct += np.asarray(known.matrix[:, part] @ kernel, np.float64)
        return dict(zip(known.rows, direct, strict=True))

    def _reading_moves(self, with_sign: Floats, time: Floats) -> dict[str, Vector]:
        """The shares of readings: the mean along the path of log P(answer | sign or no sign)."""
        possible = np.where((time > 0.0).any(axis=0), 1.0, 0.0)
        present = np.asarray((with_sign * time).sum(axis=1), np.float64)
        return {
            name: no * possible + (yes - no) * own
            for sign, own in zip(self._known.signs, present, strict=True)
            for name, (no, yes) in sign.readings.items()
        }


@lru_cache(maxsize=64)  # parts: an account goes through its parts more than once. Judged
def sides(sets: CauseSets, events: Events, start: int, stop: int) -> Vector:
    """1.0 where a set belongs to a side, shape (stop - start, 2 * events): events, then opposites. Read only."""
    inside = np.array([sets.holds_any(event)[start:stop] for event in events]).T > 0.0
    return np.concatenate([inside, ~inside], axis=1).astype(np.float64)
