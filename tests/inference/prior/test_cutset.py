"""How the sum over risk factors falls into groups."""

from __future__ import annotations

import pytest

from bayesknee.inference.prior.cutset import Side, connected, cutset_of, parts_of, sides_of
from bayesknee.inference.prior.joint import Prior
from bayesknee.knowledge.network import Network
from tests.support.small_networks import condition, network, risk_factor

TWO = {"no": 0.5, "yes": 0.5}
TOUCHED = {"a": "rs", "b": "rst", "c": "rt", "d": "ru", "e": "ru", "f": "rv", "g": "r"}


def example() -> Network:
    """r touches all; s joins a and b, t joins b and c, u joins d and e; v is private to f."""
    return network(
        *(risk_factor(name, TWO) for name in "rstuv"),
        *(condition(name, 0.3, {each: {"yes": 2.0} for each in own}) for name, own in TOUCHED.items()),
    )


def sides(prior: Prior) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """The conditions and blocks of all parts."""
    both: tuple[Side, Side] = sides_of(prior.pairs, prior.parents, prior.order, cutset_of(prior.parents, prior.order))
    return [[(part.conditions, part.blocks) for part in side.parts] for side in both]


def test_connected() -> None:
    assert connected([]) == []
    assert connected([{1}, {2}, {1, 3}, set(), {3}, {2, 4}]) == [[3], [0, 2, 4], [1, 5]]
    assert connected([{1}, {2}, {3}, {1, 2, 3}]) == [[0, 1, 2, 3]]


def test_the_cutset_holds_the_last_blocks_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    prior = Prior(example(), "ward")
    assert [block.ids for block in prior.parents.blocks] == [("s",), ("t",), ("u",), ("v",), ("r",)]
    assert set(cutset_of(prior.parents, prior.order)) == {7, 8, 9, 11}  # all shared ones fit; v has one condition only
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_CUTSET_STATES", 4)
    last = next(number for number in reversed(prior.order) if number != 10)
    assert cutset_of(prior.parents, prior.order) == (last, 11)
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_CUTSET_STATES", 1)
    assert cutset_of(prior.parents, prior.order) == (11,)


def test_large_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    prior = Prior(example(), "ward")
    assert prior.cutset == (7, 8, 9, 11)
    assert len(prior.sides) == 2
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_SMALL_NUMBERS", 2 << 4)  # r has two states
    cutset, sides = parts_of(prior.pairs, prior.parents, prior.order)
    assert cutset == (11,)
    assert max(len(side.conditions) for side in sides) == 4
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_SMALL_NUMBERS", 2 << 3)
    assert parts_of(prior.pairs, prior.parents, prior.order) == ((), ())


def test_parts_share_no_block_and_sides_no_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_CUTSET_STATES", 1)
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_MERGED_NUMBERS", 1)
    prior = Prior(example(), "ward")
    smaller, larger = sides(prior)
    own = {conditions: set(blocks) for conditions, blocks in smaller + larger}
    assert own == {(0, 1, 2): {7, 8}, (3, 4): {9}, (5,): {10}, (6,): set()}
    assert sum(len(conditions) for conditions, _ in smaller) == 3
    assert sum(len(conditions) for conditions, _ in larger) == 4


def test_small_parts_of_a_side_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.inference.prior.cutset.MOST_CUTSET_STATES", 1)
    smaller, larger = sides(Prior(example(), "ward"))
    assert [len(smaller), len(larger)] == [1, 1]
    monkeypatch.setattr(
        "bayesknee.inference.prior.cutset.MOST_MERGED_NUMBERS", 16
    )  # r has two states: three conditions
    smaller, larger = sides(Prior(example(), "ward"))
    assert all(len(conditions) <= 3 for conditions, _ in smaller + larger)


def test_subsets_of_a_part_by_those_of_its_side() -> None:
    prior = Prior(example(), "ward")
    for side in sides_of(prior.pairs, prior.parents, prior.order, cutset_of(prior.parents, prior.order)):
        n = len(side.conditions)
        for part, places in zip(side.parts, side.places, strict=True):
            for subset, place in enumerate(places.tolist()):
                held = {c for i, c in enumerate(side.conditions) if subset >> (n - 1 - i) & 1}
                k = len(part.conditions)
                of_part = {c for i, c in enumerate(part.conditions) if place >> (k - 1 - i) & 1}
                assert of_part == held.intersection(part.conditions)
