"""Products of tables and sums over variables, against loops over all states."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from bayesknee.errors import InferenceError
from bayesknee.inference.prior.factors import Factor, check_size, elimination_order, sum_out
from tests.support.effort import seeds

STATES = (2, 3, 2, 1, 4)


def random_factors(seed: int) -> list[Factor]:
    """Factors over a few of five variables each, all five covered."""
    rng = np.random.default_rng(seed)
    scopes = [tuple(sorted(rng.permutation(5)[: rng.integers(0, 4)].tolist())) for _ in range(rng.integers(1, 7))]
    scopes.append((0, 1, 2, 3, 4))
    return [Factor(scope, rng.random([STATES[variable] for variable in scope])) for scope in scopes]


def value(factors: Iterable[Factor], states: Sequence[int]) -> float:
    """The product of the factors where each variable is in its state."""
    return math.prod(float(table[tuple(states[variable] for variable in scope)]) for scope, table in factors)


def every_state() -> Iterable[tuple[int, ...]]:
    return itertools.product(*map(range, STATES))


def test_product() -> None:
    for seed in seeds(20):
        factors = random_factors(seed)
        joined = sum_out(factors, [])
        assert joined.variables == (0, 1, 2, 3, 4)
        for states in every_state():
            assert joined.table[states] == pytest.approx(value(factors, states)), f"seed {seed}"


@pytest.mark.parametrize("variables", [(1,), (4, 0), (2, 1, 3)])
def test_sum_out(variables: tuple[int, ...]) -> None:
    left = [variable for variable in range(5) if variable not in variables]
    for seed in seeds(20):
        factors = random_factors(seed)
        summed = sum_out(factors, variables)
        assert summed.variables == tuple(left)
        expected = np.zeros([STATES[variable] for variable in left])
        for states in every_state():
            expected[tuple(states[variable] for variable in left)] += value(factors, states)
        assert summed.table.ravel().tolist() == pytest.approx(expected.ravel().tolist()), f"seed {seed}"


def test_summing_everything_out_leaves_a_number() -> None:
    summed = sum_out([Factor((0,), np.array([1.0, 2.0])), Factor((0, 1), np.ones((2, 3)))], [0, 1])
    assert summed.variables == ()
    assert float(summed.table) == 9.0


def test_cut_to_a_state_drops_the_axis_and_to_a_range_keeps_it() -> None:
    table = np.arange(24.0).reshape(2, 3, 4)
    scope, part = Factor((0, 1, 4), table).cut({1: 2, 4: slice(1, 3), 3: 0})
    assert scope == (0, 4)
    assert part.tolist() == table[:, 2, 1:3].tolist()


def test_elimination_order_takes_the_smallest_table_next() -> None:
    # 3 touches {0, 3}: 8 numbers; 4 touches {0, 1, 4}: 40; then 2 touches {0, 1, 2} with the table that 4 left.
    order, largest = elimination_order([(0, 3), (0, 4), (1, 4), (0, 1, 2)], [2, 3, 4], [2, 2, 100, 4, 10])
    assert order == (3, 4, 2)
    assert largest == 400


def test_check_size_refuses_what_does_not_fit() -> None:
    check_size(2**26, "a table")
    message = (
        r"^the parents of c need a table of 67,108,865 numbers; at most 67,108,864 are allowed; let risk factors touch"
    )
    with pytest.raises(InferenceError, match=message):
        check_size(2**26 + 1, "the parents of c")
