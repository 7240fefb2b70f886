"""What the network posterior_knee must say of patients, and must not: levels, clots, denials, general advice."""

from __future__ import annotations

import math

import pytest

from bayesknee import Engine, load_network
from bayesknee.display.patient_report import details_of_today, report_of_patient
from bayesknee.display.text import diagnosis_text

NETWORK = load_network("posterior_knee")
ENGINES = {setting: Engine(NETWORK, setting) for setting in NETWORK.settings}
CLOT = "deep_vein_thrombosis"
WOMAN_OF_68 = {"age": 68, "sex": "female", "recent_operation": "yes", "calf_swollen": "yes", "duration": 3}
MOST_DECIBANS = 6.0  # what the denials of one list may do to a clot; a factor of 4 in its odds


def decibans(probability: float) -> float:
    return 10.0 * math.log10(probability / (1.0 - probability))


@pytest.mark.parametrize("setting", NETWORK.settings)
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
    assert calm.result.general_advice == tuple(NETWORK.general_advice)
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
    for question in NETWORK.opening.tick_all.values():
        members = [name for name in question.members if not NETWORK.questions[name].only_if]
        denied = engine.diagnose({**known, **dict.fromkeys(members, "no")})
        assert decibans(denied.posterior[CLOT]) - before <= MOST_DECIBANS, question.id
