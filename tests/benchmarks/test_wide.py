"""The benchmark of wide networks runs, on a small scale and without a look at the clock."""

from __future__ import annotations

import pytest

from tests.benchmarks.rows import draw_rows
from tests.benchmarks.wide import AIMS, Beside, WideTimings, growth_rows, time_growth, time_wide, wide_rows
from tests.support.wide_networks import wide_network


@pytest.mark.slow
def test_it_times_all_works() -> None:
    timings = time_wide(wide_network(9, 2), patients=6, draws=40, rows=20)
    assert timings.sets == 9 + 36
    assert min(timings) > 0.0


def test_rows() -> None:
    rows = wide_rows(WideTimings(3303, 0.1, 3e-4, 1e-4, 4e-3, 5e-3, 15e-3, 12.0, 0.2, 2e-5), AIMS[3])
    assert rows[0] == "| 3,303 sets of causes | bayesknee | | aim |"
    assert rows[2] == "| Posterior of a new patient with 15 answers | 0.30 ms |  | 0.3 ms |"
    assert rows[-2] == "| A row scored | 0.02 ms | 50,000 a second | 60,000 a second |"


def test_growth() -> None:
    (number, sets, new, ranked), *_ = time_growth((9,), 2)
    assert (number, sets) == (9, 9 + 36 + 84)
    assert min(new, ranked) > 0.0
    rows = growth_rows([(11, 231, 1e-4, 2e-3)], [Beside(5e-3, None)])
    assert rows[2] == "| 11 | 231 | 0.10 ms | 5 ms, 50 x | 2.0 ms | no result in 25 s, 8 GB |"


def test_rows_to_score_have_so_many_answers() -> None:
    network = wide_network(9, 2)
    codes = draw_rows(network, 30, 15)
    assert ((codes >= 0).sum(axis=1) == 15).all()
    assert ((codes[:, : len(network.risk_factors)] >= 0).sum(axis=1) == 5).all()


def test_wide_networks_have_the_shape_of_the_shipped_one() -> None:
    network = wide_network(27, 3)
    children = [sum(name in each.odds_ratios for each in network.conditions.values()) for name in network.risk_factors]
    assert sum(number > 1 for number in children) == 10
    assert (len(network.conditions), len(network.risk_factors), len(network.findings)) == (27, 30, 200)
