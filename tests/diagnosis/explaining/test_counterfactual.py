"""What a single answer would change."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import assume, given

from bayesknee import Engine
from bayesknee.diagnosis.explaining.counterfactual import answers_that_turn, changes, leader_changes, new_answers
from bayesknee.errors import EvidenceError
from tests.support.random_networks import Patient, patients
from tests.support.small_networks import condition, finding, network, noisy_or

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)
F: Final = finding("f", noisy_or(0.1, a=0.9))
G: Final = finding("g", noisy_or(0.1, b=0.9))


@given(patients())
def test_changes_are_what_the_engine_says_of_the_other_answers(patient: Patient) -> None:
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    found = {(each.finding, each.instead): each.posterior for each in changes(diagnosis)}
    for name, answer in diagnosis.evidence.answers.items():
        for instead in (*patient.network.states[name], "unknown"):
            if answer in {instead, "unknown"}:
                assert (name, instead) not in found
                continue
            try:
                expected = engine.diagnose({**diagnosis.evidence.answers, name: instead}).posterior
            except EvidenceError:
                assert (name, instead) not in found
            else:
                assert found[name, instead] == expected


@given(patients())
def test_new_answers_are_what_the_engine_says_of_them(patient: Patient) -> None:
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    found = list(new_answers(diagnosis))
    assume(found)
    for each in found:
        other = engine.diagnose({**diagnosis.evidence.answers, each.finding: each.state})
        assert dict(each.posterior) == pytest.approx(dict(other.posterior), abs=1e-9)
        assert list(each.posterior.values()) == sorted(each.posterior.values(), reverse=True)
    totals = {name: sum(each.probability for each in found if each.finding == name) for name in names(found)}
    assert totals == pytest.approx(dict.fromkeys(totals, 1.0))


def names(found: object) -> set[str]:
    assert isinstance(found, list)
    return {each.finding for each in found}


def test_the_answer_that_holds_the_leader() -> None:
    engine = Engine(network(A, B, F, G))
    diagnosis = engine.diagnose({"f": "yes", "g": "no"})
    assert next(iter(diagnosis.posterior)) == "a"
    assert {(each.finding, each.instead, each.leader) for each in leader_changes(diagnosis)} == {
        ("f", "no", "b"),
    } | ({("g", "yes", "b")} if engine.diagnose({"f": "yes", "g": "yes"}).posterior["b"] > 0.9 else set())
    (first, *_) = leader_changes(diagnosis)
    assert first.to_dict()["leader"] == "b"


def test_the_answer_that_turns_two_round() -> None:
    diagnosis = Engine(network(A, B, F, G)).diagnose()
    assert diagnosis.posterior["b"] > diagnosis.posterior["a"]
    turning = answers_that_turn(diagnosis, "a", "b")
    assert [(each.finding, each.state) for each in turning] == [("f", "yes"), ("g", "no")]
    assert turning == answers_that_turn(diagnosis, "b", "a")
    # P(f = yes) = 0.6 * 0.9 + 0.4 * 0.1 = 0.58.
    assert turning[0].probability == pytest.approx(0.58)
    assert turning[0].to_dict()["posterior"]["a"] == pytest.approx(0.54 / 0.58)


def test_what_was_answered_or_has_a_closed_gate_is_not_asked() -> None:
    gated = finding("h", noisy_or(0.1, b=0.9), only_if={"g": ("yes",)})
    engine = Engine(network(A, B, F, G, gated))
    assert {each.finding for each in new_answers(engine.diagnose({"f": "unknown"}))} == {"g"}
    assert {each.finding for each in new_answers(engine.diagnose({"g": "yes"}))} == {"f", "h"}
    assert {each.finding for each in new_answers(engine.diagnose({"h": "no"}))} == {"f"}
