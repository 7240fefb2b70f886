"""A few odd inputs at each door, the same in every run; `python -m tests.fuzz` puts in as many as one has time for."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import Tally, fuzz
from tests.fuzz.doors import DOORS, inside
from tests.fuzz.oddities import answers, as_bytes, mutated_text, mutated_tree
from tests.support.paths import NETWORKS

INPUTS = 25


@pytest.mark.parametrize("door", DOORS)
def test_odd_inputs_are_taken_or_refused(door: str, tmp_path: Path) -> None:
    tallies: dict[str, Tally] = {}
    with inside(tmp_path):
        assert list(fuzz([door], range(INPUTS), 17, tmp_path, tallies)) == []
    assert tallies[door].taken + tallies[door].refused == INPUTS
    assert tallies[door].taken
    assert tallies[door].refused


def test_the_same_numbers_give_the_same_inputs() -> None:
    from bayesknee import load_network

    network = load_network(NETWORKS / "tiny")

    def made(seed: int) -> tuple[object, ...]:
        rng = random.Random(seed)
        given = answers(rng, network)
        text = mutated_text(rng, "evidence: {age: 45}")
        return repr(given), repr(mutated_tree(rng, dict(given))), text, as_bytes(rng, text)

    assert made(1) == made(1)
    assert len({made(seed) for seed in range(10)}) == 10


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.engine.Engine.diagnose", lambda *_: 1 / 0)
    tallies: dict[str, Tally] = {}
    found = list(fuzz(["evidence"], range(3), 17, tmp_path, tallies))
    assert [(find.door, find.number) for find in found] == [("evidence", 0), ("evidence", 1), ("evidence", 2)]
    assert all("ZeroDivisionError" in find.what for find in found)
    assert tallies["evidence"].finds == 3
