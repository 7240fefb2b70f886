"""Subsets of conditions as one axis."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bayesknee.inference.subsets import holds_any, marginals, membership, pair_sums, subset_sums


@pytest.mark.parametrize("n", [1, 2, 5])
def test_membership_lists_subsets_in_the_order_of_axes(n: int) -> None:
    assert membership(n).tolist() == [list(map(float, row)) for row in itertools.product((0, 1), repeat=n)]


def test_membership_of_an_array_with_an_axis_a_condition() -> None:
    joint = np.arange(8.0).reshape(2, 2, 2)
    for condition in range(3):
        assert joint.ravel() @ membership(3)[:, condition] == joint.take(1, axis=condition).sum()


def test_subset_sums() -> None:
    # In the order {}, {b}, {a}, {a, b}.
    assert subset_sums([10.0, 1.0], start=0.5).tolist() == [0.5, 1.5, 10.5, 11.5]
    weights = [0.3, -1.0, 2.5, 7.0]
    assert subset_sums(weights) == pytest.approx(membership(4) @ weights)


def test_holds_any() -> None:
    for members in ({0}, {1, 2}, {0, 1, 2}):
        expected = membership(3)[:, sorted(members)].max(axis=1)
        assert holds_any(frozenset(members), 8).tolist() == expected.tolist()
    assert holds_any(frozenset(), 4).tolist() == [0.0] * 4


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_marginals(n: int) -> None:
    weights = np.random.default_rng(n).random(2**n)
    assert marginals(weights).tolist() == pytest.approx((weights @ membership(n)).tolist())


@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_pair_sums(n: int) -> None:
    weights = np.random.default_rng(n).random(2**n)
    expected = membership(n).T @ (weights[:, None] * membership(n))
    assert pair_sums(weights) == pytest.approx(expected)
    assert pair_sums(weights).diagonal().tolist() == pytest.approx(marginals(weights).tolist())
