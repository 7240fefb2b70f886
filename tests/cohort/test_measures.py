"""Measures of forecasts: worked examples, scikit-learn as a second opinion, and the bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from bayesknee.cohort.measures import Forecasts, measure

CONDITIONS = ("a", "b", "c")
# Four patients: a leads and is true; b leads and c, in second place, is true; c leads, a and b are true; c leads.
POSTERIOR = np.array([[0.90, 0.20, 0.10], [0.05, 0.80, 0.40], [0.30, 0.20, 0.60], [0.10, 0.00, 1.00]])
TRUTH = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 0, 1]], dtype=bool)
FORECASTS = Forecasts(
    posterior=POSTERIOR,
    truth=TRUTH,
    called=np.array([0, 0, 1, 2]),
    needed=np.array([0, 1, 0, 2]),
    limits=np.array([0.3, 0.2, 0.5]),
)


def test_ranks_are_of_the_best_placed_true_condition() -> None:
    assert FORECASTS.rank.tolist() == [1, 2, 2, 1]
    found = measure(FORECASTS, CONDITIONS, rounds=0, seed=0)
    assert found.top1.value == 0.5
    assert found.top3.value == 1.0
    assert found.mean_rank.value == 1.5


def test_losses_are_those_of_scikit_learn() -> None:
    found = measure(FORECASTS, CONDITIONS, rounds=0, seed=0)
    assert math.isclose(found.brier.value, brier_score_loss(TRUTH.ravel(), POSTERIOR.ravel()))
    pairs = np.stack([1 - POSTERIOR.ravel(), POSTERIOR.ravel()], axis=1)
    assert math.isclose(found.log_loss.value, log_loss(TRUTH.ravel(), pairs), rel_tol=1e-9)


def test_sensitivity_and_specificity_count_who_is_at_or_over_the_limit() -> None:
    found = measure(FORECASTS, CONDITIONS, rounds=0, seed=0)
    assert {name: each.value for name, each in found.sensitivity.items()} == {"a": 1.0, "b": 1.0, "c": 0.5}
    # Who has not a: 0.05 and 0.10, both under 0.3. Not b: 0.20 (at the limit), 0.80 and 0.00. Not c: 0.10 and 0.60.
    shares = {name: round(each.value, 3) for name, each in found.specificity.items()}
    assert shares == {"a": 1.0, "b": 0.333, "c": 0.5}


def test_triage() -> None:
    found = measure(FORECASTS, CONDITIONS, rounds=0, seed=0)
    assert found.over_triage.value == 0.25
    assert found.under_triage.value == 0.25


def test_the_list_is_as_short_as_the_inclusion_allows() -> None:
    """89 % of four patients are four: the lowest best true probability, 0.30, is the threshold."""
    found = measure(FORECASTS, CONDITIONS, rounds=0, seed=0)
    assert found.list_length.value == (1 + 2 + 2 + 1) / 4
    assert math.isclose(found.list_specificity.value, (2 + 1 + 0 + 2) / (2 + 2 + 1 + 2))


def test_calibration_in_bins() -> None:
    bins = FORECASTS.calibration
    assert [each.count for each in bins] == [2, 2, 2, 1, 1, 0, 1, 0, 1, 2]
    assert math.isclose(bins[9].predicted, 0.95)
    assert bins[9].observed == 1.0
    assert math.isnan(bins[5].predicted)
    gaps = sum(each.count * abs(each.predicted - each.observed) for each in bins if each.count)
    assert math.isclose(measure(FORECASTS, CONDITIONS, rounds=0, seed=0).calibration_error.value, gaps / 12)


def test_patients_without_a_cause_have_no_rank_but_count_in_the_losses() -> None:
    truth = TRUTH.copy()
    truth[1] = False
    some = Forecasts(POSTERIOR, truth, FORECASTS.called, FORECASTS.needed, FORECASTS.limits)
    found = measure(some, CONDITIONS, rounds=0, seed=0)
    assert math.isclose(found.top1.value, 2 / 3)
    assert math.isclose(found.brier.value, brier_score_loss(truth.ravel(), POSTERIOR.ravel()))


def test_inclusion_grows_with_the_list() -> None:
    assert FORECASTS.inclusion == (0.5, 1.0, 1.0)


def test_bootstrap_interval_is_that_of_a_share() -> None:
    """60 of 100: the percentile interval is near 0.6 -+ 1.96 sqrt(0.24 / 100)."""
    truth = np.zeros((100, 2), dtype=bool)
    truth[:60, 0] = truth[60:, 1] = True
    posterior = np.tile([0.7, 0.3], (100, 1))
    level = np.zeros(100, dtype=np.intp)
    share = measure(Forecasts(posterior, truth, level, level, np.array([0.5, 0.5])), ("a", "b"), 2000, seed=1).top1
    assert share.value == 0.6
    assert share.low == pytest.approx(0.504, abs=0.02)
    assert share.high == pytest.approx(0.696, abs=0.02)


def test_the_seed_decides_the_intervals() -> None:
    one, same, other = (measure(FORECASTS, CONDITIONS, rounds=50, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_no_rounds_no_intervals() -> None:
    assert math.isnan(measure(FORECASTS, CONDITIONS, rounds=0, seed=0).top1.low)
