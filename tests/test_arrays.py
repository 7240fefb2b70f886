"""The order of probabilities."""

from __future__ import annotations

import numpy as np

from bayesknee import Engine
from bayesknee.arrays import descending
from tests.support.paths import NETWORKS


def test_what_is_equal_but_for_rounding_keeps_its_order() -> None:
    probabilities = np.array([[0.5, 0.5 + 1e-16, 0.6], [0.1 + 0.2, 0.3, 0.2], [0.3, 0.3 + 1e-9, 0.2]])
    assert descending(probabilities).tolist() == [[2, 0, 1], [0, 1, 2], [1, 0, 2]]


def test_a_diagnosis_lists_ties_in_the_order_of_the_network() -> None:
    engine = Engine(NETWORKS / "tiny")
    base_rates = {name: round(rate, 12) for name, rate in engine.diagnose({}).posterior.items()}
    assert base_rates["strain"] == base_rates["other"]
    order = list(engine.network.conditions)
    assert list(base_rates) == sorted(order, key=lambda name: (-base_rates[name], order.index(name)))
