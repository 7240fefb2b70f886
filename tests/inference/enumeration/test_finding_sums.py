"""Sums divided among the states of signs and findings, against their tables."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bayesknee.inference.cause_sets import all_sets
from bayesknee.inference.cpds import mixture_table, noisy_or_table
from bayesknee.inference.enumeration.finding_sums import MixtureSums, NoisyOrSums
from bayesknee.knowledge.model import Mixture, NoisyOr
from tests.support.effort import seeds
from tests.support.random_networks import SMALL, random_network
from tests.support.small_networks import distribution, mixture, noisy_or


def test_of_a_noisy_or_worked_out() -> None:
    """P(yes) of {}, {b}, {a} and {a, b} is 0.1, 0.28, 0.55 and 0.64."""
    ((no, yes),) = (
        NoisyOrSums([noisy_or(0.1, a=0.55, b=0.28)], all_sets(("a", "b"))).of(np.array([0.1, 0.2, 0.3, 0.4])).tolist()
    )
    assert no == pytest.approx([0.09 + 0.144 + 0.135 + 0.144, 0.135 + 0.144, 0.144 + 0.144])
    assert yes == pytest.approx([0.01 + 0.056 + 0.165 + 0.256, 0.165 + 0.256, 0.056 + 0.256])


def test_what_is_rare_keeps_its_digits() -> None:
    """By difference, 1 - P(no), a part of 1e-15 would have none left."""
    ((_, yes),) = (
        NoisyOrSums([noisy_or(1e-15, a=2e-15)], all_sets(("a", "b"))).of(np.array([0.5, 0.0, 0.5, 0.0])).tolist()
    )
    assert yes == [pytest.approx(1.5e-15, rel=1e-9), pytest.approx(1e-15, rel=1e-9), 0.0]


def test_of_mixtures_worked_out() -> None:
    """P(v0) of {}, {b}, {a} and {a, b} is 0.5, 0.3, 0.8 and (3 * 0.8 + 0.3) / 4 = 0.675."""
    first = mixture(distribution(v0=0.5, v1=0.5), {"a": 3.0}, a=distribution(v0=0.8, v1=0.2), b=distribution(v0=0.3))
    other = mixture(distribution(v0=0.4, v1=0.6))
    both = MixtureSums([(first, ("v0", "v1")), (other, ("v0", "v1"))], all_sets(("a", "b")))
    parts = both.of(np.array([0.1, 0.2, 0.3, 0.4])).tolist()
    v0 = [0.05, 0.06, 0.24, 0.27]
    assert parts[0] == pytest.approx([sum(v0), 0.24 + 0.27, 0.06 + 0.27])
    assert parts[1] == pytest.approx([1.0 - sum(v0), 0.7 - 0.51, 0.6 - 0.33])
    assert parts[2] == pytest.approx([0.4, 0.4 * 0.7, 0.4 * 0.6])
    assert parts[3] == pytest.approx([0.6, 0.6 * 0.7, 0.6 * 0.6])


def test_as_their_tables() -> None:
    for seed in seeds(60):
        drawn = random_network(Random(seed), SMALL)
        conditions = all_sets(tuple(drawn.conditions))
        weights = np.random.default_rng(seed).random(conditions.size) ** 8
        plain = [name for name in (*drawn.findings, *drawn.signs) if name not in drawn.clustered]
        models = {name: each.model for name, each in drawn.findings.items() if name in plain}
        rules = [each for each in models.values() if isinstance(each, NoisyOr)]
        rules += [each.noisy_or for name, each in drawn.signs.items() if name in plain]
        expected = np.array([conditions.sums(noisy_or_table(rule, conditions) * weights) for rule in rules])
        got = NoisyOrSums(rules, conditions).of(weights)
        np.testing.assert_allclose(got, expected.reshape(got.shape), rtol=1e-12, err_msg=f"seed {seed}")
        mixtures = [(each, drawn.states[name]) for name, each in models.items() if isinstance(each, Mixture)]
        tables = [mixture_table(rule, states, conditions) for rule, states in mixtures]
        parts = MixtureSums(mixtures, conditions).of(weights)
        expected = np.concatenate([conditions.sums(table * weights) for table in tables]) if tables else parts[:0]
        np.testing.assert_allclose(parts, expected, rtol=1e-12, err_msg=f"seed {seed}")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_of_nothing(n: int) -> None:
    conditions = all_sets(("a", "b", "c")[:n])
    assert NoisyOrSums([], conditions).of(np.ones(2**n)).shape == (0, 2, 1 + n)
    assert MixtureSums([], conditions).of(np.ones(2**n)).shape == (0, 1 + n)
