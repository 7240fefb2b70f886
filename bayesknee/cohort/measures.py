"""How good forecasts were: measures over labelled patients, each with a bootstrap interval.

The forecast for a patient is a probability for each condition; the truth is a set of conditions. Several can be true,
so log loss, Brier score and calibration treat each (patient, condition) pair as one yes-or-no forecast and take the
mean over all of them; ranks look at the best-placed true condition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.arrays import Bools, Integers, Vector, descending
from bayesknee.inference.products import matrix_product, vector_product
from bayesknee.interval_95 import ENDS
from bayesknee.knowledge.model import LEVELS
from bayesknee.knowledge.network import Network

Counts: TypeAlias = NDArray[np.float64]

INCLUSION: Final = 0.89  # of a published knee program, whose list was then 4.8 long (Bisson 2014)
# The usual number; with more, a bin has too few patients; with fewer, it hides where forecasts are off.
BINS: Final = 10
# A forecast of 0 that comes true costs 27.6 nats, and not infinity, which would leave nothing of all other patients; a
# smaller number lets one patient weigh more. It is also what rounding may take from a sum of counts. Judged.
SURE: Final = 1e-12
DRAWN_AT_ONCE: Final = 2**18  # patients in all rounds at once; some ten arrays of as many numbers stand side by side


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


class InOrder(NamedTuple):
    """Forecasts of conditions for patients, the most probable first.

    Attributes:
        patients: whose they are.
        improbability: 0 minus the probabilities, ascending.
    """

    patients: NDArray[np.int32]
    improbability: Vector

    @staticmethod
    def of(posterior: Vector, which: Bools) -> InOrder:
        """Those of the forecasts, shape (patients, conditions), that are told by `which`, of the same shape."""
        probabilities = posterior[which]
        order = np.argsort(-probabilities, kind="stable")
        return InOrder(np.nonzero(which)[0].astype(np.int32)[order], -probabilities[order])

    def up_to(self, threshold: float) -> slice:
        """The places of those at or over a threshold."""
        return slice(int(np.searchsorted(self.improbability, -threshold, side="right")))


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

    @property
    def binned(self) -> Vector:
        """By patient and bin: the number of forecasts, their sum, how many came true; shape (3, patients, bins)."""
        of_bin = bin_numbers(self.posterior, BINS)[:, :, None] == np.arange(BINS)
        weights = (np.ones_like(self.posterior), self.posterior, self.truth.astype(float))
        return np.stack([np.einsum("pc,pcb->pb", weight, of_bin) for weight in weights])

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """Ten bins of equal width."""
        with np.errstate(invalid="ignore"):
            count, predicted, observed = self.binned.sum(axis=1)
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

    def list_at(self, counts: Counts) -> tuple[Vector, Vector]:
        """Length and specificity of the list that holds a true condition for 89 % of the patients.

        The list of a patient holds the conditions at or over one threshold, the highest that reaches this share.

        Args:
            counts: how often each patient counts, shape (rounds, patients).

        Returns:
            The mean length, and the share of false conditions that are left out, by round.
        """
        counts = counts * self.has_cause
        order = self._by_best
        reached = np.cumsum(counts[:, order], axis=1) >= INCLUSION * counts.sum(axis=1, keepdims=True) - SURE
        thresholds = self.best[order][np.argmax(reached, axis=1)]
        results = [self._list_over(float(t), of_round) for t, of_round in zip(thresholds, counts, strict=True)]
        lengths, specificities = np.array(results).T
        return lengths, specificities

    def _list_over(self, threshold: float, counts: Vector) -> tuple[float, float]:
        listed, wrongly = (
            float(counts[forecasts.patients[forecasts.up_to(threshold)]].sum())
            for forecasts in self._forecasts_in_order
        )
        false = float(vector_product(self._false, counts))
        return _ratio(listed, float(counts.sum())), _ratio(false - wrongly, false)

    @cached_property
    def _by_best(self) -> Integers:
        return np.argsort(-self.best, kind="stable")

    @cached_property
    def _false(self) -> Vector:
        return np.asarray((~self.truth).sum(axis=1), dtype=float)

    @cached_property
    def _forecasts_in_order(self) -> tuple[InOrder, InOrder]:
        """All forecasts, and those of conditions that are false."""
        return InOrder.of(self.posterior, np.ones_like(self.truth)), InOrder.of(self.posterior, ~self.truth)


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
    values = figures.of(np.ones((1, patients)))
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
        chosen = rng.integers(patients, size=(min(at_once, rounds - start), patients))
        yield np.stack([np.bincount(row, minlength=patients) for row in chosen]).astype(np.float64)


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
        binned = forecasts.binned
        self._columns = np.empty((len(everyone), 2 * len(shares) + len(binned) * BINS))  # filled in place: it is large
        for column, (part, counted) in enumerate(shares.values()):
            self._columns[:, column] = part * counted
            self._columns[:, len(shares) + column] = counted
        for number, of_bins in enumerate(binned):
            start = 2 * len(shares) + number * BINS
            self._columns[:, start : start + BINS] = of_bins

    def of(self, counts: Counts) -> dict[str, Vector]:
        """All measures by name, shape (rounds,), from counts of shape (rounds, patients)."""
        sums = matrix_product(counts, self._columns)
        parts, totals, binned = np.split(sums, [len(self._names), 2 * len(self._names)], axis=1)
        figures = dict(zip(self._names, _ratios(parts, totals).T, strict=True))
        number, predicted, observed = np.split(binned, 3, axis=1)
        # Sum over bins of (share of forecasts) x |mean forecast - share that came true|: Naeini 2015.
        figures["calibration_error"] = np.abs(predicted - observed).sum(axis=1) / number.sum(axis=1)
        figures["list_length"], figures["list_specificity"] = self._forecasts.list_at(counts)
        return figures


def _ratios(part: Vector, total: Vector) -> Vector:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, part / total, np.nan)


def _ratio(part: float, total: float) -> float:
    return float(part / total) if total else float("nan")
