"""The oracle itself, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from bayesknee.knowledge.network import Network
from tests.support.brute_force import BruteForce
from tests.support.effort import seeds
from tests.support.engines import base_rates, oracle
from tests.support.random_networks import seeded_patient
from tests.support.small_networks import condition, finding, group, network, noisy_or, risk_factor

# Odds of a are 1/3 without r and 1 with it, those of b are 1: P(a) = 0.75 * 0.25 + 0.25 * 0.5 = 0.3125, P(b) = 0.5.
# With the complaint: P(a or b) = 1 - 0.6875 * 0.5 = 0.65625, so P(a | complaint) = 0.3125 / 0.65625 = 10/21 and
# P(b | complaint) = 16/21.
INTERCEPTS = {"a": math.log(1 / 3), "b": 0.0}


def small(complaint: str) -> Network:
    return network(
        risk_factor("r", {"no": 0.75, "yes": 0.25}),
        condition("a", 10 / 21, {"r": {"yes": 3.0}}),
        condition("b", 16 / 21),
        finding("f", noisy_or(0.1, a=0.55)),
        group("either", "a", "b"),
        complaint=complaint,
    )


def test_without_a_complaint() -> None:
    brute_force = BruteForce(small(""), "ward", INTERCEPTS)
    assert brute_force.posterior({}) == pytest.approx({"a": 0.3125, "b": 0.5})
    assert brute_force.posterior({"r": "yes"}) == pytest.approx({"a": 0.5, "b": 0.5})
    assert brute_force.groups({}) == pytest.approx({"either": 0.65625})
    assert brute_force.log_evidence({"r": "yes"}) == pytest.approx(math.log(0.25))
    # P(f) = 0.3125 * 0.55 + 0.6875 * 0.1 = 0.240625
    assert brute_force.posterior({"f": "yes"})["a"] == pytest.approx(0.3125 * 0.55 / 0.240625)
    assert brute_force.log_evidence({"f": {"yes": 2.0, "no": 0.0}}) == pytest.approx(math.log(2 * 0.240625))


def test_with_a_complaint() -> None:
    brute_force = BruteForce(small("A complaint"), "ward", INTERCEPTS)
    assert brute_force.posterior({}) == pytest.approx({"a": 10 / 21, "b": 16 / 21})
    assert brute_force.groups({}) == pytest.approx({"either": 1.0})
    assert brute_force.posterior({"a": "no"}) == pytest.approx({"a": 0.0, "b": 1.0})
    assert brute_force.log_evidence({"a": "no", "b": "no"}) == -math.inf
    # P(r | complaint) = 0.25 * (1 - 0.5 * 0.5) / 0.65625 = 2/7
    assert brute_force.log_evidence({"r": "yes", "f": "unknown"}) == pytest.approx(math.log(2 / 7))


def test_the_solved_intercepts_give_the_base_rates() -> None:
    for seed in seeds(300):
        drawn = seeded_patient(seed).network
        for setting in drawn.settings:
            marginals = oracle(drawn, setting).marginals_given_complaint()
            assert marginals == pytest.approx(base_rates(drawn, setting), rel=0, abs=1e-12), f"seed {seed}, {setting}"
