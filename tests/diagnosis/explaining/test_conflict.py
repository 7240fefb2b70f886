"""Whether findings fit together and fit the network: by hand, and calibrated on patients drawn from networks."""

from __future__ import annotations

import math
from random import Random
from typing import Final

import numpy as np
import pytest

from bayesknee import Diagnosis, Engine
from bayesknee.diagnosis.explaining.conflict import UNUSUAL, Conflict, Surprise, conflict_of, surprise_of
from bayesknee.diagnosis.explaining.patient_warnings import warnings_of
from bayesknee.errors import InferenceError
from bayesknee.patient.codes import NOT_KNOWN
from tests.support.effort import seeds
from tests.support.random_networks import SMALL, random_network, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, reading, risk_factor, sign

A: Final = condition("a", 0.6)
B: Final = condition("b", 0.7)
F: Final = finding("f", noisy_or(0.1, a=0.55, b=0.28))
G: Final = finding("g", noisy_or(0.2, a=0.6))


def diagnose(*answers: tuple[str, object]) -> Diagnosis:
    return Engine(network(A, B, F, G, risk_factor("r", {"no": 0.9, "yes": 0.1}))).diagnose(dict(answers))


# --- conflict --------------------------------------------------------------------------------------------------------


def test_findings_of_one_cause_support_each_other() -> None:
    # From test_worked_examples.py: P(a alone), P(b alone), P(both) are 0.3, 0.4, 0.3; P(f) = 0.469.
    # P(g) = 0.6 * 0.6 + 0.4 * 0.2 = 0.44; P(f, g) = 0.6 (0.3 * 0.55 + 0.3 * 0.64) + 0.2 * 0.4 * 0.28 = 0.2366.
    conflict = diagnose(("f", "yes"), ("g", "yes")).conflict
    assert conflict.value == pytest.approx(math.log(0.469 * 0.44 / 0.2366), abs=1e-12)
    assert conflict.value < 0.0
    assert (conflict.explained_by, conflict.matters) == ((), False)


def test_findings_of_different_causes_may_conflict() -> None:
    # P(f, not g) = 0.4 (0.165 + 0.192) + 0.8 * 0.112 = 0.2324, and P(f) P(not g) = 0.469 * 0.56 = 0.26264.
    conflict = conflict_of(diagnose(("f", "yes"), ("g", "no")))
    assert conflict.value == pytest.approx(math.log(0.26264 / 0.2324), abs=1e-12)
    assert conflict.matters
    assert conflict.to_dict() == {"value": conflict.value, "explained_by": [], "answers": ["f", "g"]}


def test_a_rare_condition_may_explain_a_conflict() -> None:
    rare = condition("rare", 0.001)
    parts = [finding("x", noisy_or(0.01, a=0.3, rare=0.9)), finding("y", noisy_or(0.01, b=0.3, rare=0.9))]
    rivals = condition("a", 0.5), condition("b", 0.51)
    diagnosis = Engine(network(*rivals, rare, *parts)).diagnose({"x": "yes", "y": "yes"})
    conflict = conflict_of(diagnosis)
    assert conflict.value > 0.0
    assert conflict.explained_by == ("rare",)
    assert (conflict.matters, conflict.answers) == (False, ())


def test_the_answers_that_the_others_make_least_likely_are_named() -> None:
    """Three readings of one sign, of which one contradicts the others; what fits is not named."""
    hidden, odd = sign("s", noisy_or(0.1, a=0.9)), finding("odd", reading("s", 0.99, 0.99))
    one, two = finding("one", reading("s", 0.9, 0.9)), finding("two", reading("s", 0.9, 0.9))
    diagnosis = Engine(network(A, B, hidden, one, two, odd, F)).diagnose(
        {"one": "yes", "two": "yes", "odd": "no", "f": "yes"}
    )
    conflict = conflict_of(diagnosis)
    assert conflict.matters
    # The part of a finding by hand: log P(f) - log P(f | others), from the log evidence with and without it.
    answers = dict(diagnosis.evidence.answers)
    engine = Engine(diagnosis.network)
    log = {name: engine.diagnose({k: v for k, v in answers.items() if k != name}).log_evidence for name in answers}
    alone = {name: engine.diagnose({name: answers[name]}).log_evidence for name in answers}
    parts_by_hand = {name: alone[name] - (diagnosis.log_evidence - log[name]) for name in answers}
    worst = max(parts_by_hand, key=parts_by_hand.__getitem__)
    assert conflict.answers[0] == worst == "odd"
    assert set(conflict.answers) == {name for name, part in parts_by_hand.items() if part >= parts_by_hand["odd"] / 2}
    assert "f" not in conflict.answers


# --- warnings --------------------------------------------------------------------------------------------------------


def test_a_conflict_is_a_warning_that_names_the_answers() -> None:
    (warning,) = diagnose(("f", "yes"), ("g", "no")).warnings
    assert warning.to_dict() == {
        "kind": "conflict",
        "message": "The answers contradict each other, and no condition explains it; above all: f: yes; g: no. "
        "Check them.",
        "answers": ["f=yes", "g=no"],
    }
    assert diagnose(("f", "yes"), ("g", "yes")).warnings == diagnose().warnings == ()


