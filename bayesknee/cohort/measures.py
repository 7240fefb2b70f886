"""How good forecasts were: measures over labelled patients, each with a bootstrap interval.

The forecast for a patient is a probability for each condition; the truth is a set of conditions. Several can be true,
so log loss, Brier score and calibration treat each (patient, condition) pair as one yes-or-no forecast and take the
mean over all of them; ranks look at the best-placed true condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from immutabledict import immutabledict
from numpy.typing import NDArray

from bayesknee.inference.subsets import Vector

Flags: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.intp]
Counts: TypeAlias = NDArray[np.float64]

INCLUSION: Final = 0.89  # of a published knee program, whose list was then 4.8 long (Bisson 2014)
BINS: Final = 10
SURE: Final = 1e-12
RANGE: Final = (2.5, 97.5)
MOST_NUMBERS_AT_ONCE: Final = 2**22


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


@dataclass(frozen=True)
class Forecasts:
    """Forecasts for patients, and what was true.

    Attributes:
        posterior: P(condition), shape (patients, conditions).
        truth: which conditions were true, same shape.
        called: the number of the triage level that was called, 0 the most urgent, shape (patients,).
        needed: the number of the level that the true conditions call for, same shape.
        limits: of the conditions, shape (conditions,).
    """

    posterior: Vector
    truth: Flags
    called: Numbers
    needed: Numbers
    limits: Vector

    @cached_property
    def has_cause(self) -> Flags:
        """Who has a true condition at all; without a complaint some have none, and no rank then."""
        return np.asarray(self.truth.any(axis=1))

    @cached_property
    def rank(self) -> Numbers:
        """The rank of the best-placed true condition, from 1; equal probabilities in the network's order."""
        order = np.argsort(-self.posterior, axis=1, kind="stable")
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

    @cached_property
    def binned(self) -> Vector:
        """By patient and bin: the number of forecasts, their sum, how many came true; shape (3, patients, bins)."""
        place = np.minimum((self.posterior * BINS).astype(np.intp), BINS - 1)
        of_bin = place[:, :, None] == np.arange(BINS)
        weights = (np.ones_like(self.posterior), self.posterior, self.truth.astype(float))
        return np.stack([np.einsum("pc,pcb->pb", each, of_bin) for each in weights])

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """Ten bins of equal width."""
        with np.errstate(invalid="ignore"):
            count, predicted, observed = self.binned.sum(axis=1)
            edges = np.linspace(0.0, 1.0, BINS + 1).tolist()
            rows = zip(count.tolist(), (predicted / count).tolist(), (observed / count).tolist(), strict=True)
        return tuple(Bin(edges[i], edges[i + 1], int(n), p, o) for i, (n, p, o) in enumerate(rows))

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
        order = np.argsort(-self.best, kind="stable")
        reached = np.cumsum(counts[:, order], axis=1) >= INCLUSION * counts.sum(axis=1, keepdims=True) - SURE
        thresholds = self.best[order][np.argmax(reached, axis=1)]
        results = [self._list_over(float(t), each) for t, each in zip(thresholds, counts, strict=True)]
        lengths, specificities = np.array(results).T
        return lengths, specificities

    def _list_over(self, threshold: float, counts: Vector) -> tuple[float, float]:
        listed = self.posterior >= threshold
        false = (~self.truth).sum(axis=1)
        left_out = (~listed & ~self.truth).sum(axis=1)
        return _ratio(counts @ listed.sum(axis=1), counts.sum()), _ratio(counts @ left_out, counts @ false)


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
    formulas = _formulas(forecasts, conditions)
    patients = len(forecasts.rank)
    values = {name: formula(np.ones((1, patients))) for name, formula in formulas.items()}
    drawn: dict[str, list[Vector]] = {name: [] for name in formulas}
    for counts in _draws(patients, rounds, seed):
        for name, formula in formulas.items():
            drawn[name].append(formula(counts))
    found = {name: _measure(float(values[name][0]), drawn[name]) for name in formulas}
    by_condition = {
        kind: immutabledict({name: found.pop(f"{kind} {name}") for name in conditions})
        for kind in ("sensitivity", "specificity")
    }
    return Measures(**found, **by_condition)  # type: ignore[arg-type]  # mypy does not see which name has which type


def _draws(patients: int, rounds: int, seed: int) -> Iterator[Counts]:
    rng = np.random.default_rng(seed)
    at_once = max(1, MOST_NUMBERS_AT_ONCE // patients)
    for start in range(0, rounds, at_once):
        size = min(at_once, rounds - start)
        yield rng.multinomial(patients, np.full(patients, 1.0 / patients), size=size).astype(np.float64)


def _measure(value: float, drawn: list[Vector]) -> Measure:
    rounds = np.concatenate(drawn) if drawn else np.empty(0)
    rounds = rounds[~np.isnan(rounds)]
    if not len(rounds):
        return Measure(value, np.nan, np.nan)
    low, high = np.percentile(rounds, RANGE)
    return Measure(value, float(low), float(high))


def _formulas(forecasts: Forecasts, conditions: tuple[str, ...]) -> dict[str, Callable[[Counts], Vector]]:
    """Each measure as a function of how often each patient counts, shape (rounds, patients)."""

    def mean(values: Vector | Flags) -> Callable[[Counts], Vector]:
        return lambda counts: np.asarray(counts @ values / counts.sum(axis=1))

    def share(part: Flags | Numbers, whole: Flags) -> Callable[[Counts], Vector]:
        return lambda counts: _ratios(counts @ (part * whole), counts @ whole)

    has_cause = forecasts.has_cause
    formulas = {
        "top1": share(forecasts.rank == 1, has_cause),
        "top3": share(forecasts.rank <= 3, has_cause),
        "mean_rank": share(forecasts.rank, has_cause),
        "log_loss": mean(forecasts.losses),
        "brier": mean(forecasts.brier),
        "calibration_error": lambda counts: _calibration_error(forecasts.binned, counts),
        "list_length": lambda counts: forecasts.list_at(counts)[0],
        "list_specificity": lambda counts: forecasts.list_at(counts)[1],
        "over_triage": mean(forecasts.called < forecasts.needed),
        "under_triage": mean(forecasts.called > forecasts.needed),
    }
    over = forecasts.posterior >= forecasts.limits
    for c, name in enumerate(conditions):
        true = forecasts.truth[:, c]
        formulas[f"sensitivity {name}"] = share(over[:, c] & true, true)
        formulas[f"specificity {name}"] = share(~over[:, c] & ~true, ~true)
    return formulas


def _calibration_error(binned: Vector, counts: Counts) -> Vector:
    """Sum over bins of (share of forecasts) x |mean forecast - share that came true| (Naeini 2015), by round."""
    number, predicted, observed = np.einsum("rp,kpb->krb", counts, binned)
    return np.asarray(np.abs(predicted - observed).sum(axis=1) / number.sum(axis=1))


def _ratios(part: Vector, whole: Vector) -> Vector:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
