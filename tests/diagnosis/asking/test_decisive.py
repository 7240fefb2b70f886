"""Questions that can change what is done: by hand, and against patients asked again with the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bayesknee import Diagnosis, Engine
from bayesknee.diagnosis.asking.decisive import LEAST_CHANCE, LEAST_VALUE, OCCASION, decisive_questions
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.askable import askable
from tests.support.effort import seeds
from tests.support.paths import KNEE_11
from tests.support.random_networks import seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or

A = condition("a", 0.6)
B = condition("b", 0.7)


def test_by_hand() -> None:
    # From test_worked_examples.py: P(a alone), P(b alone), P(both) are 0.3, 0.4, 0.3, so b leads with 0.7.
    # P(g) = 0.6 * 0.6 + 0.4 * 0.2 = 0.44. After yes, P(a) = 0.36 / 0.44 and P(b) = (0.08 + 0.18) / 0.44: a leads.
    engine = Engine(network(A, B, replace(finding("g", noisy_or(0.2, a=0.6)), burden=2.0)))
    (found,) = decisive_questions(engine.diagnose(), ["g"], least_value=0.0)
    assert found.asked.id == "g"
    # The lead is then (0.36 - 0.26) / 0.44, which comes with a probability of 0.44.
    assert [found.chance, found.value] == pytest.approx([0.44, 0.1 / (2.0 + OCCASION)])
    (answer,) = found.answers
    assert (answer.state, answer.leader, answer.below_limit) == ("yes", "a", ())
    assert answer.change == pytest.approx(0.1 / 0.44)
    assert answer.probability == pytest.approx(0.44)


def test_a_scan_that_settles_it_comes_before_a_sign_that_just_crosses_a_threshold() -> None:
    """A clot at 12 %, of which its limit is 2 % and that of an emergency 10 %."""
    answers = {"age": 52, "lump_noticed": "yes", "calf_swollen": "yes", "severe_pain": "yes", "spreads_to_calf": "yes"}
    diagnosis = Engine(KNEE_11).diagnose(answers)
    assert diagnosis.triage.level == "emergency"
    names = [each.id for each in diagnosis.network.findings.values() if each.asked_of != "patient"]
    first, *others = decisive_questions(diagnosis, names)
    assert first.asked.id == "ultrasound_vein_not_compressible"
    no = next(each for each in first.answers if each.state == "no")
    # From an emergency to an ordinary appointment are three levels, and the clot falls below its limit.
    assert (no.level, no.below_limit, no.change) == ("routine", ("deep_vein_thrombosis",), 4)
    assert "calf_swollen_on_exam" in [each.asked.id for each in others]


def test_what_tells_much_and_changes_nothing_is_left_out() -> None:
    """A clear test of a rare condition has information, and would change something in one patient in a hundred."""
    rare = condition("rare", 0.01)
    engine = Engine(network(A, B, rare, finding("clear", noisy_or(0.001, rare=0.99))))
    diagnosis = engine.diagnose({"a": "no"})
    assert diagnosis.rank_questions(within=["clear"])[0].value > 0.0
    assert decisive_questions(diagnosis, ["clear"]) == ()
    assert decisive_questions(diagnosis, [], least_chance=0.0, least_value=0.0) == ()


def test_a_first_finding_has_no_merit_for_making_thresholds_count() -> None:
    nobody_asked = Engine(KNEE_11).diagnose()
    assert [each.condition for each in nobody_asked.not_ruled_out] == ["deep_vein_thrombosis"]
    (told,) = decisive_questions(nobody_asked, ["ultrasound_vein_not_compressible"])
    assert {answer.state: answer.below_limit for answer in told.answers}["no"] == ("deep_vein_thrombosis",)
    assert decisive_questions(nobody_asked, ["fever_measured"]) == ()


@pytest.mark.parametrize("seed", seeds(12))
def test_each_change_comes_about_when_the_answer_is_given(seed: int) -> None:
    patient = seeded_patient(seed)
    engine = Engine(patient.network, patient.setting)
    before = engine.diagnose(patient.answers)
    names = list(askable(patient.network, before.evidence, patient.network.questions))
    found = {each.asked.id: each for each in decisive_questions(before, names, least_chance=0.0, least_value=0.0)}
    known = any(name not in patient.network.risk_factors for name in before.evidence.likelihoods)
    for name in names:
        told = {each.state: each for each in found[name].answers} if name in found else {}
        for state in patient.network.states[name]:
            answers = {key: value for key, value in before.evidence.answers.items() if value != UNKNOWN}
            after = engine.diagnose({**answers, name: state}) if state in _possible(before, name) else None
            if after is None or not (known or name in patient.network.findings):
                continue
            below = {each.condition for each in before.not_ruled_out} - {each.condition for each in after.not_ruled_out}
            if state in told:
                assert told[state].leader == next(iter(after.posterior))
                assert told[state].level == after.triage.level
                assert set(told[state].below_limit) == below
            else:
                assert next(iter(after.posterior)) == next(iter(before.posterior))
                assert not below


def _possible(diagnosis: Diagnosis, name: str) -> set[str]:
    (question,) = diagnosis.rank_questions(within=[name])
    return {outcome.state for outcome in question.outcomes}


def test_the_least_chance_and_the_least_value_are_met() -> None:
    diagnosis = Engine(KNEE_11).diagnose({"calf_swollen": "yes", "age": 60})
    names = [each.id for each in diagnosis.network.findings.values() if each.asked_of != "patient"]
    found = decisive_questions(diagnosis, names)
    assert found
    assert min(each.chance for each in found) >= LEAST_CHANCE
    assert min(each.value for each in found) >= LEAST_VALUE
    assert [each.value for each in found] == sorted((each.value for each in found), reverse=True)
