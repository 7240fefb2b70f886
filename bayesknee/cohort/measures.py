"""How good forecasts were: measures over labelled patients, each with a bootstrap interval.

The forecast for a patient is a probability for each condition; the truth is a set of conditions. Several can be true,
so log loss, Brier score and calibration treat each (patient, condition) pair as one yes-or-no forecast and take the
mean over all of them; ranks look at the best-placed true condition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Integers, Vector, descending
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.interval_95 import ENDS
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network

Counts: TypeAlias = NDArray[Any]  # whole numbers of any kind

INCLUSION: Final = 0.89  # of a published knee program, whose list was then 4.8 long (Bisson 2014)
# The usual number; with more, a bin has too few patients; with fewer, it hides where forecasts are off.
BINS: Final = 10
# A forecast of 0 that comes true costs 27.6 nats, and not infinity, which would leave nothing of all other patients; a
# smaller number lets one patient weigh more. It is also what rounding may take from a sum of counts. Judged.
SURE: Final = 1e-12
# Patients in all rounds at once. More rounds take more from each look at the patients; the counts are 8 MB. Judged
DRAWN_AT_ONCE: Final = 2**22
SUMMED_AT_ONCE: Final = 2**11  # patients: 1.4 MB of the 90 columns that 11 conditions have, within most caches. Judged


@dataclass(frozen=True)
class Measure:
    """A figure with its 95 % bootstrap interval; NaN where there was nothing to measure."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """Forecasts between two probabilities.

    Attributes:
        low, high: the bin, the lower bound included.
        count: the number of (patient, condition) forecasts in it.
        predicted: their mean, NaN for none.
        observed: the share that came true, NaN for none.
    """

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def bin_numbers(probabilities: Vector, bins: int) -> Integers:
    """The bin of each probability, of so many of equal width, from 0; the last one holds 1 itself. Same shape."""
    return np.minimum((probabilities * bins).astype(np.intp), bins - 1)


def levels_called_for(network: Network, truth: Bools) -> tuple[Integers, Integers]:
    """The numbers of the levels of triage that true conditions call for: at the least, and if they were certain.

    Args:
        network: has the levels of its conditions.
        truth: which conditions are true, shape (patients, conditions).

    Returns:
        The most urgent of the levels of the true conditions, and of their highest levels, 0 the most urgent; shape
        (patients,). Without a true condition it is the least urgent level.
    """
    conditions = network.conditions.values()
    least = np.array([LEVELS.index(condition.level) for condition in conditions])
    highest = np.array([LEVELS.index(condition.highest_level) for condition in conditions])
    needed, most = (np.where(truth, levels, len(LEVELS) - 1).min(axis=1) for levels in (least, highest))
    return needed, most


class InOrder:
    """Forecasts of conditions for patients, the most probable first, so that a list over a threshold is its beginning.

    Thresholds of a bootstrap lie close together, so lists are counted from a first one, with what lies between.

    Args:
        posterior: P(condition), shape (patients, conditions).
        which: the forecasts that count, same shape.
        threshold: the first one.
    """

    def __init__(self, posterior: Vector, which: Bools, threshold: float) -> None:
        probabilities = posterior[which]
        order = np.argsort(-probabilities, kind="stable")
        self._patients = np.nonzero(which)[0].astype(np.int32)[order]
        self._improbability = -probabilities[order]
        self._first = self._up_to(threshold)
        self._listed = np.bincount(self._patients[: self._first], minlength=len(posterior)).astype(np.float64)

    def listed(self, threshold: float, counts: Counts) -> float:
        """How many are at or over a threshold, with patients counted so often, shape (patients,)."""
        last = self._up_to(threshold)
        between = counts[self._patients[min(last, self._first) : max(last, self._first)]].sum()
        sign = 1.0 if last > self._first else -1.0
        return float(vector_product(self._listed, counts)) + sign * float(between)

    def _up_to(self, threshold: float) -> int:
        return int(np.searchsorted(self._improbability, -threshold, side="right"))


@dataclass(frozen=True)
class Forecasts:
    """Forecasts for patients, and what was true.

    Attributes:
        posterior: P(condition), shape (patients, conditions).
        truth: which conditions were true, same shape.
        called: the number of the triage level that was called, 0 the most urgent, shape (patients,); None where there
            are no calls.
        needed: the number of the level that the true conditions call for at the least, shape (patients,).
        limits: of the conditions, shape (conditions,).
        most: the number of the level that the true conditions call for if certain, the most urgent that does not count
            as over-triage, same shape; `needed` if left out.
    """

    posterior: Vector
    truth: Bools
    called: Integers | None
    needed: Integers
    limits: Vector
    most: Integers | None = None

    @cached_property
    def has_cause(self) -> Bools:
        """Who has a true condition at all; without a complaint some have none, and no rank then."""
        return np.asarray(self.truth.any(axis=1))

    @cached_property
    def rank(self) -> Integers:
        """The rank of the best-placed true condition, from 1; equal probabilities in the network's order."""
        order = descending(self.posterior)
        return np.asarray(np.argmax(np.take_along_axis(self.truth, order, axis=1), axis=1) + 1)

    @cached_property
    def best(self) -> Vector:
        """The probability of the most probable true condition."""
        return np.asarray(np.where(self.truth, self.posterior, 0.0).max(axis=1))

    @cached_property
    def losses(self) -> Vector:
        """Mean of -ln P(what came true) over the conditions, in nats, by patient."""
        hit = np.where(self.truth, self.posterior, 1.0 - self.posterior)
        return np.asarray(-np.log(np.maximum(hit, SURE)).mean(axis=1))

    @cached_property
    def brier(self) -> Vector:
        """Mean of (P - truth)^2 over the conditions, by patient (Brier 1950, one class at a time)."""
        return np.asarray(((self.posterior - self.truth) ** 2).mean(axis=1))

    def binned(self) -> Iterator[Vector]:
        """The number of forecasts, their sum, and how many came true; each of shape (patients, bins)."""
        patients = len(self.posterior)
        place = (bin_numbers(self.posterior, BINS) + np.arange(patients)[:, None] * BINS).ravel()
        for weights in (None, self.posterior.ravel(), self.truth.ravel()):
            yield np.bincount(place, weights, patients * BINS).reshape(patients, BINS).astype(np.float64, copy=False)

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """Ten bins of equal width."""
        with np.errstate(invalid="ignore"):
            count, predicted, observed = (of_bins.sum(axis=0) for of_bins in self.binned())
            edges = np.linspace(0.0, 1.0, BINS + 1).tolist()
            rows = zip(count.tolist(), (predicted / count).tolist(), (observed / count).tolist(), strict=True)
        return tuple(Bin(edges[i], edges[i + 1], int(n), p, o) for i, (n, p, o) in enumerate(rows))

    @property
    def calls(self) -> Mapping[str, Mapping[str, int]]:
        """How many patients were called each level, by the level that their conditions call for at the least."""
        if self.called is None:
            return {}
        pairs = Counter(zip(self.needed.tolist(), self.called.tolist(), strict=True))
        return {
            LEVELS[needed]: {LEVELS[c]: number for (n, c), number in sorted(pairs.items()) if n == needed}
            for needed in sorted({needed for needed, _ in pairs})
        }

    @cached_property
    def inclusion(self) -> tuple[float, ...]:
        """The share of patients with a true condition among the first k, for k = 1, 2, ...; of those who have one."""
        ranks = self.rank[self.has_cause]
        return tuple(float(np.mean(ranks <= k)) if len(ranks) else np.nan for k in range(1, self.truth.shape[1] + 1))

    def list_at(self, counts: Counts, in_order: tuple[InOrder, InOrder]) -> tuple[Vector, Vector]:
        """Length and specificity of the list that holds a true condition for 89 % of the patients.

        The list of a patient holds the conditions at or over one threshold, the highest that reaches this share.

        Args:
            counts: how often each patient counts, shape (rounds, patients).
            in_order: from `in_order`.

        Returns:
            The mean length, and the share of false conditions that are left out, by round.
        """
        results = [
            self._list_over(self._threshold(of_round), of_round, in_order) for of_round in counts * self.has_cause
        ]
        lengths, specificities = np.array(results).T
        return lengths, specificities

    def _threshold(self, counts: Counts) -> float:
        """The highest that reaches the share of patients, of whom each counts so often."""
        reached = np.cumsum(counts[self._by_best])
        place = np.searchsorted(reached, INCLUSION * reached[-1] - SURE)
        return float(self.best[self._by_best[min(place, len(reached) - 1)]])

    def _list_over(self, threshold: float, counts: Counts, in_order: tuple[InOrder, InOrder]) -> tuple[float, float]:
        listed, rightly = (forecasts.listed(threshold, counts) for forecasts in in_order)
        false = float(vector_product(self._false, counts))
        return _ratio(listed, float(counts.sum())), _ratio(false - (listed - rightly), false)

    @cached_property
    def _by_best(self) -> Integers:
        return np.argsort(-self.best, kind="stable")

    @cached_property
    def _false(self) -> Vector:
        return np.asarray((~self.truth).sum(axis=1), dtype=np.float64)

    def in_order(self) -> tuple[InOrder, InOrder]:
        """All forecasts, and those of conditions that are true."""
        threshold = self._threshold(self.has_cause.astype(np.float64))
        every = InOrder(self.posterior, np.ones_like(self.truth), threshold)
        return every, InOrder(self.posterior, self.truth, threshold)


