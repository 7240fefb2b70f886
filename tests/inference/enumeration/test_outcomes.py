"""What each answer would lead to: against a diagnosis with that answer, and against the full joint."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee import Engine, Evidence
from bayesknee.inference.results import Outcomes
from bayesknee.knowledge.model import Reading
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import check_evidence
from tests.support.answers import RawAnswer
from tests.support.effort import seeds
from tests.support.engines import oracle
from tests.support.random_networks import REAL, SMALL, TINY, Patient, Size, patients, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, reading, risk_factor, sign

pytestmark = pytest.mark.usefixtures("strategy")


def outcomes_of(patient: Patient) -> tuple[Engine, Evidence, Outcomes]:
    engine = Engine(patient.network, patient.setting)
    evidence = check_evidence(patient.network, patient.answers)
    return (
        engine,
        evidence,
        engine.compiled.strategy.outcomes(evidence, askable(patient.network, evidence, patient.network.questions)),
    )


def rows(patient: Patient, outcomes: Outcomes) -> Iterator[tuple[str, str, float, dict[str, float]]]:
    """Question, state, P(state | e), posterior."""
    for name, start in zip(outcomes.names, outcomes.starts.tolist(), strict=False):
        for row, state in enumerate(patient.network.states[name], start=start):
            posterior = dict(zip(patient.network.conditions, outcomes.posteriors[row].tolist(), strict=True))
            yield name, state, float(outcomes.probabilities[row]), posterior


def test_by_hand() -> None:
    """Two causes of one complaint, so s is {a}, {b} or {a, b}; base rates 0.6 and 0.6, so 0.4, 0.4 and 0.2."""
    net = network(condition("a", 0.6), condition("b", 0.6), finding("f", noisy_or(0.1, a=0.8)))
    outcomes = Engine(net).compiled.strategy.outcomes(Evidence(), ["f"])
    yes = 0.4 * 0.8 + 0.4 * 0.1 + 0.2 * 0.8
    assert outcomes.names == ("f",)
    assert outcomes.starts.tolist() == [0, 2]
    assert outcomes.probabilities == pytest.approx([1.0 - yes, yes], abs=1e-12)
    assert outcomes.joint[1] == pytest.approx([0.4 * 0.8 + 0.2 * 0.8, 0.4 * 0.1 + 0.2 * 0.8], abs=1e-12)
    assert outcomes.posteriors[1] == pytest.approx(outcomes.joint[1] / yes, abs=1e-12)


def test_a_second_reading_of_a_sign_by_hand() -> None:
    """With P(g | c) = 0.6, P(g | no c) = 0.1 and the first reading yes, of 0.8 with g and 0.1 without.

    P(e | c) = 0.48 + 0.04 = 0.52 and P(e | no c) = 0.08 + 0.09 = 0.17, so P(e) = 0.104 + 0.136 = 0.24. The second
    reading is yes in 0.5 with g and in 0.3 without.
    """
    readings = finding("seen", reading("g", 0.8, 0.9)), finding("felt", reading("g", 0.5, 0.7))
    net = network(condition("c", 0.2), sign("g", noisy_or(0.1, c=0.6)), *readings, complaint="")
    outcomes = Engine(net).compiled.strategy.outcomes(check_evidence(net, {"seen": "yes"}), ["felt"])
    with_c, without = 0.2 * (0.5 * 0.48 + 0.3 * 0.04) / 0.24, 0.8 * (0.5 * 0.08 + 0.3 * 0.09) / 0.24
    assert outcomes.probabilities[1] == pytest.approx(with_c + without, abs=1e-12)
    assert outcomes.joint[1] == pytest.approx([with_c], abs=1e-12)


@pytest.mark.parametrize(
    ("size", "quick"),
    [
        (TINY, 40),
        (SMALL, 15),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in ((TINY, 150), (SMALL, 60), (REAL, 2))),
    ],
)
def test_as_a_diagnosis_with_the_answer(size: Size, quick: int) -> None:
    for seed in seeds(quick):
        patient = seeded_patient(seed, size)
        engine, evidence, outcomes = outcomes_of(patient)
        before = engine.diagnose(evidence).log_evidence
        for name, state, probability, posterior in rows(patient, outcomes):
            if probability == 0.0:
                continue
            after = engine.diagnose({**evidence.answers, name: state})
            assert dict(after.posterior) == pytest.approx(posterior, rel=0, abs=1e-9), f"seed {seed}, {name}={state}"
            expected = math.exp(after.log_evidence - before)
            assert probability == pytest.approx(expected, rel=0, abs=1e-9), f"seed {seed}, {name}={state}"


def test_as_the_full_joint(strategy: str) -> None:
    kinds = set()
    for seed in (*seeds(350), 742):  # the last one has a reading that is asked only if a gate holds
        patient = seeded_patient(seed)
        _, _, outcomes = outcomes_of(patient)
        brute_force = oracle(patient.network, patient.setting)
        before = brute_force.log_evidence(patient.answers)
        for name, state, probability, posterior in rows(patient, outcomes):
            after: dict[str, RawAnswer] = {**patient.answers, name: state}
            expected = math.exp(brute_force.log_evidence(after) - before)
            assert probability == pytest.approx(expected, rel=0, abs=1e-9), f"seed {seed}, {name}={state}"
            if probability > 0.0:
                assert posterior == pytest.approx(brute_force.posterior(after), rel=0, abs=1e-9), f"seed {seed}"
            each = patient.network.findings.get(name)
            kinds.add((type(each.model).__name__ if each else "risk factor", bool(each and each.only_if)))
    rules = ("Reading", "NoisyOr", "Mixture", "Greatest", "ConditionalTable")[: 5 if strategy == "enumeration" else 4]
    every = {(kind, gated) for kind in rules for gated in (False, True)}
    assert kinds == every | {("risk factor", False)}


@given(patients(SMALL))
def test_the_mean_over_the_answers_is_what_is_known_now(patient: Patient) -> None:
    engine, evidence, outcomes = outcomes_of(patient)
    if not outcomes.names:
        return
    marginals = engine.compiled.strategy.infer(evidence).marginals
    sums = np.add.reduceat(outcomes.probabilities, outcomes.starts[:-1])
    assert sums == pytest.approx(np.ones(len(outcomes.names)), abs=1e-12)
    weighted = outcomes.probabilities[:, None] * outcomes.posteriors
    means = np.add.reduceat(weighted, outcomes.starts[:-1], axis=0)
    assert means == pytest.approx(np.broadcast_to(marginals, means.shape), abs=1e-12)


@given(patients(SMALL), st.randoms(use_true_random=False))
def test_of_what_is_known_in_part_they_tell_which_state_it_is(patient: Patient, rng: Random) -> None:
    """An unsure answer leaves several states: the outcomes are those of its likelihood cut down to each."""
    engine, evidence, _ = outcomes_of(patient)
    unsure = [name for name in evidence.likelihoods if name in patient.network.questions]
    if not unsure:
        return
    name = rng.choice(unsure)
    outcomes = engine.compiled.strategy.outcomes(evidence, [name])
    before = engine.diagnose(evidence).log_evidence
    answer = evidence.answers.get(name)
    stated = answer if isinstance(answer, Mapping) else dict.fromkeys(patient.network.states[name], 1.0)
    for _, state, probability, posterior in rows(patient, outcomes):
        if not evidence.likelihoods[name][patient.network.states[name].index(state)]:
            assert probability == 0.0
            continue
        only = {other: weight * (other == state) for other, weight in stated.items()}
        after = engine.diagnose({**evidence.answers, name: only})
        assert probability == pytest.approx(math.exp(after.log_evidence - before), rel=0, abs=1e-9)
        assert dict(after.posterior) == pytest.approx(posterior, rel=0, abs=1e-9)


def test_signs_that_are_too_large_for_one_go_are_taken_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    signs = [sign("g", noisy_or(0.1, a=0.8)), sign("h", noisy_or(0.2, a=0.3, b=0.9))]
    read = [finding(f"{each.id}{number}", reading(each.id, 0.8, 0.9)) for each in signs for number in (1, 2)]
    strategy = Engine(network(condition("a", 0.6), condition("b", 0.6), *signs, *read)).compiled.strategy
    evidence = Evidence({"g1": "yes", "h1": "no"}, {"g1": (0.0, 1.0), "h1": (1.0, 0.0)})
    whole = strategy.outcomes(evidence, ["g2", "h2"])
    monkeypatch.setattr("bayesknee.inference.enumeration.outcomes.MOST_NUMBERS_AT_ONCE", 1)
    cut = strategy.outcomes(evidence, ["g2", "h2"])
    assert cut.joint == pytest.approx(whole.joint, abs=1e-15)


def test_the_order_is_that_of_the_network_and_only_what_is_asked_is_told() -> None:
    net = network(
        risk_factor("r", {"no": 0.5, "yes": 0.5}),
        condition("a", 0.6, {"r": {"yes": 2.0}}),
        condition("b", 0.6),
        sign("g", noisy_or(0.1, a=0.8)),
        finding("f", reading("g", 0.8, 0.9)),
        finding("h", noisy_or(0.1, a=0.8)),
    )
    strategy = Engine(net).compiled.strategy
    assert strategy.outcomes(Evidence(), ["h", "f", "r"]).names == ("r", "f", "h")
    assert isinstance(net.findings["f"].model, Reading)
    for name in ("r", "f", "h"):
        alone = strategy.outcomes(Evidence(), [name])
        assert alone.names == (name,)
        assert np.isfinite(alone.joint).all()
    nothing = strategy.outcomes(Evidence(), [])
    assert (nothing.names, nothing.starts.tolist(), nothing.joint.shape) == ((), [0], (0, 2))
