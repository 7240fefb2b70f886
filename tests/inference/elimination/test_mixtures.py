"""Answers to mixtures where conditions are many: by hand, against enumeration, and what is too much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.errors import InferenceError
from bayesknee.inference.elimination.mixtures import SMALLEST, exponentials
from bayesknee.inference.elimination.strategy import Elimination
from bayesknee.inference.enumeration.strategy import Enumeration
from bayesknee.inference.results import Budget
from bayesknee.knowledge.model import Mixture
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import check_evidence
from tests.support import random_networks
from tests.support.effort import seeds
from tests.support.random_networks import SMALL, random_answers, random_network
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or

WORST = ("here", "there", "nowhere")


def where(here: float, there: float) -> dict[str, float]:
    return {"here": here, "there": there, "nowhere": 1.0 - here - there}


def spot(name: str, weights: Mapping[str, float] | None = None) -> object:
    rule = mixture(
        distribution(**where(0.2, 0.3)), weights, c0=distribution(**where(0.7, 0.2)), c1=distribution(**where(0.1, 0.6))
    )
    return finding(name, rule, WORST)


def some(count: int, *more: object, complaint: str = "") -> Network:
    parts = [condition(f"c{i}", 0.3 + 0.02 * (i % 10)) for i in range(count)]
    return network(*parts, *more, complaint=complaint)  # type: ignore[arg-type]


# --- the sum of exponentials -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [1, 2, 3, 5, 8, 13])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 64.0, 2.0**20])
def test_a_power_as_a_sum_of_exponentials(power: int, ratio: float) -> None:
    rates, weights = exponentials(power, ratio)
    x = np.geomspace(1.0, ratio, 1001)
    assert np.exp(-np.outer(x, rates)) @ weights * x**power == pytest.approx(np.ones(len(x)), rel=0, abs=1e-13)
    assert (weights > 0.0).all()
    assert len(rates) < 150


def test_a_chance_that_is_small_enough_leaves_its_opposite_at_1() -> None:
    assert 1.0 - SMALLEST == 1.0


# --- posteriors ------------------------------------------------------------------------------------------------------


def test_two_conditions_by_hand() -> None:
    # P(c0) = 0.3, P(c1) = 0.32, weights 1 and 3. P(here | none, c0, c1, both) = 0.2, 0.7, 0.1, (0.7 + 3 * 0.1) / 4.
    drawn = some(2, spot("f", {"c1": 3.0}))
    inferred = Elimination(drawn, "ward").infer(check_evidence(drawn, {"f": "here"}))
    none, first, second, both = 0.7 * 0.68 * 0.2, 0.3 * 0.68 * 0.7, 0.7 * 0.32 * 0.1, 0.3 * 0.32 * 0.25
    total = none + first + second + both
    assert inferred.log_evidence == pytest.approx(math.log(total), abs=1e-13)
    assert inferred.marginals == pytest.approx([(first + both) / total, (second + both) / total], abs=1e-13)
    assert inferred.any_of(frozenset([0, 1])) == pytest.approx(1.0 - none / total, abs=1e-13)


@pytest.mark.parametrize("complaint", ["", "A complaint"])
@pytest.mark.parametrize("answer", ["here", {"here": 0.5, "there": 0.2, "nowhere": 0.2}, dict.fromkeys(WORST, 0.4)])
def test_several_answers_with_the_same_and_other_weights(complaint: str, answer: object) -> None:
    own = {"c0": 2.0, "c1": 0.4}
    drawn = some(5, spot("f"), spot("g"), spot("h", own), finding("i", noisy_or(0.1, c2=0.7)), complaint=complaint)
    evidence = check_evidence(drawn, {"f": answer, "g": "there", "h": "nowhere", "i": "yes"})
    expected, got = Enumeration(drawn, "ward").infer(evidence), Elimination(drawn, "ward").infer(evidence)
    assert got.log_evidence == pytest.approx(expected.log_evidence, abs=1e-12)
    assert got.marginals == pytest.approx(expected.marginals, abs=1e-12)


def test_random_networks_whose_mixtures_have_weights_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_networks, "ONLY_PRODUCTS", True)
    for taken_by_enumeration_alone in ("FORMS", "LIMITS"):
        monkeypatch.setattr(random_networks, taken_by_enumeration_alone, False)
    done = 0
    for seed in seeds(12):
        rng = Random(seed)
        drawn = random_network(rng, SMALL)
        answers = random_answers(rng, drawn, share=0.9)
        mixtures = [name for name in answers if name in drawn.findings and is_mixture(drawn, name)]
        evidence = check_evidence(drawn, {name: each for name, each in answers.items() if name not in mixtures[2:]})
        expected = Enumeration(drawn, drawn.default_setting).infer(evidence)
        got = Elimination(drawn, drawn.default_setting).infer(evidence)
        assert got.approximation is None
        assert got.log_evidence == pytest.approx(expected.log_evidence, abs=1e-10), f"seed {seed}"
        assert got.marginals == pytest.approx(expected.marginals, abs=1e-10), f"seed {seed}"
        done += len(mixtures) > 1
    assert done > 3


def is_mixture(drawn: Network, name: str) -> bool:
    return isinstance(drawn.findings[name].model, Mixture)


def test_many_conditions_of_which_all_but_a_few_are_ruled_out() -> None:
    """The others are those of a small network: without a complaint, what is ruled out does not count."""
    large, small = (some(count, spot("f"), finding("i", noisy_or(0.1, c2=0.7))) for count in (60, 8))
    answers: dict[str, object] = {"f": "here", "i": "yes"}
    expected = Engine(small).diagnose(answers)
    got = Engine(large).diagnose({**answers, **{f"c{i}": "no" for i in range(8, 60)}})
    for name, p in expected.posterior.items():
        assert got.posterior[name] == pytest.approx(p, abs=1e-12)


# --- too much --------------------------------------------------------------------------------------------------------


def test_what_is_beyond_the_budget_is_refused_or_left_out_of_the_questions() -> None:
    drawn = some(25, spot("f"), spot("g", {"c1": 2.0}), finding("i", noisy_or(0.1, c2=0.7)))
    strategy = Elimination(drawn, "ward", Budget(memory=3_000))
    with pytest.raises(
        InferenceError, match=r"2 findings and signs that .*, 2 of them mixtures, would take about .* MB"
    ):
        strategy.infer(check_evidence(drawn, {"f": "here", "g": "here"}))
    nothing = check_evidence(drawn, {})
    assert strategy.outcomes(nothing, ["f", "g", "i"]).names == ("i",)
    assert Elimination(drawn, "ward").outcomes(nothing, ["f", "g", "i"]).names == ("f", "g", "i")


def test_noisy_ors_are_bounded_where_mixtures_and_they_are_too_much_together() -> None:
    parts = [finding(f"i{j}", noisy_or(0.05, **{f"c{k}": 0.1 + 0.02 * k for k in range(j, j + 8)})) for j in range(10)]
    drawn = some(25, spot("f"), *parts)
    answers: dict[str, object] = {"f": "here", **{part.id: "yes" for part in parts}}
    exact, rough = Engine(drawn).diagnose(answers), Engine(drawn, memory=400_000).diagnose(answers)
    assert exact.exact
    assert rough.approximation is not None
    for name, p in exact.posterior.items():
        assert rough.posterior[name] == pytest.approx(p, abs=2.0 * rough.approximation.errors[name])