@dataclass(frozen=True)
class Measures:
    """All measures of one forecaster.

    Attributes:
        top1, top3: share of patients of whom a true condition leads, or is among the first three.
        mean_rank: of the best-placed true condition.
        log_loss: mean over patients and conditions of -ln P(what came true), in nats.
        brier: mean over patients and conditions of (P - truth)^2.
        calibration_error: expected calibration error, over ten bins of equal width.
        list_length: mean number of conditions on the list that holds a true one for 89 % of the patients.
        list_specificity: share of the false conditions that this list leaves out.
        over_triage, under_triage: share of patients with a more, or less, urgent level than their conditions call for.
        sensitivity, specificity: by condition, of "its probability is at or over its limit".
    """

    top1: Measure
    top3: Measure
    mean_rank: Measure
    log_loss: Measure
    brier: Measure
    calibration_error: Measure
    list_length: Measure
    list_specificity: Measure
    over_triage: Measure
    under_triage: Measure
    sensitivity: Mapping[str, Measure]
    specificity: Mapping[str, Measure]


def measure(forecasts: Forecasts, conditions: tuple[str, ...], rounds: int, seed: int) -> Measures:
    """All measures of `forecasts`, with percentile intervals from drawing the patients anew (Efron 1979).

    Args:
        forecasts: of at least one patient.
        conditions: ids, in the order of its columns.
        rounds: of the bootstrap; 0 gives intervals of NaN.
        seed: of the drawing; the same seed gives the same intervals.
    """
    figures = _Figures(forecasts, conditions)
    patients = len(forecasts.rank)
    values = figures.of(np.ones((1, patients), np.uint8))
    drawn = [figures.of(counts) for counts in _draws(patients, rounds, seed)]
    found = {name: _measure(float(value[0]), [figures[name] for figures in drawn]) for name, value in values.items()}
    by_condition = {
        kind: immutabledict({name: found.pop(f"{kind} {name}") for name in conditions})
        for kind in ("sensitivity", "specificity")
    }
    return Measures(**found, **by_condition)  # type: ignore[arg-type]  # mypy does not see which name has which type


