"""Log odds, there and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from bayesknee.log_odds import DECIBANS, expit, logit


def test_odds_of_nine_to_one() -> None:
    assert logit(0.9) == pytest.approx(math.log(9.0), rel=1e-15)
    assert expit(math.log(9.0)) == pytest.approx(0.9, rel=1e-15)
    assert DECIBANS * logit(10.0 / 11.0) == pytest.approx(10.0, rel=1e-14)


def test_numbers_stay_numbers_and_arrays_keep_their_shape() -> None:
    assert type(logit(0.5)) is type(expit(0.0)) is float
    both = np.array([[0.25, 0.5, 0.75]])
    assert logit(both) == pytest.approx(np.log([[1.0 / 3.0, 1.0, 3.0]]), rel=1e-15, abs=1e-15)
    assert expit(logit(both)) == pytest.approx(both, rel=1e-15)


def test_certain_and_impossible() -> None:
    assert (expit(math.inf), expit(-math.inf), expit(800.0), expit(-800.0)) == (1.0, 0.0, 1.0, 0.0)
    assert expit(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]


@given(st.floats(1e-300, 1.0 - 1e-12))
def test_as_scipy_has_them(probability: float) -> None:
    log_odds = logit(probability)
    assert log_odds == pytest.approx(special.logit(probability), rel=1e-12, abs=1e-12)
    assert expit(log_odds) == pytest.approx(special.expit(log_odds), rel=1e-14)
    assert expit(log_odds) == pytest.approx(probability, rel=1e-12)