def test_what_fits_nothing_is_a_warning_that_names_the_least_expected() -> None:
    each = [finding(f"f{i}", noisy_or(0.02, a=0.03)) for i in range(6)]
    common = finding("common", noisy_or(0.9, a=0.95))
    unusual = Engine(network(A, B, *each, common)).diagnose(
        {**dict.fromkeys(("f1", "f2", "f3"), "yes"), "common": "yes"}
    )
    (warning,) = unusual.warnings
    assert warning.kind == "poor_fit"
    assert warning.answers == ("f1=yes", "f2=yes", "f3=yes")
    assert f"patients drawn from it who were asked the same, {unusual.surprise.as_rare} gave answers" in warning.message


@pytest.mark.parametrize("seed", seeds(6))
def test_few_draws_pass_over_no_patient_whom_all_draws_find_unusual(seed: int) -> None:
    patient = seeded_patient(seed)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    assert diagnosis.surprise.matters == ("poor_fit" in {each.kind for each in diagnosis.warnings})


def test_what_is_too_much_to_check_is_said() -> None:
    def too_much() -> Conflict:
        raise InferenceError("beyond the budget")

    diagnosis = diagnose(("f", "yes"))
    (warning,) = warnings_of(diagnosis, too_much, lambda: diagnosis.surprise)
    assert (warning.kind, warning.answers) == ("not_checked", ())


def test_the_background_is_given() -> None:
    """Risk factors and unsure answers are no findings to be in conflict."""
    alone = conflict_of(diagnose(("f", "yes"), ("g", "no")))
    with_risk = conflict_of(diagnose(("f", "yes"), ("g", "no"), ("r", "yes")))
    assert with_risk.value == pytest.approx(alone.value, abs=1e-12)  # it touches nothing
    assert conflict_of(diagnose(("f", "yes"), ("g", {"yes": 0.1, "no": 0.9}))) == Conflict(0.0, ())
    assert conflict_of(diagnose(("f", "yes"), ("g", "unknown"))) == Conflict(0.0, ())
    assert conflict_of(diagnose()) == Conflict(0.0, ())


# --- surprise --------------------------------------------------------------------------------------------------------


def test_surprise_is_the_share_of_answers_no_more_probable() -> None:
    # Of the answers to f and g, yes no (0.2324), no yes (0.2034), yes yes (0.2366), no no (0.3276), the first is the
    # second least probable: a share of 0.4358 is expected.
    surprise = surprise_of(diagnose(("f", "yes"), ("g", "no")), draws=20_000)
    assert surprise.share == pytest.approx(0.4358, abs=0.015)
    assert surprise.draws == 20_000
    assert surprise_of(diagnose(("f", "no"), ("g", "no")), draws=500).share == 1.0


def test_without_findings_nothing_is_unusual() -> None:
    assert diagnose(("r", "yes"), ("f", "unknown")).surprise == Surprise(1.0, 1000)


def test_findings_that_fit_nothing() -> None:
    each = [finding(f"f{i}", noisy_or(0.02, a=0.03)) for i in range(6)]
    engine = Engine(network(A, B, *each))
    unusual = surprise_of(engine.diagnose(dict.fromkeys((f.id for f in each[:4]), "yes")))
    assert unusual.share < UNUSUAL
    assert unusual.matters
    assert unusual.to_dict() == {"share": unusual.share, "draws": 1000}
    assert not surprise_of(engine.diagnose(dict.fromkeys((f.id for f in each[:4]), "no"))).matters


def test_an_implied_gate_is_background() -> None:
    gate = finding("gate", noisy_or(0.001, a=0.002))
    gated = finding("gated", noisy_or(0.3, a=0.6), only_if={"gate": ("yes",)})
    engine = Engine(network(A, B, gate, gated))
    for answers in ({"gated": "yes"}, {"gated": "yes", "gate": "yes"}):
        assert not surprise_of(engine.diagnose(answers)).matters
    assert surprise_of(engine.diagnose({"gate": "yes"})).matters


@pytest.mark.parametrize("seed", seeds(6))
def test_the_same_each_time(seed: int) -> None:
    patient = seeded_patient(seed)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    assert surprise_of(diagnosis, draws=50) == surprise_of(diagnosis, draws=50)
    assert surprise_of(diagnosis, draws=50, seed=1).draws == 50


def test_patients_of_the_network_are_called_unusual_at_about_the_nominal_rate() -> None:
    """400 patients drawn from 8 networks, asked half the questions; of 10 % thought unusual, about 10 % are."""
    rng, chance = Random(0), np.random.default_rng(0)
    unusual = 0
    for _ in range(8):
        net = random_network(rng, SMALL)
        engine = Engine(net)
        codes = engine.compiled.strategy.sample(engine.diagnose().evidence, 50, chance).codes
        for number, row in enumerate(codes):
            answers: dict[str, object] = {
                name: net.states[name][code]
                for name, code in zip(net.questions, row.tolist(), strict=True)
                if code != NOT_KNOWN and rng.random() < 0.5
            }
            diagnosis = engine.diagnose(answers)
            unusual += surprise_of(diagnosis, draws=99, seed=number).share <= 0.1
    # At most 40 are expected, and fewer where answers are few and ties many, of these networks about 20: a binomial of
    # 400 and 0.1 has a standard deviation of 6, of 400 and 0.05 one of 4.4.
    assert 7 <= unusual <= 58
