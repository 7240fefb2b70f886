"""95 % intervals: their ends, and the interval of a share."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import binomtest

from bayesknee.interval_95 import ENDS, Z, wilson


def test_95_per_cent_of_a_standard_normal_lie_within_z() -> None:
    assert ENDS[1] - ENDS[0] == pytest.approx(0.95, abs=1e-15)
    assert pytest.approx((-Z, Z), rel=1e-14) == tuple(NormalDist().inv_cdf(end) for end in ENDS)


def test_wilsons_interval_as_published() -> None:
    """10 of 100: 5.52 to 17.44 %, as in Newcombe, Stat Med 1998."""
    low, high = wilson(np.array([0.1]), np.array([100.0]))
    assert (low[0], high[0]) == pytest.approx((0.0552, 0.1744), abs=1e-4)


@pytest.mark.parametrize(("hits", "count"), [(0, 7), (1, 1), (3, 12), (500, 501), (40_000, 100_000)])
def test_wilsons_interval_as_scipy_has_it(hits: int, count: int) -> None:
    wanted = binomtest(hits, count).proportion_ci(0.95, "wilson")
    low, high = wilson(np.array([hits / count]), np.array([float(count)]))
    assert (low[0], high[0]) == pytest.approx((wanted.low, wanted.high), rel=1e-12, abs=1e-15)
