"""Sets of causes as one axis: what they are, and sums over them, against the plain matrix of sets by causes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from bayesknee import Engine
from bayesknee.arrays import Vector
from bayesknee.errors import InferenceError
from bayesknee.inference.cause_sets import CauseSets, all_sets, count_sets, list_sets
from tests.support.small_networks import condition, network

NAMES = tuple("abcdefgh")


def plain(n: int) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in NAMES[:n])


WITH_FORMS = (("a.x", "a.y"), ("b",), ("c.x", "c.y", "c.z"), ("d",))
EXAMPLES = {
    **{f"{n} conditions": list_sets(plain(n)) for n in (1, 2, 3, 8)},
    **{f"{n} conditions, {k} together": list_sets(plain(n), k) for n, k in ((2, 1), (3, 2), (8, 1), (8, 3), (8, 5))},
    "another order": list_sets(plain(5), 2, (4, 0, 2, 1), 1),
    "one half empty": list_sets(plain(4), 2, (0, 1, 2, 3), 0),
    "forms": list_sets(WITH_FORMS),
    "forms, 2 together": list_sets(WITH_FORMS, 2),
}


@pytest.fixture(params=EXAMPLES)
def sets(request: pytest.FixtureRequest) -> CauseSets:
    return EXAMPLES[request.param]


def random_rows(sets: CauseSets, rows: int = 3) -> Vector:
    return np.random.default_rng(0).random((rows, sets.size))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_all_sets_lie_in_the_order_of_axes(n: int) -> None:
    expected = [list(row) for row in itertools.product((False, True), repeat=n)]
    assert list_sets(plain(n)).membership.tolist() == expected


def test_at_most_two_of_three_worked_out() -> None:
    """One half is a, the other b and c; sets of the first half by size, and for each those of the second by size."""
    sets = list_sets(plain(3), 2)
    held = [{NAMES[c] for c in np.flatnonzero(row)} for row in sets.membership]
    assert held == [set(), {"b"}, {"c"}, {"b", "c"}, {"a"}, {"a", "b"}, {"a", "c"}]
    assert sets.singles.tolist() == [4, 1, 2]


def test_a_condition_is_present_in_one_form_worked_out() -> None:
    sets = list_sets((("a.x", "a.y"), ("b",)))
    assert sets.names == ("a.x", "a.y", "b")
    assert sets.causes.tolist() == [
        [False, False, False],
        [False, False, True],
        [True, False, False],
        [True, False, True],
        [False, True, False],
        [False, True, True],
    ]
    assert sets.membership[:, 0].tolist() == [False, False, True, True, True, True]


@pytest.mark.parametrize(("n", "most", "number"), [(27, 3, 3303), (27, 4, 20853), (11, None, 2047), (4, 1, 4)])
def test_how_many_there_are(n: int, most: int | None, number: int) -> None:
    assert count_sets([1] * n, most) - 1 == number


def test_the_first_set_is_empty_and_all_differ_and_none_is_too_large(sets: CauseSets) -> None:
    assert sets.size == count_sets(sets.forms, sets.most) == len(sets.causes) == len({*map(tuple, sets.causes)})
    assert not sets.causes[0].any()
    assert sets.membership.sum(axis=1).max() <= (sets.most or math.inf)
    assert (sets.causes.sum(axis=1) == sets.membership.sum(axis=1)).all()


def test_sums_of_weights(sets: CauseSets) -> None:
    weights = np.random.default_rng(1).normal(size=(2, len(sets.names)))
    assert sets.sums_of(weights, 0.5) == pytest.approx(0.5 + weights @ sets.causes.T)


def test_steps_make_each_set_of_a_half_from_a_smaller(sets: CauseSets) -> None:
    for half in (sets.first, sets.second):
        made = np.zeros_like(half.causes[:, 1:])
        for step in half.steps:
            made[step.sets] = made[step.smaller]
            made[np.arange(len(made))[step.sets], step.causes] += 1.0
        assert made.tolist() == half.causes[:, 1:].tolist()


def test_holds_any(sets: CauseSets) -> None:
    for size in range(min(len(sets.order), 3) + 1):
        members = list(range(size))
        assert sets.holds_any(frozenset(members)).tolist() == sets.membership[:, members].any(axis=1).tolist()


def test_sums_and_marginals(sets: CauseSets) -> None:
    rows = random_rows(sets)
    expected = np.column_stack([rows.sum(axis=1), rows @ sets.membership])
    assert sets.sums(rows) == pytest.approx(expected)
    assert sets.marginals(rows[0]) == pytest.approx(expected[0, 1:])


def test_pair_sums(sets: CauseSets) -> None:
    (weights,) = random_rows(sets, 1)
    assert sets.pair_sums(weights) == pytest.approx(sets.causes.T @ (weights[:, None] * sets.membership))


def test_sums_by_half(sets: CauseSets) -> None:
    rows, rng = random_rows(sets), np.random.default_rng(2)
    first, second = sets.halves
    sizes = len(sets.first.causes), len(sets.second.causes)
    of_first, of_second = (rng.random((size, 2)) for size in sizes)
    to_first, to_second = np.zeros((3, sizes[0], 2)), np.zeros((3, sizes[1], 2))
    for row in range(3):
        np.add.at(to_first[row], first, rows[row][:, None] * of_second[second])
        np.add.at(to_second[row], second, rows[row][:, None] * of_first[first])
    assert sets.times_second(rows, of_second) == pytest.approx(to_first)
    assert sets.times_first(rows, of_first) == pytest.approx(to_second)
    assert sets.to_first(of_second.T, rows[0]) == pytest.approx(to_first[0].T)
    assert sets.to_second(of_first.T, rows[0]) == pytest.approx(to_second[0].T)
    assert sets.first_sums(rows[0]) == pytest.approx(np.bincount(first, rows[0]))
    assert sets.second_sums(rows[0]) == pytest.approx(np.bincount(second, rows[0]))
    assert sets.product(of_first, of_second) == pytest.approx((of_first[first] * of_second[second]).sum(axis=1))


@pytest.mark.parametrize("most", [None, 1, 2, 4])
def test_sets_are_found_in_another_order(most: int | None) -> None:
    sets, other = list_sets(plain(6), most), list_sets(plain(6), most, (3, 5, 0, 1, 4, 2), 2)
    places = other.find(sets.order, sets.membership)
    held = [frozenset(np.array(other.order)[row]) for row in other.membership]
    assert [held[place] for place in places] == [frozenset(np.flatnonzero(row)) for row in sets.membership]


def test_sets_of_conditions(sets: CauseSets) -> None:
    bare = sets.without_forms
    assert bare.membership[sets.sets_of_conditions].tolist() == sets.membership.tolist()
    assert set(bare.forms) == {1}


def test_all_sets_have_no_limit() -> None:
    assert all_sets(("a", "b")).membership.tolist() == list_sets(plain(2)).membership.tolist()


def test_too_many_sets_are_refused() -> None:
    many = network(*(condition(f"c{number}", 0.05) for number in range(60)), most_causes=5)
    message = "network small has 5,985,198 sets of causes; expected at most 1,048,576 .*lower most_causes, 5 now"
    with pytest.raises(InferenceError, match=message):
        Engine(many)


def test_hundreds_of_conditions_are_enumerated_where_few_come_together() -> None:
    many = network(*(condition(f"c{number}", 0.004) for number in range(300)), most_causes=2, complaint="")
    posterior = Engine(many).diagnose({"c0": "yes"}).posterior
    assert len(posterior) == 300
    assert posterior["c0"] == 1.0
    assert posterior["c1"] < 0.004
