"""Roots of functions of one number."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from bayesknee.inference.roots import find_root


@pytest.mark.parametrize(
    ("function", "root"),
    [
        (lambda x: 0.3 - x, 0.3),
        (lambda x: math.exp(-30.0 * x) - 0.5, math.log(2.0) / 30.0),
        (lambda x: 1e-3 - x**9, 1e-3 ** (1 / 9)),
    ],
    ids=["a line", "convex", "concave"],
)
def test_find_root(function: Callable[[float], float], root: float) -> None:
    calls: list[float] = []

    def counted(x: float) -> float:
        calls.append(x)
        return function(x)

    assert find_root(counted, (0.0, function(0.0)), (1.0, function(1.0))) == pytest.approx(root, abs=1e-12)
    assert len(calls) < 20
