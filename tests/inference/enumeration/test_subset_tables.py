"""The pieces of the sum over subsets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bayesknee.inference.cpds import readings_likelihood
from bayesknee.inference.enumeration.subset_tables import SubsetTables, make_row, product_of_rows
from tests.support.small_networks import condition, finding, network, noisy_or, reading, sign


def test_a_row_is_scaled_to_a_largest_of_1() -> None:
    row = make_row(np.array([0.2, 0.4, 0.0]))
    assert row.values.tolist() == [0.5, 1.0, 0.0]
    assert row.log_scale == pytest.approx(math.log(0.4))
    assert row.log_lowest == pytest.approx(math.log(0.5))


@pytest.mark.parametrize("times", [1, 20, 50, 300], ids="{} rows".format)
def test_products_that_might_underflow_go_by_way_of_logs(times: int) -> None:
    # The smallest entry is 1e-3 ** times; 300 times that is far below what a float holds.
    prior, rows = np.array([0.5, 0.2, 0.1, 0.0]), [make_row(np.array([1e-3, 2e-3, 0.0, 1.0]))] * times
    weights, log_scale = product_of_rows(prior, rows)
    logs = [math.log(0.5) + times * math.log(1e-3), math.log(0.2) + times * math.log(2e-3)]
    got = [math.log(weight) + log_scale for weight in weights[:2] if weight > 0.0]
    assert got == pytest.approx(logs[2 - len(got) :], rel=1e-12)
    assert weights[2:].tolist() == [0.0, 0.0]
    assert weights[1] > 0.0


def test_a_product_of_nothing_but_zeros() -> None:
    for low in (0.5, 1e-300):
        rows = [make_row(np.array([low, 0.0, 1.0])), make_row(np.array([0.0, low, 1.0]))]
        weights, _ = product_of_rows(np.array([0.3, 0.7, 0.0]), rows)
        assert weights.tolist() == [0.0, 0.0, 0.0]


def test_the_likelihood_of_what_was_read_of_a_sign() -> None:
    models = {"seen": reading("g", 0.8, 0.9), "felt": reading("g", 0.5, 0.7)}
    assert readings_likelihood(models, {"seen": (0.0, 1.0)}) == pytest.approx((0.1, 0.8))
    assert readings_likelihood(models, {"seen": (1.0, 0.0)}) == pytest.approx((0.9, 0.2))
    assert readings_likelihood(models, {"seen": (1.0, 0.5)}) == pytest.approx((0.95, 0.6))
    # Readings of a sign are independent given the sign: 0.1 * 0.7 and 0.8 * 0.5.
    assert readings_likelihood(models, {"seen": (0.0, 1.0), "felt": (1.0, 0.0)}) == pytest.approx((0.07, 0.4))
    assert readings_likelihood(models, {}) == (1.0, 1.0)


def test_tables() -> None:
    parts = condition("a", 0.6), condition("b", 0.7), sign("g", noisy_or(0.1, a=0.55, b=0.28))
    findings = finding("f", noisy_or(0.1, a=0.55)), finding("seen", reading("g", 0.8, 0.9))
    tables = SubsetTables(network(*parts, *findings), "ward")
    assert tables.table("a").tolist() == [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    assert tables.table("g")[1].tolist() == pytest.approx([0.1, 0.28, 0.55, 0.64])
    assert tables.table("f")[1].tolist() == pytest.approx([0.1, 0.1, 0.55, 0.55])
    with pytest.raises(TypeError, match="seen reads a sign and has no table of its own"):
        tables.table("seen")


def test_prior() -> None:
    tables = SubsetTables(network(condition("a", 0.6), condition("b", 0.7)), "ward")
    assert tables.prior({}).tolist() == pytest.approx([0.0, 0.4, 0.3, 0.3])  # see test_worked_examples.py
