"""What must hold for every patient of every network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from bayesknee import Diagnosis, Engine, ImpossibleEvidenceError
from bayesknee.knowledge.model import NO_YES
from tests.support.answers import RawAnswer
from tests.support.engines import base_rates, engines
from tests.support.random_networks import Patient, has_impossible_answers, patients, random_likelihood

pytestmark = pytest.mark.usefixtures("strategy")


def diagnose(patient: Patient, answers: Mapping[str, object] | None = None) -> Diagnosis:
    return Engine(patient.network, patient.setting).diagnose(patient.answers if answers is None else answers)


def numbers(diagnosis: Diagnosis) -> tuple[dict[str, float], dict[str, float], float]:
    return dict(diagnosis.posterior), dict(diagnosis.groups), diagnosis.log_evidence


def states_of(patient: Patient, name: str) -> tuple[str, ...]:
    return patient.network.questions[name].states if name in patient.network.questions else NO_YES


@given(patients())
def test_the_base_rates_hold_while_nothing_is_known(patient: Patient) -> None:
    for setting, engine in engines(patient.network).items():
        nothing = engine.diagnose()
        assert dict(nothing.posterior) == pytest.approx(base_rates(patient.network, setting), rel=0, abs=1e-12)
        assert nothing.log_evidence == pytest.approx(0.0, abs=1e-12)


@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(patient: Patient, rng: Random) -> None:
    shuffled = list(patient.answers.items())
    rng.shuffle(shuffled)
    assert numbers(diagnose(patient, dict(shuffled))) == numbers(diagnose(patient))


@given(patients())
def test_unknown_changes_nothing(patient: Patient) -> None:
    names = [*patient.network.questions, *patient.network.conditions]
    answers = dict.fromkeys(names, "unknown") | dict(patient.answers)
    assert numbers(diagnose(patient, answers)) == numbers(diagnose(patient))


@given(patients())
def test_a_state_is_a_likelihood_of_one_and_zero(patient: Patient) -> None:
    answers: dict[str, object] = {}
    for name, answer in patient.answers.items():
        if isinstance(answer, str) and answer != "unknown":
            answers[name] = {state: float(state == answer) for state in states_of(patient, name)}
        else:
            answers[name] = answer
    assert numbers(diagnose(patient, answers)) == numbers(diagnose(patient))


@given(patients(), st.floats(1e-300, 1e300), st.randoms(use_true_random=False))
def test_scaling_a_likelihood_shifts_the_log_evidence_and_nothing_else(
    patient: Patient, scale: float, rng: Random
) -> None:
    soft: dict[str, RawAnswer] = {
        name: random_likelihood(rng, states_of(patient, name))
        for name, answer in patient.answers.items()
        if answer != "unknown" and name not in patient.network.conditions
    }
    soft = {name: answer for name, answer in soft.items() if not gates_or_is_gated(patient, name)}
    scaled = {
        name: {state: value * scale for state, value in answer.items()}
        for name, answer in soft.items()
        if isinstance(answer, Mapping)
    }
    try:
        before = diagnose(patient, {**patient.answers, **soft})
    except ImpossibleEvidenceError:  # a likelihood may lie wholly on states that the other answers rule out
        reject()
    after = diagnose(patient, {**patient.answers, **scaled})
    assert dict(after.posterior) == pytest.approx(dict(before.posterior), rel=0, abs=1e-10)
    assert dict(after.groups) == pytest.approx(dict(before.groups), rel=0, abs=1e-10)
    assert after.log_evidence - before.log_evidence == pytest.approx(len(scaled) * math.log(scale), rel=1e-12, abs=1e-9)


def gates_or_is_gated(patient: Patient, name: str) -> bool:
    gates = {each.id: each.only_if for each in patient.network.findings.values() if each.only_if}
    return name in gates or any(name in only_if for only_if in gates.values())


@given(patients(), st.randoms(use_true_random=False))
def test_the_probabilities_of_the_answers_to_a_question_sum_to_1(patient: Patient, rng: Random) -> None:
    known = diagnose(patient)
    names = [*patient.network.questions, *patient.network.conditions]
    left = [each for each in names if each not in patient.answers and not gates_or_is_gated(patient, each)]
    assume(left)
    name = rng.choice(left)
    log_evidence = [log_evidence_with(patient, name, state) for state in states_of(patient, name)]
    assert sum(math.exp(each - known.log_evidence) for each in log_evidence) == pytest.approx(1.0, rel=0, abs=1e-9)


def log_evidence_with(patient: Patient, name: str, state: str) -> float:
    try:
        return diagnose(patient, {**patient.answers, name: state}).log_evidence
    except ImpossibleEvidenceError:
        return -math.inf


@given(patients())
def test_posteriors_and_groups_are_bounded(patient: Patient) -> None:
    diagnosis = diagnose(patient)
    posterior = diagnosis.posterior
    assert all(0.0 <= p <= 1.0 + 1e-12 for p in posterior.values())
    assert all(first >= second - 1e-12 for first, second in pairwise(posterior.values()))  # ties by rounding
    assert set(posterior) == set(patient.network.conditions)
    if patient.network.complaint:
        assert sum(posterior.values()) >= 1.0 - 1e-12
    for name, probability in diagnosis.groups.items():
        members = [posterior[member] for member in set(patient.network.groups[name].members)]
        assert max(members) - 1e-12 <= probability <= min(sum(members), 1.0) + 1e-12


@given(patients())
def test_a_known_condition_is_certain(patient: Patient) -> None:
    diagnosis = diagnose(patient)
    for name, answer in patient.answers.items():
        if name in patient.network.conditions and answer in NO_YES:
            assert diagnosis.posterior[name] == pytest.approx(float(answer == "yes"), abs=1e-12)


@given(patients())
def test_impossible_evidence_names_answers_none_of_which_can_be_left_out(patient: Patient) -> None:
    conditions = list(patient.network.conditions)
    assume(patient.network.complaint and not has_impossible_answers(patient.network))
    answers = {**patient.answers, **dict.fromkeys(conditions, "no")}
    with pytest.raises(ImpossibleEvidenceError, match="these answers cannot all be true in this network: c") as caught:
        diagnose(patient, answers)
    assert sorted(caught.value.conflict) == sorted(f"{name}=no" for name in conditions)
    for name in conditions:
        diagnose(patient, {other: answer for other, answer in answers.items() if other != name})
