"""The authoring report, against numbers worked out by hand for the tiny network."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bayesknee import load_network
from bayesknee.authoring import Report, report
from bayesknee.knowledge.model import Form
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, probability

TINY = NETWORKS / "tiny"


@pytest.fixture(scope="module")
def tiny() -> Report:
    return report(load_network(TINY), samples=40_000)


def overlap(tiny: Report, kind: str, one: str, other: str) -> float:
    return next(each for each in tiny.overlaps[kind] if (each.one, each.other) == (one, other)).overlap


def test_counts_and_grades(tiny: Report) -> None:
    assert tiny.counts["findings"] == tiny.counts["history"] + tiny.counts["exam"] == 5
    assert tiny.counts["test"] == 0
    assert tiny.grades == {"A": 0, "B": 1, "C": 0, "D": 35}


def test_overlap_of_one_reading(tiny: Report) -> None:
    # effusion_felt is the only exam finding: P(yes | sign) = 0.7, P(yes | no sign) = 0.05.
    # fracture: P(sign) = 0.7, so P(yes) = 0.7 * 0.7 + 0.3 * 0.05 = 0.505; infection: 0.95 * 0.7 + 0.05 * 0.05 = 0.6675.
    # overlap = min(0.505, 0.6675) + min(0.495, 0.3325) = 0.8375
    assert overlap(tiny, "exam", "fracture", "infection") == pytest.approx(0.8375, abs=0.01)


def test_overlap_of_conditions_that_no_finding_separates_is_one(tiny: Report) -> None:
    assert overlap(tiny, "exam", "strain", "other") == 1.0
    assert {each.overlap for each in tiny.overlaps["test"]} == {1.0}


def test_overlap_of_a_mixture_and_a_noisy_or_multiplies_their_answers(tiny: Report) -> None:
    # history of strain and other: pain_on_grip 0.8 / 0.1, backhand_pain 0.9 / 0.1; onset and swelling the same.
    # sum over the four answers of the smaller: min(.72, .01) + min(.08, .09) + min(.18, .09) + min(.02, .81) = 0.20
    assert overlap(tiny, "history", "strain", "other") == pytest.approx(0.20, abs=0.01)


def test_a_condition_in_forms_answers_as_they_do_at_their_shares() -> None:
    # P(pop | a) = 0.75 * 0.1 + 0.25 * 0.9 = 0.3, P(pop | b) = 0.5; overlap = min(0.3, 0.5) + min(0.7, 0.5) = 0.8
    forms = {"slow": Form("slow", "Slow", probability(0.75)), "sudden": Form("sudden", "Sudden", probability(0.25))}
    pop = finding("pop", noisy_or(0.05, **{"a.slow": 0.1, "a.sudden": 0.9, "b": 0.5}))
    drawn = network(replace(condition("a", 0.6), forms=forms), condition("b", 0.6), pop)
    assert overlap(report(drawn, samples=40_000), pop.kind, "a", "b") == pytest.approx(0.8, abs=0.01)


def test_overlaps_are_listed_worst_first_and_repeat_with_the_seed(tiny: Report) -> None:
    values = [each.overlap for each in tiny.overlaps["history"]]
    assert values == sorted(values, reverse=True)
    network = load_network(TINY)
    assert report(network, samples=50, seed=3) == report(network, samples=50, seed=3)
    assert report(network, samples=50, seed=3).overlaps != report(network, samples=50, seed=4).overlaps


def test_information_of_a_finding_in_bits(tiny: Report) -> None:
    bits = dict(tiny.weak_findings)
    assert list(bits.values()) == sorted(bits.values())
    # An answer cannot tell more than it holds: one bit for yes and no, log2(3) for three states.
    assert all(0 < value < (math.log2(3) if name == "onset" else 1) for name, value in bits.items())


def test_widest_numbers_come_first_and_are_named_by_path(tiny: Report) -> None:
    path, number, width = tiny.wide_numbers[0]
    assert path == ("findings", "effusion_felt", "reads", "specificity")
    # log odds of 0.99 less log odds of 0.9: ln 99 - ln 9
    assert width == pytest.approx(math.log(11))
    assert (number.low, number.high) == (0.9, 0.99)


def test_unused_parts_are_named() -> None:
    assert report(load_network(TINY), samples=10).unused == {"references": [], "signs": [], "topics": []}