def _draws(patients: int, rounds: int, seed: int) -> Iterator[Counts]:
    """How often each patient is drawn, shape (some rounds, patients)."""
    rng = np.random.default_rng(seed)
    at_once = max(1, DRAWN_AT_ONCE // patients)
    for start in range(0, rounds, at_once):
        counts = np.empty((min(at_once, rounds - start), patients), np.uint16)  # each has a mean of 1
        for row in counts:
            row[:] = np.bincount(rng.integers(patients, size=patients), minlength=patients)
        yield counts


def _measure(value: float, drawn: list[Vector]) -> Measure:
    rounds = np.concatenate(drawn) if drawn else np.empty(0)
    rounds = rounds[~np.isnan(rounds)]
    if not len(rounds):
        return Measure(value, np.nan, np.nan)
    low, high = np.quantile(rounds, ENDS)
    return Measure(value, float(low), float(high))


class _Figures:
    """Each measure as a function of how often each patient counts: nearly all from one product of matrices."""

    def __init__(self, forecasts: Forecasts, conditions: tuple[str, ...]) -> None:
        self._forecasts = forecasts
        everyone, has_cause = np.ones(len(forecasts.rank)), forecasts.has_cause
        called, needed = forecasts.called, forecasts.needed
        with_level = everyone if called is not None else np.zeros_like(everyone)
        called, most = needed if called is None else called, needed if forecasts.most is None else forecasts.most
        shares: dict[str, tuple[Vector | Bools | Integers, Vector | Bools]] = {
            "top1": (forecasts.rank == 1, has_cause),
            "top3": (forecasts.rank <= 3, has_cause),
            "mean_rank": (forecasts.rank, has_cause),
            "log_loss": (forecasts.losses, everyone),
            "brier": (forecasts.brier, everyone),
            "over_triage": (called < most, with_level),
            "under_triage": (called > needed, with_level),
        }
        over = forecasts.posterior >= forecasts.limits
        for c, name in enumerate(conditions):
            true = forecasts.truth[:, c]
            shares[f"sensitivity {name}"] = over[:, c], true
            shares[f"specificity {name}"] = ~over[:, c], ~true
        self._names = tuple(shares)
        parts = (part * counted for part, counted in shares.values())
        totals = (counted for _, counted in shares.values())
        binned = (column for of_bins in forecasts.binned() for column in of_bins.T)
        self._in_order = forecasts.in_order()
        self._columns = [_compact(column) for column in chain(parts, totals, binned)]

    def of(self, counts: Counts) -> dict[str, Vector]:
        """All measures by name, shape (rounds,), from counts of shape (rounds, patients)."""
        sums = _sums(self._columns, counts)
        parts, totals, binned = np.split(sums, [len(self._names), 2 * len(self._names)], axis=1)
        figures = dict(zip(self._names, _ratios(parts, totals).T, strict=True))
        number, predicted, observed = np.split(binned, 3, axis=1)
        # Sum over bins of (share of forecasts) x |mean forecast - share that came true|: Naeini 2015.
        figures["calibration_error"] = np.abs(predicted - observed).sum(axis=1) / number.sum(axis=1)
        figures["list_length"], figures["list_specificity"] = self._forecasts.list_at(counts, self._in_order)
        return figures


def _sums(columns: Sequence[NDArray[Any]], counts: Counts) -> Vector:
    """The sums of columns, each of shape (patients,), over patients who count so often: shape (rounds, columns).

    Some patients at once, whose part of the columns stays in a processor's cache while all rounds are summed.
    """
    sums = np.zeros((len(counts), len(columns)))
    for start in range(0, counts.shape[1], SUMMED_AT_ONCE):
        rows = slice(start, start + SUMMED_AT_ONCE)
        matrix = np.stack([column[rows] for column in columns], axis=1, dtype=np.float64)
        sums += matrix_product(counts[:, rows].astype(np.float64), matrix)
    return sums


def _compact(column: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in a byte each, where all are whole and so small, and else in eight."""
    small = column.astype(np.uint8)
    return small if (small == column).all() else np.array(column, np.float64)  # no view of what is larger


def _ratios(part: Vector, total: Vector) -> Vector:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, part / total, np.nan)


def _ratio(part: float, total: float) -> float:
    return float(part / total) if total else float("nan")
