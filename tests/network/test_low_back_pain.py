"""What the network low_back_pain promises in its model card: its size, sources and cases, and who is alarmed."""

from __future__ import annotations

import re

import pytest

from bayesknee import Engine, load_network
from bayesknee.authoring import report
from bayesknee.cohort import evaluate, read_labelled
from bayesknee.diagnosis.expected_results import failed_tests, read_expected_results
from bayesknee.diagnosis.triage import red_flags
from bayesknee.knowledge.library import find_network
from bayesknee.knowledge.model import LEVELS
from bayesknee.patient.evidence import check_evidence

NETWORK = load_network("low_back_pain")
FOLDER = find_network("low_back_pain")
CARD = " ".join((FOLDER / "README.md").read_text(encoding="utf-8").split())
REPORT = report(NETWORK, samples=1)
MUST_NOT_MISS = {
    "vertebral_fracture",
    "cauda_equina",
    "spinal_infection",
    "spinal_cancer",
    "aortic_aneurysm",
    "kidney_infection",
}
CASES = 27
HARMLESS = LEVELS[LEVELS.index("routine") :]
SADDLE = ("saddle_numbness", "cannot_pass_urine", "urine_leaks", "bowel_leaks", "sexual_numbness")
PATIENTS = [
    {},
    {"age": 34, "sex": "male", "worse_bending": "yes", "fever": "no", "saddle_numbness": "no"},
    {"age": 58, "sex": "female", "duration": 10, "worst_place": "middle_low"},
]


def test_the_card_counts_what_there_is() -> None:
    kinds = [finding.kind for finding in NETWORK.findings.values()]
    assert f"{kinds.count('history')} questions of history, {kinds.count('exam')} of the examination" in CARD
    assert f"age, sex and {len(NETWORK.risk_factors) - 2} other risk factors" in CARD
    assert f"| {len(NETWORK.red_flags)} combinations of answers" in CARD
    assert (len(NETWORK.conditions), len(NETWORK.signs)) == (15, 12)


def test_the_card_tells_the_grades() -> None:
    grades = REPORT.grades
    assert f"{grades['A']} of grade A (systematic review), {grades['B']} of B" in CARD
    assert f"{grades['C']} of C (recalled)" in CARD
    assert grades["A"] + grades["B"] >= 40


def test_nothing_is_left_unused() -> None:
    assert not any(REPORT.unused.values())


def test_what_must_not_be_missed_has_a_limit_above_its_base_rate() -> None:
    assert {name for name, condition in NETWORK.conditions.items() if condition.must_not_miss} == MUST_NOT_MISS
    for name in MUST_NOT_MISS:
        condition = NETWORK.conditions[name]
        for setting in NETWORK.settings:
            assert condition.base_rate_in(setting) < condition.limit.value


@pytest.mark.parametrize("setting", NETWORK.settings)
@pytest.mark.parametrize("patient", PATIENTS)
def test_who_has_no_warning_sign_is_not_alarmed(setting: str, patient: dict[str, object]) -> None:
    diagnosis = Engine(NETWORK, setting).diagnose(patient)
    assert diagnosis.triage.level in HARMLESS
    assert not diagnosis.not_ruled_out


@pytest.mark.parametrize("setting", NETWORK.settings)
@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("age", [20, 40, 55, 65, 75, 85])
def test_age_and_sex_alone_are_no_emergency_and_alarm_the_old_in_a_department_only(
    setting: str, sex: str, age: int
) -> None:
    level = Engine(NETWORK, setting).diagnose({"age": age, "sex": sex}).triage.level
    old = setting == "emergency" and age > 70
    assert level == ({"female": "urgent", "male": "same_day"}[sex] if old else "self_care")


@pytest.mark.parametrize("finding", SADDLE)
@pytest.mark.parametrize("setting", NETWORK.settings)
def test_nerves_of_the_saddle_are_an_emergency_alone(setting: str, finding: str) -> None:
    assert Engine(NETWORK, setting).diagnose({finding: "yes"}).triage.level == "emergency"


def test_a_flag_is_raised_by_the_first_answers_that_it_names() -> None:
    for name, flag in NETWORK.red_flags.items():
        answers = {finding: states[0] for line in flag.when for finding, states in [next(iter(line.items()))]}
        assert name in {raised.id for raised in red_flags(NETWORK, check_evidence(NETWORK, answers))}


def test_typical_and_hard_patients_come_out_as_expected() -> None:
    tests = read_expected_results(FOLDER, NETWORK)
    assert f"{len(tests)} of {len(tests)} as expected" in CARD
    assert list(failed_tests(NETWORK, tests)) == []
    told = {name for test in tests if test.id.startswith("hard") for name in test.not_ruled_out}
    assert told == MUST_NOT_MISS


def test_published_patients_are_told_as_they_come_out() -> None:
    evaluation = evaluate(NETWORK, read_labelled(FOLDER / "cases", NETWORK), rounds=0)
    assert len(evaluation.results) == CASES
    engine = evaluation.engine
    found = re.search(r"leads in (\d+) % \(\d+-\d+\) and is among the first three in (\d+) %", CARD)
    assert found
    assert (round(100 * engine.top1.value), round(100 * engine.top3.value)) == tuple(map(int, found.groups()))
    assert f"Triage is too low in {round(100 * engine.under_triage.value)} %" in CARD
