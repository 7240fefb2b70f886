"""Conditional probabilities for every subset at once. Columns are {}, {b}, {a}, {a, b}."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee.inference.cause_sets import all_sets
from bayesknee.inference.cpds import (
    link,
    mixture_table,
    noisy_or_log_no,
    noisy_or_table,
    reading_likelihood,
    reading_table,
)
from tests.support.small_networks import distribution, mixture, noisy_or, reading

AB = all_sets(("a", "b"))


def test_link_turns_henrions_statement_into_diezs_parameter() -> None:
    assert link(0.1, 0.55) == pytest.approx(0.5)
    assert link(0.0, 0.3) == pytest.approx(0.3)
    assert link(0.2, 0.2) == 0.0  # a cause at the leak adds nothing


def test_noisy_or_table() -> None:
    yes = [0.1, 0.28, 0.55, 0.64]
    table = noisy_or_table(noisy_or(0.1, a=0.55, b=0.28), AB)
    assert table.tolist() == [pytest.approx([1 - p for p in yes]), pytest.approx(yes)]


def test_noisy_or_of_an_absent_finding_is_linear_in_the_subset() -> None:
    log_no = noisy_or_log_no(noisy_or(0.1, a=0.55, b=0.28), AB)
    assert log_no[3] - log_no[2] == pytest.approx(log_no[1] - log_no[0])
    assert np.exp(log_no).tolist() == pytest.approx([0.9, 0.72, 0.45, 0.36])


def test_noisy_or_keeps_small_probabilities() -> None:
    yes = noisy_or_table(noisy_or(1e-15, a=2e-15, b=0.5), AB)[1]
    assert yes[0] == pytest.approx(1e-15, rel=1e-12)
    assert yes[2] == pytest.approx(2e-15, rel=1e-12)


def test_noisy_or_ignores_conditions_that_are_no_cause() -> None:
    assert noisy_or_table(noisy_or(0.1, a=0.55), all_sets(("a", "b")))[1].tolist() == pytest.approx(
        [0.1, 0.1, 0.55, 0.55]
    )


def test_mixture_table() -> None:
    rule = mixture(distribution(v0=0.5, v1=0.5), {"a": 3.0}, a=distribution(v0=0.8, v1=0.2), b=distribution(v0=0.3))
    v0 = [0.5, 0.3, 0.8, 0.675]
    table = mixture_table(rule, ("v0", "v1"), AB)
    assert table.tolist() == [pytest.approx(v0), pytest.approx([1 - p for p in v0])]


def test_mixture_of_many_states_sums_to_1() -> None:
    states = ("v0", "v1", "v2")
    rule = mixture(distribution(v0=0.1, v1=0.2, v2=0.7), {"b": 0.3}, a=distribution(v0=0.5, v1=0.3, v2=0.2))
    assert mixture_table(rule, states, all_sets(("a", "b", "c"))).sum(axis=0).tolist() == pytest.approx([1.0] * 8)


def test_reading_of_a_sign() -> None:
    """A column for no sign and one for the sign: 1 - specificity and sensitivity are what a yes has."""
    assert reading_table(reading("g", 0.8, 0.9)) == pytest.approx(np.array([[0.9, 0.2], [0.1, 0.8]]))
    assert reading_likelihood(reading("g", 0.8, 0.9), (1.0, 0.5)) == pytest.approx((0.9 + 0.05, 0.2 + 0.4))
