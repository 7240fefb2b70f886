"""Products of tables over sets of a few conditions each, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bayesknee.inference.prior.set_plans import SetPlan, set_plan

X = 2  # a risk factor of two states that condition 0 hangs on; condition 1 hangs on nothing
SCOPES = (((), (X,)), ((0,), (X,)), ((1,), ()))
TABLES = [np.array([[0.3, 0.7]]), np.array([[0.9, 0.6], [0.1, 0.4]]), np.array([0.8, 0.2])]


def plan() -> SetPlan:
    """Of the two conditions at most one is present, so the sets are none, condition 1, condition 0."""
    return set_plan(SCOPES, (X,), ((0, 1), ()), 1, (2, 2, 2))


def test_a_risk_factor_summed_out() -> None:
    """P(not 0) is 0.3 * 0.9 + 0.7 * 0.6 = 0.69."""
    assert plan().run(TABLES) == pytest.approx([0.69 * 0.8, 0.69 * 0.2, 0.31 * 0.8])


def test_derivatives_of_the_sum_over_sets() -> None:
    """By P(not 1): P(not 0) + P(0); by P(1): P(not 0). By P(x): 0.9 + 0.1 of the one state and so on."""
    of_weights, of_first, of_second = plan().gradients(TABLES, np.ones((1, 3)))
    assert of_second[0] == pytest.approx([1.0, 0.69])
    assert of_weights[0, 0] == pytest.approx([0.8 + 0.2 * 0.9, 0.8 + 0.2 * 0.6])
    assert of_first[0] == pytest.approx(np.array([[0.3, 0.7], [0.3 * 0.8, 0.7 * 0.8]]))
