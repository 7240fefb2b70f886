"""What the draft of the next version says of patients that its readers would not forgive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayesknee import Engine, load_network
from bayesknee.display.patient_report import details_of_today, report_of_patient
from bayesknee.display.text import diagnosis_text
from bayesknee.knowledge.model import LEVELS
from tests.support.paths import ROOT

DRAFT = load_network(ROOT / "networks" / "posterior_knee" / "next")
ENGINES = {setting: Engine(DRAFT, setting) for setting in DRAFT.settings}
CLOT = "deep_vein_thrombosis"
WOMAN_OF_68 = {"age": 68, "sex": "female", "recent_operation": "yes", "calf_swollen": "yes", "duration": 3}
PATIENTS = yaml.safe_load(Path(__file__).with_name("draft_patients.yaml").read_text(encoding="utf-8"))
NAMED = [(name, number) for name, patients in PATIENTS.items() for number in range(len(patients))]
MOST_DECIBANS = 6.0  # what the denials of one list may do to a clot; a factor of 4 in its odds


def decibans(probability: float) -> float:
    return 10.0 * math.log10(probability / (1.0 - probability))


@pytest.mark.parametrize("setting", DRAFT.settings)
def test_nobody_is_an_emergency_without_answers(setting: str) -> None:
    assert ENGINES[setting].diagnose({}).triage.level in {"routine", "self_care"}


def test_a_footballer_of_15_with_months_of_pain_gets_an_x_ray_within_days() -> None:
    footballer = {"age": 15, "sport": "pivoting", "worse_with_activity": "yes", "duration": 120}
    diagnosis = ENGINES["primary_care"].diagnose({**footballer, "knee_swelling": "yes", "limp": "yes"})
    assert diagnosis.triage.level == "urgent"
    assert "red_flag" in {reason.kind for reason in diagnosis.triage.reasons if reason.level == "urgent"}
    assert "bone_sarcoma" in [cause.condition for cause in diagnosis.result.causes][:5]


def test_a_swollen_calf_after_a_new_hip_is_an_emergency() -> None:
    diagnosis = ENGINES["primary_care"].diagnose(WOMAN_OF_68)
    assert diagnosis.posterior[CLOT] > 0.4
    assert diagnosis.triage.level == "emergency"


def test_general_advice_is_told_where_the_level_allows_it() -> None:
    engine = ENGINES["primary_care"]
    calm = engine.diagnose({"age": 55, "known_knee_osteoarthritis": "yes", "lump_noticed": "yes"})
    told = diagnosis_text(calm)
    assert "Tai chi" in told
    assert "Advised against:" in told
    assert calm.result.general_advice == tuple(DRAFT.general_advice)
    assert "Tai chi" in calm._repr_html_()
    assert "Tai chi" in report_of_patient(calm, details_of_today(calm))
    urgent = engine.diagnose(WOMAN_OF_68)
    assert urgent.result.general_advice == ()
    assert "Tai chi" not in diagnosis_text(urgent)
    assert engine.diagnose({}).result.general_advice == ()


def test_a_negative_scan_and_d_dimer_set_the_flag_aside_and_say_so() -> None:
    tests = {"ultrasound_vein_not_compressible": "no", "d_dimer": "normal"}
    diagnosis = ENGINES["primary_care"].diagnose({**WOMAN_OF_68, **tests})
    assert diagnosis.posterior[CLOT] < 0.02
    assert diagnosis.triage.level not in {"emergency", "same_day"}
    assert [warning.kind for warning in diagnosis.warnings].count("set_aside") == 1


def test_a_cyst_that_is_seen_does_not_lift_a_clot() -> None:
    seen = {"ultrasound_popliteal_cyst": "yes"}
    engine = ENGINES["primary_care"]
    assert engine.diagnose({"age": 50, **seen}).posterior[CLOT] <= engine.diagnose({"age": 50}).posterior[CLOT]


@pytest.mark.parametrize("setting", ["primary_care", "emergency"])
@pytest.mark.parametrize("known", [{"age": 68, "worst_area": "calf"}, {"age": 45}, {"age": 25, "sport": "running"}])
def test_denying_all_of_a_list_does_not_make_a_clot(setting: str, known: dict[str, object]) -> None:
    engine = ENGINES[setting]
    before = decibans(engine.diagnose(known).posterior[CLOT])
    for question in DRAFT.opening.tick_all.values():
        members = [name for name in question.members if not DRAFT.questions[name].only_if]
        denied = engine.diagnose({**known, **dict.fromkeys(members, "no")})
        assert decibans(denied.posterior[CLOT]) - before <= MOST_DECIBANS, question.id


def test_each_condition_has_three_typical_patients_and_a_hard_one() -> None:
    assert set(PATIENTS) == set(DRAFT.conditions)
    assert {tuple(["hard" in patient for patient in patients]) for patients in PATIENTS.values()} == {
        (False, False, False, True)
    }


@pytest.mark.parametrize(("condition", "number"), NAMED)
def test_patient(condition: str, number: int) -> None:
    patient: Mapping[str, Any] = PATIENTS[condition][number]
    diagnosis = ENGINES[patient["setting"]].diagnose(patient["evidence"])
    most = int(patient.get("among", 3 if "hard" in patient else 1))
    assert condition in list(diagnosis.posterior)[:most], dict(list(diagnosis.posterior.items())[:5])
    assert LEVELS.index(diagnosis.triage.level) <= LEVELS.index(patient.get("level", LEVELS[-1]))
