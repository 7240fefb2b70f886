"""`bayesknee check --tests`: expected results in the folder of a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from bayesknee import load_network
from tests.support.paths import NETWORKS

TESTS: Final = """tests:
  nothing_said:
    evidence: {age: over_50}
    expect: {below: {infection: 0.5}}
    why: Infections are rare.
  fell_and_swollen:
    setting: emergency
    evidence: {onset: fall, swelling_noticed: yes}
    expect: {first: fracture, above: {fracture: 0.3}}
"""


def tiny(folder: Path, tests: str = TESTS) -> str:
    """The small network, with tests in its folder."""
    shutil.copytree(NETWORKS / "tiny", folder / "tiny")
    (folder / "tiny" / "tests.yaml").write_text(tests)
    return str(folder / "tiny")


def test_what_comes_out_as_expected(tmp_path: Path, run: Callable[..., Any]) -> None:
    ran = run("check", tiny(tmp_path), "--tests")
    assert (ran.status, ran.out) == (0, "2 of 2 tests as expected\n")


def test_tests_are_no_part_of_the_network(tmp_path: Path) -> None:
    assert load_network(tiny(tmp_path)).sha256 == load_network(NETWORKS / "tiny").sha256


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("first: fracture", "first: strain", "tests.yaml: fell_and_swollen: fracture ("),
        ("above: {fracture: 0.3}", "above: {fracture: 0.999}", "not above 0.999"),
        ("below: {infection: 0.5}", "below: {infection: 0.0001}", "not below 0.0001"),
        ("first: fracture", "level: self_care", "not self_care"),
        ("first: fracture", "not_ruled_out: [strain]", "strain is not told as not ruled out"),
        ("first: fracture", "among_first: {strain: 1}", "strain ("),
        ("first: fracture", "level_at_least: emergency, level: routine", "the level is"),
        ("{below: {infection: 0.5}}", "{level_at_least: emergency}", "less urgent than emergency"),
        ("onset: fall", "onset: fal", "tests.yaml: fell_and_swollen: unknown state 'fal' of onset"),
        ("setting: emergency", "setting: ward", "unknown setting 'ward'"),
    ],
)
def test_what_comes_out_otherwise(old: str, new: str, told: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    ran = run("check", tiny(tmp_path, TESTS.replace(old, new)), "--tests")
    assert (ran.status, ran.out) == (2, "1 of 2 tests as expected\n")
    assert told in ran.err


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("tests: 1", "tests.yaml:1: tests: got '1'; expected a mapping"),
        ("test: {}", "tests.yaml:1: test: got 'test'; expected a known key; did you mean tests?"),
        (
            TESTS.replace("first: fracture", "first: fractur"),
            "got 'fractur'; expected a condition of the network; did you",
        ),
        (
            TESTS.replace("first: fracture", "level: urgently"),
            "expect.level: got 'urgently'; expected emergency, same_day",
        ),
        (
            TESTS.replace("expect: {first", "expekt: {first"),
            "fell_and_swollen.expect: got nothing; expected a key expect",
        ),
        (
            TESTS.replace("{onset: fall, swelling_noticed: yes}", "[]"),
            "tests.yaml:8: got a list as evidence; expected findings",
        ),
        (TESTS.replace("0.3", "much"), "above.fracture: got 'much'; expected a number"),
    ],
)
def test_a_file_with_faults(tests: str, told: str, tmp_path: Path, run: Callable[..., Any]) -> None:
    ran = run("check", tiny(tmp_path, tests), "--tests")
    assert ran.status == 2
    assert told in ran.err


def test_no_file(run: Callable[..., Any]) -> None:
    ran = run("check", "tests/networks/tiny", "--tests")
    assert ran.status == 2
    assert "got no tests.yaml; expected a file with expected results; write it" in ran.err
