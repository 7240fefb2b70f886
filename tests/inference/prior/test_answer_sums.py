"""Sums divided among the states of risk factors, against the prior with each of these states known."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bayesknee.arrays import Vector
from bayesknee.inference.prior.answer_sums import AnswerSums
from bayesknee.inference.prior.joint import Prior
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import Likelihood
from tests.inference.prior.test_joint import SIZE, random_known
from tests.support.effort import seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import random_network
from tests.support.small_networks import condition, network, risk_factor


def answer_sums(prior: Prior, drawn: Network) -> AnswerSums:
    """The rows in the order of the risk factors."""
    ends = np.cumsum([0, *(len(each.states) for each in drawn.risk_factors.values())]).tolist()
    return AnswerSums(prior, dict(zip(drawn.risk_factors, ends, strict=False)))


def one_by_one(prior: Prior, drawn: Network, known: dict[str, Likelihood], weights: Vector) -> list[Vector]:
    """The same from the prior of patients of whom each state is known."""
    rows, nothing = [], np.zeros(1 + len(drawn.conditions))
    for name, factor in drawn.risk_factors.items():
        for state in range(len(factor.states)):
            likelihood = known.get(name, (1.0,) * len(factor.states))
            only = tuple(each if other == state else 0.0 for other, each in enumerate(likelihood))
            rows.append(
                prior.sets.sums((weights * prior.joint({**known, name: only}))[None])[0] if any(only) else nothing
            )
    return rows


@pytest.mark.parametrize(
    "limits",
    [{}, {"MOST_CUTSET_STATES": 1, "MOST_MERGED_NUMBERS": 1}, {"MOST_SMALL_NUMBERS": 1}],
)
def test_as_the_prior_with_that_state(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in limits.items():
        monkeypatch.setattr(f"bayesknee.inference.prior.cutset.{name}", limit)
    for seed in seeds(30):
        rng = Random(seed)
        drawn = random_network(rng, SIZE)
        prior = Prior(drawn, drawn.default_setting)
        divided = answer_sums(prior, drawn)
        for _ in range(2):
            known = random_known(rng, drawn)
            weights = np.random.default_rng(seed).random(prior.sets.size)
            expected = np.array(one_by_one(prior, drawn, known, weights)).reshape(-1, 1 + len(drawn.conditions))
            got = divided.of(known, weights)
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-13, err_msg=f"seed {seed}")


def test_of_the_shipped_network() -> None:
    drawn, rng = load_network(KNEE_11), Random(0)
    prior = Prior(drawn, drawn.default_setting)
    divided = answer_sums(prior, drawn)
    for seed in range(5):
        known = random_known(rng, drawn)
        weights = np.random.default_rng(seed).random(prior.sets.size)
        expected = one_by_one(prior, drawn, known, weights)
        np.testing.assert_allclose(divided.of(known, weights), expected, rtol=1e-9, atol=1e-13)


def test_worked_out() -> None:
    """One condition, half of the people exposed, odds doubled by that: intercepts by hand, for a base rate of 0.5."""
    drawn = network(
        risk_factor("r", {"no": 0.5, "yes": 0.5}),
        risk_factor("idle", {"no": 0.25, "yes": 0.75}),
        condition("a", 0.5, {"r": {"yes": 4.0}}),
        complaint="",
    )
    prior = Prior(drawn, "ward")  # exp(a) = 1 / 2: of r=no a third has it, of r=yes two thirds
    divided, everyone = answer_sums(prior, drawn), np.ones(2)
    of_all, of_ill = divided.of({}, everyone).T.tolist()
    assert of_all == pytest.approx([1 / 2, 1 / 2, 1 / 4, 3 / 4])
    assert of_ill == pytest.approx([1 / 6, 1 / 3, 1 / 8, 3 / 8])
    of_all, of_ill = divided.of({"r": (0.5, 1.0)}, everyone).T.tolist()
    assert of_all == pytest.approx([1 / 4, 1 / 2, 3 / 16, 9 / 16])
    assert of_ill == pytest.approx([1 / 12, 1 / 3, 5 / 48, 5 / 16])


def test_some_sums_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = random_network(Random(3), SIZE)
    prior = Prior(drawn, drawn.default_setting)
    divided = answer_sums(prior, drawn)
    weights = np.random.default_rng(0).random(prior.sets.size)
    whole = divided.of({}, weights)
    monkeypatch.setattr("bayesknee.inference.prior.answer_sums.MOST_NUMBERS_AT_ONCE", 1)
    np.testing.assert_allclose(divided.of({}, weights), whole, rtol=1e-12)
