"""Two networks on the same cases."""

from __future__ import annotations

import math

import pytest

from bayesknee import Engine, Network, load_network
from bayesknee.cohort.comparison import compare
from bayesknee.cohort.labelled import read_cases
from bayesknee.knowledge.differences import find_differences
from bayesknee.patient.cases import Case
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or

TINY, CHANGED = load_network(NETWORKS / "tiny"), load_network(NETWORKS / "tiny_changed")


def test_only_cases_with_another_leader_or_level_are_told() -> None:
    cases = list(read_cases(NETWORKS / "tiny_cases.jsonl"))
    found = compare(find_differences(TINY, CHANGED), cases)
    assert found.cases == 4
    assert {change.case for change in found.changed} == {"missed", "tennis"}
    tennis = next(change for change in found.changed if change.case == "tennis")
    assert tennis.leaders == ("strain", "strain")  # the same, but an infection is now clearly over its limit
    assert (tennis.old.triage.level, tennis.new.triage.level) == ("routine", "emergency")
    (change,) = (change for change in found.changed if change.case == "missed")
    assert change.leaders == ("strain", "other")
    assert change.old == Engine(TINY, "clinic").diagnose(cases[2].evidence)
    assert change.new == Engine(CHANGED, "clinic").diagnose(cases[2].evidence)


def test_parts_are_put_in_alone() -> None:
    found = compare(find_differences(TINY, CHANGED), read_cases(NETWORKS / "tiny_cases.jsonl")).changed
    (change,) = (each for each in found if each.case == "missed")
    assert [".".join(push.part) for push in change.pushes][:2] == ["conditions.other", "findings.pain_on_grip"]
    assert change.decibans > 0


def test_one_changed_number_is_the_whole_reason() -> None:
    def small(value: float) -> Network:
        return network(condition("a", 0.7), condition("b", 0.6), finding("pain", noisy_or(0.1, a=value)))

    (change,) = compare(find_differences(small(0.8), small(0.12)), [Case(id="x", evidence={"pain": "no"})]).changed
    assert change.leaders == ("b", "a")
    (push,) = change.pushes
    assert math.isclose(push.decibans, change.decibans)
    assert [each.path[-1] for each in push.numbers] == ["a"]


def test_numbers_of_findings_without_an_answer_are_not_blamed() -> None:
    found = compare(find_differences(TINY, CHANGED), [Case(id="x", evidence={"age": "over_50"})])
    parts = {push.part for change in found.changed for push in change.pushes}
    assert ("findings", "pain_on_grip") not in parts


@pytest.mark.parametrize(("evidence", "setting"), [({"lump": "yes"}, ""), ({}, "ward")])
def test_cases_that_a_network_cannot_take_are_told(evidence: dict[str, str], setting: str) -> None:
    found = compare(find_differences(TINY, CHANGED), [Case(id="x", evidence=evidence, setting=setting)])
    assert found.cases == 0
    assert found.refused["x"].startswith("the old network cannot take it: ")


def test_of_a_distribution_only_the_state_that_was_answered_is_told() -> None:
    def small(no: float) -> Network:
        own = mixture(distribution(no=0.5, yes=0.5), a=distribution(no=no, yes=1.0 - no))
        return network(condition("a", 0.7), condition("b", 0.6), finding("onset", own))

    (change,) = compare(find_differences(small(0.3), small(0.8)), [Case(id="x", evidence={"onset": "no"})]).changed
    assert [each.path[-2:] for each in change.pushes[0].numbers] == [("a", "no")]


def test_networks_without_a_condition_in_common() -> None:
    one, other = (network(condition(f"{name}1", 0.7), condition(f"{name}2", 0.6)) for name in "ab")
    found = compare(find_differences(one, other), [Case(id="x")])
    told = "the networks have no condition in common, by which to compare what they say"
    assert (found.cases, dict(found.refused)) == (0, {"x": told})
