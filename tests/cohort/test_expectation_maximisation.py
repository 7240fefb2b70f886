"""Expectation-maximisation: worked examples, ascent, and pgmpy's estimator where it fits."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee.cohort.expectation_maximisation import (
    DirectCounts,
    MixtureCounts,
    NoisyOrCounts,
    Parameter,
    QuestionAnswers,
    ReadingCounts,
    SignCounts,
    prior_weight,
)
from bayesknee.knowledge.model import Probability

CONDITIONS = ("a", "b")


def number(value: float, low: float, high: float) -> Probability:
    return Probability(value=value, low=low, high=high, grade="D", source="judged", note="a test")


def worth(value: float, weight: float) -> Probability:
    """A number whose range is worth that many patients."""
    reach = min(1.959963984540054 / math.sqrt(weight * value * (1 - value)), 30.0)
    center = math.log(value / (1 - value))
    low, high = (1 / (1 + math.exp(-each)) for each in (center - reach, center + reach))
    return number(value, low, high)


def certain(answers: list[int], states: int = 2) -> QuestionAnswers:
    return QuestionAnswers(np.arange(len(answers)), np.eye(states)[answers])


def test_a_range_is_worth_as_many_patients_as_its_beta() -> None:
    """Beta(60, 40): standard deviation of the logit about sqrt(1/60 + 1/40)."""
    reach = 1.96 * math.sqrt(1 / 60 + 1 / 40)
    low, high = (1 / (1 + math.exp(-(math.log(1.5) + each))) for each in (-reach, reach))
    assert prior_weight(number(0.6, low, high)) == pytest.approx(100, rel=0.001)


def test_without_a_range_a_number_never_moves() -> None:
    parameter = Parameter.of(number(0.6, 0.6, 0.6))
    parameter.successes, parameter.trials = np.zeros(1000), np.ones(1000)
    parameter.update()
    assert parameter.value == pytest.approx(0.6, abs=1e-5)


def test_all_seen_is_a_beta() -> None:
    """0.5 worth 10 patients, then 8 of 10: (5 + 8) / 20; the patients are worth 10."""
    parameter = Parameter.of(worth(0.5, 10))
    parameter.successes, parameter.trials = np.array([1.0] * 8 + [0.0] * 2), np.ones(10)
    parameter.update()
    assert parameter.value == pytest.approx(0.65)
    assert parameter.effective == pytest.approx(10.6, abs=1.0)
    low, high = parameter.interval
    reach = 1.96 / math.sqrt(20 * 0.65 * 0.35)
    assert (high - low) == pytest.approx(0.65 * 0.35 * 2 * reach, rel=0.1)


def settle(counts: DirectCounts | SignCounts | MixtureCounts, rounds: int = 300) -> list[float]:
    """log P(answers) of each round."""
    found = []
    for _ in range(rounds):
        found.append(float(counts.step().sum()))
        for parameter in counts.parameters:
            parameter.update()
    return found


def test_a_single_cause_without_leak_is_a_share() -> None:
    has = np.array([[1.0, 0.0]] * 10)
    rule = NoisyOrCounts(worth(0.001, 1e8), {"a": worth(0.5, 2)}, CONDITIONS, has)
    settle(DirectCounts(rule, certain([1] * 8 + [0] * 2)))
    assert rule.links["a"].value == pytest.approx((0.5 * 2 + 8) / 12, abs=0.002)


def test_two_causes_share_what_they_did_together() -> None:
    """Alone a does it in 3 of 10 and b in 6 of 10; of those with both it is 72 of 100: 1 - 0.7 * 0.4."""
    has = np.array([[1, 0]] * 10 + [[0, 1]] * 10 + [[1, 1]] * 100, dtype=float)
    answers = certain([1] * 3 + [0] * 7 + [1] * 6 + [0] * 4 + [1] * 72 + [0] * 28)
    causes = {"a": worth(0.5, 0.1), "b": worth(0.5, 0.1)}
    rule = NoisyOrCounts(worth(0.0001, 1e9), causes, CONDITIONS, has)
    settle(DirectCounts(rule, answers), rounds=2000)
    assert rule.links["a"].value == pytest.approx(0.3, abs=0.01)
    assert rule.links["b"].value == pytest.approx(0.6, abs=0.01)


def test_what_stayed_hidden_is_worth_less() -> None:
    """Both causes are always there together, so none of the answers says which of them did it."""
    has = np.array([[1.0, 1.0]] * 50)
    rule = NoisyOrCounts(worth(0.01, 1e6), {"a": worth(0.5, 10), "b": worth(0.5, 10)}, CONDITIONS, has)
    counts = DirectCounts(rule, certain([1] * 40 + [0] * 10))
    settle(counts)
    counts.step()
    assert rule.links["a"].effective < 30


def test_a_sign_that_nobody_saw_is_learned_through_its_readings() -> None:
    """Three good readings of a sign that a has in 9 of 10 and b never: the stated 0.5 is corrected."""
    rng = np.random.default_rng(1)
    has = np.eye(2)[rng.integers(2, size=2000)]
    there = (rng.random(2000) < 0.9) & (has[:, 0] == 1)
    rule = NoisyOrCounts(worth(0.05, 10), {"a": worth(0.5, 10)}, CONDITIONS, has)
    readings = {}
    for name, sensitivity, specificity in [("x", 0.8, 0.95), ("y", 0.7, 0.9), ("z", 0.9, 0.85)]:
        yes = np.where(there, rng.random(2000) < sensitivity, rng.random(2000) > specificity)
        answers = QuestionAnswers(np.arange(2000), np.eye(2)[yes.astype(int)])
        readings[name] = ReadingCounts(worth(0.75, 20), worth(0.85, 20), answers)
    settle(SignCounts(rule, readings))
    assert rule.links["a"].value == pytest.approx(0.9, abs=0.04)
    assert rule.leak.value < 0.03
    assert readings["x"].sensitivity.value == pytest.approx(0.8, abs=0.04)
    assert readings["y"].specificity.value == pytest.approx(0.9, abs=0.04)


@given(st.integers(0, 2**32 - 1))
def test_no_step_makes_the_answers_less_probable(seed: int) -> None:
    """With priors that are worth next to nothing, EM climbs (Dempster, Laird and Rubin 1977)."""
    rng = np.random.default_rng(seed)
    has = (rng.random((40, 2)) < 0.6).astype(float)
    soft = rng.random((40, 2)) + 0.01
    rule = NoisyOrCounts(worth(0.2, 0.1), {"a": worth(0.5, 0.1), "b": worth(0.7, 0.1)}, CONDITIONS, has)
    readings = {
        name: ReadingCounts(worth(0.7, 0.1), worth(0.8, 0.1), QuestionAnswers(np.arange(40), rng.permutation(soft)))
        for name in "xy"
    }
    counts = SignCounts(rule, readings)
    for parameter in counts.parameters:
        parameter.weight = 1e-9
    found = settle(counts, rounds=20)
    assert all(later >= earlier - 1e-5 for earlier, later in pairwise(found))


def test_mixture_against_pgmpy() -> None:
    """With one condition each, a mixture is a plain table: pgmpy's Dirichlet estimator gives the same."""
    import pandas as pd

    rng = np.random.default_rng(3)
    condition, answer = rng.integers(2, size=60), rng.integers(3, size=60)
    frame = pd.DataFrame({"condition": [f"c{each}" for each in condition], "answer": [f"s{each}" for each in answer]})
    prior = np.array([[0.5, 0.2], [0.3, 0.3], [0.2, 0.5]])
    with warnings.catch_warnings():  # pgmpy warns of changes to come
        warnings.simplefilter("ignore")
        from pgmpy.estimators import BayesianEstimator
        from pgmpy.models import DiscreteBayesianNetwork

        estimator = BayesianEstimator(DiscreteBayesianNetwork([("condition", "answer")]), frame)
        table = estimator.estimate_cpd("answer", prior_type="dirichlet", pseudo_counts=prior * 12).get_values()
    tables = {name: [Parameter(p, 12.0, p) for p in prior[:, place]] for place, name in enumerate(CONDITIONS)}
    counts = MixtureCounts(tables, np.ones(2), CONDITIONS, np.eye(2)[condition], certain(answer.tolist(), 3))
    settle(counts, rounds=2)
    ours = np.array([[parameter.value for parameter in tables[name]] for name in CONDITIONS]).T
    np.testing.assert_allclose(ours, table, atol=1e-12)


def test_a_mixture_of_two_present_conditions_splits_the_answers() -> None:
    """Who has both answers like a in a third, b weighing twice as much."""
    has = np.array([[1.0, 1.0]] * 9)
    tables = {name: [Parameter(p, 1.0, p) for p in (0.5, 0.5)] for name in CONDITIONS}
    counts = MixtureCounts(tables, np.array([1.0, 2.0]), CONDITIONS, has, certain([1] * 9))
    counts.step()
    assert tables["a"][1].successes.sum() == pytest.approx(3)
    assert tables["b"][1].successes.sum() == pytest.approx(6)
