"""Intercepts that meet the base rates, in easy cases and in hard ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.prior.intercepts import (
    find_intercepts,
    guess_complaint,
    mean_and_slope,
    mean_ratios,
)
from bayesknee.inference.prior.joint import Prior
from bayesknee.inference.prior.parents import ParentNumbers
from bayesknee.knowledge.network import Network
from tests.support.effort import seeds
from tests.support.random_networks import Size, random_network
from tests.support.small_networks import condition, network, odds_ratio, probability, risk_factor

WIDE = Size(conditions=(9, 12), risk_factors=(4, 7), signs=(0, 0), findings=(1, 1), states=4)
NARROW = Size(conditions=(2, 5), risk_factors=(0, 4), signs=(0, 0), findings=(1, 1))


def barely(total: float) -> Callable[[Random, int], list[float]]:
    """Random base rates with this sum."""

    def rates(rng: Random, n: int) -> list[float]:
        parts = [rng.uniform(0.02, 1.0) for _ in range(n)]
        scaled = [part * total / sum(parts) for part in parts]
        return scaled if max(scaled) < 0.98 else rates(rng, n)

    return rates


def rare(rng: Random, n: int) -> list[float]:
    """Most conditions at about one in a thousand."""
    return [*(0.001 * rng.uniform(0.5, 2.0) for _ in range(n - 2)), 0.7, 0.6]


def frequent(rng: Random, n: int) -> list[float]:
    """Each condition in most patients."""
    return [rng.uniform(0.5, 0.95) for _ in range(n)]


def hard_network(seed: int, size: Size, rates: Callable[[Random, int], list[float]], strength: float) -> Network:
    """A random network with a complaint, these base rates, and odds ratios up to e ** strength."""
    rng = Random(seed)
    drawn = random_network(rng, size)
    conditions = {
        name: replace(
            each,
            base_rate={"any_setting": probability(rate)},
            odds_ratios={
                parent: {state: odds_ratio(math.exp(rng.uniform(-strength, strength))) for state in ratios}
                for parent, ratios in each.odds_ratios.items()
            },
        )
        for (name, each), rate in zip(drawn.conditions.items(), rates(rng, len(drawn.conditions)), strict=True)
    }
    named = next(iter(conditions))
    return replace(drawn, conditions=conditions, complaint="A complaint", catch_all=named, most_causes=None)


HARD = {
    "a sum of 1.3": barely(1.3),
    "a sum of 1.01": barely(1.01),
    "a sum of 1.0001": barely(1.0001),
    "rare": rare,
    "frequent": frequent,
}


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["few conditions", "many conditions"])
@pytest.mark.parametrize("strength", [1.0, 4.0], ids=["odds ratios to 3", "odds ratios to 55"])
@pytest.mark.parametrize("rates", HARD)
def test_hard_cases(rates: str, strength: float, size: Size) -> None:
    for seed in seeds(5):
        drawn = hard_network(seed, size, HARD[rates], strength)
        assert_met(drawn, f"seed {seed}")


def assert_met(drawn: Network, message: str) -> None:
    prior = Prior(drawn, drawn.default_setting)
    joint = prior.joint({})
    assert joint[1:].sum() == pytest.approx(1.0, rel=1e-12), message
    marginals = joint @ prior.sets.membership
    stated = [each.base_rate["any_setting"].value for each in drawn.conditions.values()]
    assert marginals.tolist() == pytest.approx(stated, rel=0, abs=1e-12), message


# The sum of base rates, how many causes may come together, and the log of the highest odds ratio. Where nearly all
# patients have as many causes as there may be, not all base rates can be met beside high odds ratios.
LIMITED = [
    *itertools.product([(1.0, 1), (1.0001, 2), (1.3, 2), (1.3, 3), (1.01, 4)], [1.0, 4.0]),
    *(((total, most), 1.0) for total, most in [(1.95, 2), (2.9, 3), (3.5, 4)]),
]


@pytest.mark.parametrize(("total", "most", "strength"), [(*sums, strength) for sums, strength in LIMITED])
def test_hard_cases_where_few_causes_come_together(total: float, most: int, strength: float) -> None:
    for seed in seeds(5):
        assert_met(limited_network(seed, total, most, strength), f"seed {seed}")


def limited_network(seed: int, total: float, most: int, strength: float) -> Network:
    drawn = hard_network(seed, WIDE, barely(1.2), strength)
    rates = barely(total)(Random(seed), len(drawn.conditions))
    conditions = {
        name: replace(each, base_rate={"any_setting": probability(rate)})
        for (name, each), rate in zip(drawn.conditions.items(), rates, strict=True)
    }
    return replace(drawn, conditions=conditions, most_causes=most)


def test_two_causes_without_risk_factors_worked_out() -> None:
    """With odds of 1 there are six sets of one or two conditions, all alike, of which three hold each condition."""
    drawn = network(*(condition(name, 0.5) for name in "abc"), most_causes=2)
    assert Prior(drawn, drawn.default_setting).intercepts.tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


def test_one_cause_has_odds_in_proportion_to_base_rates() -> None:
    drawn = network(condition("a", 0.5), condition("b", 0.3), condition("c", 0.2), most_causes=1)
    prior = Prior(drawn, drawn.default_setting)
    odds = np.exp(prior.intercepts)
    assert (odds / odds.sum()).tolist() == pytest.approx([0.5, 0.3, 0.2], rel=1e-12)
    assert prior.complaint == pytest.approx(1e-3)


def test_base_rates_that_few_causes_cannot_have() -> None:
    message = r"sum to 1.95 cannot be met with at most 2 causes at once; .* correct them, raise most_causes, or use"
    with pytest.raises(InferenceError, match=message):
        solve_all(limited_network(seed, 1.95, 2, 4.0) for seed in range(60))


def solve_all(networks: Iterable[Network]) -> None:
    for each in networks:
        Prior(each, each.default_setting)


def test_very_low_and_very_high_base_rates() -> None:
    parts = (
        risk_factor("r", {"no": 0.5, "yes": 0.5}),
        condition("a", 1e-9, {"r": {"yes": 5.0}}),
        condition("b", 1 - 1e-9),
    )
    nothing = Engine(network(*parts, complaint="")).diagnose()
    assert nothing.posterior["a"] == pytest.approx(1e-9, rel=1e-9)
    assert nothing.posterior["b"] == pytest.approx(1.0 - 1e-9, abs=1e-15)


def test_one_condition_is_certain_where_there_is_a_complaint() -> None:
    message = (
        "base rates in ward that sum to 0.9 cannot be met; expected clearly more than 1, as each patient has a cause"
    )
    with pytest.raises(InferenceError, match=message):
        Engine(network(condition("a", 0.9)))


def test_a_sum_of_hardly_more_than_1_is_refused() -> None:
    message = r"base rates in ward that sum to 1 cannot be met; .* raise the catch-all's base rate, or drop"
    with pytest.raises(InferenceError, match=message):
        Engine(network(condition("a", 0.5), condition("b", 0.5 + 1e-13)))


@pytest.mark.parametrize("start", [-20.0, 0.0, 3.0])
def test_intercepts_of_means_that_hardly_move(start: float) -> None:
    # Half of the patients are almost sure to have it and half almost sure not to: between, the mean is nearly flat.
    goals = np.array([1e-6, 0.3, 0.4999, 0.5, 0.5001, 0.9, 1.0 - 1e-9])
    weights = np.full((2, len(goals)), 0.5)
    ratios = np.repeat(np.array([[1e-8], [1e8]]), len(goals), axis=1)
    odds = np.exp(find_intercepts((weights, ratios), goals, np.full(len(goals), start), 1e-8)) * ratios
    assert (weights * odds / (1.0 + odds)).sum(axis=0).tolist() == pytest.approx(goals.tolist(), rel=1e-13)


@pytest.mark.parametrize("at_once", [1, 8, 2**15])  # some states at a time, or all
def test_mean_and_slope(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.prior.intercepts.NUMBERS_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    weights, ratios, a = rng.dirichlet(np.ones(7), 3).T, np.exp(rng.normal(size=(7, 3))), rng.normal(size=3)
    kept = ratios.copy()
    mean, slope = mean_and_slope(weights, ratios, a)
    for draw in range(3):
        chances = [1.0 / (1.0 + np.exp(-a[draw]) / ratio) for ratio in kept[:, draw]]
        assert mean[draw] == pytest.approx(
            sum(w * p for w, p in zip(weights[:, draw], chances, strict=True)), rel=1e-14
        )
        terms = (w * p * (1.0 - p) for w, p in zip(weights[:, draw], chances, strict=True))
        assert slope[draw] == pytest.approx(sum(terms), rel=1e-13)
    assert (ratios == kept).all()


def test_mean_odds_ratios_worked_out() -> None:
    drawn = ParentNumbers(
        priors={2: np.array([[0.5, 0.9], [0.5, 0.1]])},
        ratios=[{2: np.array([[1.0, 1.0], [3.0, 11.0]])}, {0: np.array([[1.0, 1.0], [5.0, 2.0]])}],
        base_rates=np.array([[0.25, 0.5], [0.1, 0.1]]),
    )
    means = mean_ratios(drawn, drawn.base_rates)
    assert means == pytest.approx(np.array([[2.0, 2.0], [2.0, 1.5]]))


def test_first_guess_of_the_complaint() -> None:
    """Of two independent conditions, the guess is what is found."""
    rates = {"ward": (0.7, 0.5), "other": (0.6, 0.9)}
    found = [
        Prior(network(condition("a", one), condition("b", other), complaint="pain"), "ward").complaint
        for one, other in rates.values()
    ]
    guess = guess_complaint(ParentNumbers({}, [], np.array(list(rates.values())).T))
    assert guess.tolist() == pytest.approx(found)
