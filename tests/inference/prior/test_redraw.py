"""The parts of the search for the intercepts of redrawn networks."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.redraw import PriorDraws, _curve, _mean_and_slope, _mean_ratios
from tests.support.small_networks import condition, network


@pytest.mark.parametrize("at_once", [1, 8, 2**15])  # some states at a time, or all
def test_mean_and_slope(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.prior.redraw.NUMBERS_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    weights, ratios, a = rng.dirichlet(np.ones(7), 3).T, np.exp(rng.normal(size=(7, 3))), rng.normal(size=3)
    kept = ratios.copy()
    mean, slope = _mean_and_slope(weights, ratios, a)
    for draw in range(3):
        chances = [1.0 / (1.0 + np.exp(-a[draw]) / ratio) for ratio in kept[:, draw]]
        assert mean[draw] == pytest.approx(
            sum(w * p for w, p in zip(weights[:, draw], chances, strict=True)), rel=1e-14
        )
        terms = (w * p * (1.0 - p) for w, p in zip(weights[:, draw], chances, strict=True))
        assert slope[draw] == pytest.approx(sum(terms), rel=1e-13)
    assert (ratios == kept).all()


def test_mean_odds_ratios_worked_out() -> None:
    drawn = PriorDraws(
        priors={2: np.array([[0.5, 0.9], [0.5, 0.1]])},
        ratios=[{2: np.array([[1.0, 1.0], [3.0, 11.0]])}, {0: np.array([[1.0, 1.0], [5.0, 2.0]])}],
        intercepts=np.zeros((2, 2)),
        complaint=np.ones(2),
    )
    means = _mean_ratios(drawn, np.array([[0.25, 0.5], [0.1, 0.1]]))
    assert means == pytest.approx(np.array([[2.0, 2.0], [2.0, 1.5]]))


def test_first_guess_of_the_complaint() -> None:
    """Of two independent conditions, the guess by the curve is what is found."""
    rates = {"ward": (0.7, 0.5), "other": (0.6, 0.9)}
    found = [
        Prior(network(condition("a", one), condition("b", other), complaint="pain"), "ward").complaint
        for one, other in rates.values()
    ]
    guess = _curve(np.array(list(rates.values())).T)
    assert guess[1] / guess[0] == pytest.approx(found[1] / found[0])
