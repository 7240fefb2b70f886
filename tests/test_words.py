"""Probabilities in words: three ways, which differ at the ends."""

from __future__ import annotations

import pytest

from bayesknee.words import percent, percent_or_less, short_percent


@pytest.mark.parametrize(
    ("probability", "plain", "with_figures", "short"),
    [
        (0.0, "< 0.1 %", "0 %", "0 %"),
        (0.0001234, "< 0.1 %", "0.012 %", "0.0123 %"),
        (0.0009, "0.1 %", "0.09 %", "0.09 %"),
        (0.05, "5.0 %", "5.0 %", "5 %"),
        (0.1234, "12.3 %", "12.3 %", "12.3 %"),
        (0.9999, "> 99.9 %", "> 99.9 %", "100 %"),
    ],
)
def test_percent(probability: float, plain: str, with_figures: str, short: str) -> None:
    told = percent(probability), percent_or_less(probability), short_percent(probability)
    assert told == (plain, with_figures, short)
