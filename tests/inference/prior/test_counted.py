"""Sums by the number of causes: worked out by hand, and beside the sum over all sets."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bayesknee.inference.prior.counted import CountedSums
from bayesknee.inference.prior.drawn_tables import drawn_tables
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.limited import SumByParts
from bayesknee.inference.prior.parents import PriorDraws, list_parents
from tests.support import random_networks
from tests.support.random_networks import Size, random_network
from tests.support.small_networks import condition, network


def test_three_independent_conditions_worked_out() -> None:
    """Of three coins of 1/2, 1/5, 1/5: none 0.32, one 0.48, two 0.18, and three are not allowed.

    The first is there in 0.5 (0.64 + 0.32), the second in 0.2 (0.4 + 0.5).
    """
    net = network(condition("a", 0.5), condition("b", 0.5), condition("c", 0.4), most_causes=2)
    parents = list_parents(net, net.default_setting)
    odds = np.log([[1.0], [0.25], [0.25]])
    tables = drawn_tables(parents, PriorDraws(parents.numbers, odds, np.ones(1)), {})
    by_number, marginals = CountedSums(parents).of(*tables)
    assert by_number[:, 0] == pytest.approx([0.32, 0.48, 0.18])
    assert marginals[:, 0] == pytest.approx([0.48, 0.18, 0.18])


@pytest.mark.parametrize("seed", range(8))
def test_sums_are_those_over_sets(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In networks with risk factors of one condition and of several, and with conditions that lead to others."""
    monkeypatch.setattr(random_networks, "LIMITS", False)
    size = Size(conditions=(5, 6), risk_factors=(4, 7), signs=(0, 0), findings=(1, 1), states=3)
    net = replace(random_network(Random(seed), size), most_causes=3 + seed % 2)
    prior = Prior(net, net.default_setting)
    parents, rng = prior.parents, np.random.default_rng(seed)
    intercepts = prior.intercepts[:, None] + rng.normal(0.0, 1.0, (len(parents.conditions), 3))
    tables = drawn_tables(parents, PriorDraws(parents.numbers, intercepts, np.ones(1)), {})
    joint = SumByParts(parents, prior.order).joint(*tables)
    by_number, marginals = CountedSums(parents).of(*tables)
    members = parents.sets.membership
    for number, total in enumerate(by_number):
        assert total == pytest.approx(joint[members.sum(axis=1) == number].sum(axis=0), rel=1e-12)
    assert marginals == pytest.approx(members.T @ joint, rel=1e-12)
