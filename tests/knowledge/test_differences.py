"""What differs between two networks."""

from __future__ import annotations

from dataclasses import replace

from bayesknee import Network, load_network
from bayesknee.knowledge.differences import find_differences
from bayesknee.knowledge.model import Finding, NoisyOr
from tests.support.paths import NETWORKS
from tests.support.small_networks import arteries, condition, finding, network, noisy_or, probability

TINY, CHANGED = load_network(NETWORKS / "tiny"), load_network(NETWORKS / "tiny_changed")


def test_nothing_differs_from_itself() -> None:
    assert find_differences(TINY, TINY).nothing


def test_numbers_by_path() -> None:
    found = {".".join(change.path): change for change in find_differences(TINY, CHANGED).numbers}
    assert set(found) == {
        "conditions.infection.base_rate.any_setting",
        "conditions.other.base_rate.any_setting",
        "conditions.strain.odds_ratios.tennis.yes",
        "findings.pain_on_grip.noisy_or.causes.strain",
        "findings.pain_on_grip.noisy_or.causes.fracture",
        "findings.pain_on_grip.noisy_or.causes.infection",
    }
    wider = found["conditions.strain.odds_ratios.tennis.yes"]
    assert wider.old
    assert wider.new
    assert (wider.old.low, wider.new.low, wider.moved) == (2.0, 1.5, False)
    assert found["findings.pain_on_grip.noisy_or.causes.fracture"].new is None
    assert found["findings.pain_on_grip.noisy_or.causes.infection"].old is None
    assert found["findings.pain_on_grip.noisy_or.causes.infection"].part == ("findings", "pain_on_grip")


def test_wording() -> None:
    assert find_differences(TINY, CHANGED).reworded == (
        ("network", "version"),
        ("findings", "swelling_noticed", "question"),
    )


def small(*more: Finding, rule: NoisyOr | None = None) -> Network:
    pain = finding("pain", rule or noisy_or(0.1, a=0.6))
    return network(condition("a", 0.6), condition("b", 0.6), pain, *more)


def test_parts_that_came_and_went() -> None:
    one, two = small(), small(finding("ache", noisy_or(0.1, b=0.5)))
    assert find_differences(one, two).added == (("findings", "ache"),)
    assert find_differences(two, one).removed == (("findings", "ache"),)
    assert not find_differences(one, two).numbers


def test_a_share_by_setting_in_place_of_one_is_told_by_its_numbers() -> None:
    one = arteries({"blocked": 0.4, "narrow": 0.6})
    found = find_differences(one, arteries())
    place = ("conditions", "c", "forms", "blocked", "share")
    changes = {
        change.path: (change.old and change.old.value, change.new and change.new.value) for change in found.moved
    }
    assert {path: each for path, each in changes.items() if path[3] == "blocked"} == {
        place: (0.4, None),
        (*place, "practice"): (None, 0.05),
        (*place, "emergency"): (None, 0.4),
    }
    assert not found.reworded


def test_another_rule_is_both_numbers_and_form() -> None:
    from tests.support.small_networks import reading, sign

    lump = sign("lump", noisy_or(0.1, a=0.6))
    one = network(condition("a", 0.6), condition("b", 0.6), lump, finding("pain", noisy_or(0.1, a=0.6)))
    two = network(condition("a", 0.6), condition("b", 0.6), lump, finding("pain", reading("lump", 0.8, 0.9)))
    found = find_differences(one, two)
    assert found.reworded == (("findings", "pain", "model"),)
    assert {change.path[-1] for change in found.numbers} == {"leak", "a", "sensitivity", "specificity"}


def test_a_state_of_a_gate() -> None:
    one = small(finding("ache", noisy_or(0.1, b=0.5), only_if={"pain": ("yes",)}))
    two = small(finding("ache", noisy_or(0.1, b=0.5), only_if={"pain": ("no",)}))
    assert find_differences(one, two).reworded == (("findings", "ache", "only_if", "pain"),)


def test_a_note_is_a_change_that_moves_nothing() -> None:
    number = probability(0.6)
    other = replace(number, note="another")
    one, two = (small(rule=NoisyOr(probability(0.1), {"a": each})) for each in (number, other))
    (change,) = find_differences(one, two).numbers
    assert not change.moved
