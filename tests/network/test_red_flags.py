"""Red flags of the network posterior_knee: who raises each, who does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.triage import red_flags
from bayesknee.knowledge.model import LEVELS, RedFlag
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.patient.evidence import check_evidence
from bayesknee.patient.unsure_answers import probably

NETWORK = load_network("posterior_knee")
RED_FLAGS: Mapping[str, Mapping[str, object]] = {
    "swollen_calf_with_clot_risk": {"calf_swollen": "yes", "recent_operation": "yes"},
    "pregnant_with_leg_signs": {"pregnancy_or_birth": "yes", "calf_swollen": "yes"},
    "clot_seen": {"ultrasound_vein_not_compressible": "yes"},
    "breathless_or_chest_pain": {"breathless": "yes"},
    "foot_cold_at_rest": {"foot_cold_at_rest": "yes"},
    "foot_turns_cold_on_effort": {"foot_cold_on_effort": "yes"},
    "lost_pulse": {"foot_pulses": "weak"},
    "low_flow_with_rest_pain_or_sore": {"foot_pulses": "weak", "rest_pain": "yes"},
    "artery_blocked_new": {"artery_scan": "blocked", "duration": "under_one_week", "onset": "sudden_no_injury"},
    "lost_pulse_after_injury": {"foot_pulses": "not_felt", "onset": "sudden_injury"},
    "weak_pulse_after_violent_injury": {"foot_pulses": "weak", "violent_injury": "yes"},
    "knee_out_of_joint": {"knee_out_of_joint": "yes", "duration": "under_one_week"},
    "unstable_after_blow": {"violent_injury": "yes", "posterior_drawer": "yes", "duration": "under_one_week"},
    "several_ligaments_loose": {"posterior_drawer": "yes", "sideways_laxity": "inner", "duration": "under_one_week"},
    "foot_drop": {"foot_drop": "yes"},
    "foot_drop_new_or_growing": {"foot_drop": "yes", "weakness_growing": "yes"},
    "cauda_equina": {"bladder_trouble": "yes"},
    "back_pain_with_both_legs": {"back_or_buttock_pain": "yes", "both_legs": "yes", "foot_drop": "yes"},
    "young_bone_swelling": {"age": "age_12_17", "one_side_thicker": "yes"},
    "young_bone_pain": {"age": "age_12_17", "bone_tenderness": "yes", "night_pain": "yes"},
    "young_knee_pain_for_weeks": {"age": "age_12_17", "duration": "three_to_six_weeks", "knee_swelling": "yes"},
    "young_adult_night_pain": {
        "age": "age_18_29",
        "duration": "three_to_six_weeks",
        "night_pain": "yes",
        "knee_swelling": "yes",
    },
    "hip_in_the_young": {"age": "age_12_17", "hip_turning_in": "yes", "limp": "yes"},
    "growing_or_large_lump": {"lump_growing": "yes"},
    "growing_lump_under_25": {"age": "age_12_17", "lump_growing": "yes"},
    "solid_mass_on_imaging": {"ultrasound_solid_mass": "yes"},
    "night_pain_with_weight_loss": {"night_pain": "yes", "weight_loss": "without_trying"},
    "bone_pain_growing_at_night": {"bone_sore_to_press": "yes", "night_pain": "yes", "rest_pain": "yes"},
    "bone_pain_from_60": {
        "age": "age_60_74",
        "bone_sore_to_press": "yes",
        "night_pain": "yes",
        "duration": "three_to_six_weeks",
    },
    "hot_joint": {"knee_hot": "yes", "knee_swelling": "yes", "duration": "under_one_week"},
    "hot_joint_with_fever": {"knee_hot": "yes", "fever": "yes"},
    "swollen_joint_at_risk": {"joint_procedure": "needle", "knee_hot": "yes", "knee_swelling": "yes"},
    "cloudy_joint_fluid": {"joint_fluid": "cloudy"},
    "bloody_fluid_with_fat": {"joint_fluid": "bloody_with_fat"},
    "red_leg_with_illness": {"redness_spreading": "yes", "shaking_chills": "yes"},
    "red_leg_spreading": {"leg_red": "yes", "fever": "yes"},
    "surface_vein_clot_long_or_near": {"cord_extent": "over_5_cm"},
    "surface_vein_clot_with_swelling": {"tender_cord": "yes", "calf_swollen": "yes"},
    "pulsating_lump": {"lump_pulsating": "yes"},
    "aneurysm_with_leg_trouble": {"known_aneurysm": "yes", "foot_cold_at_rest": "yes"},
    "knee_stuck": {"knee_stuck_now": "yes"},
    "tight_calf_after_injury": {"calf_firmness": "hard_as_wood", "pain_moving_toes": "yes", "onset": "sudden_injury"},
    "tight_calf_told": {
        "calf_tight_spasm": "yes",
        "pain_score": "severe",
        "rest_pain": "yes",
        "onset": "sudden_injury",
        "duration": "under_one_week",
    },
    "tendon_torn_off": {"tendon_gap": "yes"},
    "ottawa_knee": {"onset": "sudden_injury", "walking": "cannot_take_four_steps", "duration": "under_one_week"},
    "fracture_seen": {"xray_fracture": "back_edge"},
    "known_malignancy_new_bone_pain": {"cancer": "active", "bone_sore_to_press": "yes"},
    "quinolone_with_tendon_pain": {"fluoroquinolone": "yes", "sore_tendon_cord": "yes"},
    "calf_bleeding_on_blood_thinner": {"blood_thinner": "yes", "calf_swollen": "yes", "bruising": "yes"},
}


def test_every_red_flag_has_a_patient_and_a_source() -> None:
    assert set(RED_FLAGS) == set(NETWORK.red_flags)
    assert len(RED_FLAGS) >= 12
    assert all(flag.source in NETWORK.references or flag.note for flag in NETWORK.red_flags.values())


@pytest.mark.parametrize("flag", RED_FLAGS)
def test_red_flag(flag: str) -> None:
    answers = RED_FLAGS[flag]
    found = Engine(NETWORK).diagnose(answers).triage
    assert flag in [each.id for each in found.red_flags]
    assert LEVELS.index(found.level) <= LEVELS.index(NETWORK.red_flags[flag].level)
    for left_out in answers:
        fewer = {name: answer for name, answer in answers.items() if name != left_out}
        assert flag not in [each.id for each in Engine(NETWORK).diagnose(fewer).triage.red_flags]


def each_way(flag: RedFlag) -> Iterator[dict[str, str]]:
    """All ways to raise a red flag by one alarming answer for each of its lines."""
    lines = [[(name, state) for name, states in line.items() for state in states] for line in flag.when]
    for answers in product(*lines):
        if all(dict(answers)[name] == state for name, state in answers):
            yield dict(answers)


def with_another(answers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The same, but one of them: not known, or another state."""
    for name, state in answers.items():
        for other in {UNKNOWN, *NETWORK.states[name]} - {state}:
            if not contradictory(changed := {**answers, name: other}):
                yield changed


def contradictory(answers: Mapping[str, str]) -> bool:
    """Whether one says that another is not asked, as of a leg that is not red whether its redness spreads."""
    return any(
        answers.get(gate, states[0]) not in (UNKNOWN, *states)
        for name, state in answers.items()
        if state != UNKNOWN
        for gate, states in NETWORK.questions[name].only_if.items()
    )


def holds(flag: RedFlag, answers: Mapping[str, str]) -> bool:
    """Whether each line has an alarming answer; "not spreading" says that the leg is red."""
    gates = [NETWORK.questions[name].only_if for name, state in answers.items() if state != UNKNOWN]
    implied = {name: states[0] for gate in gates for name, states in gate.items() if len(states) == 1}
    told = {**implied, **answers}
    return all(any(told.get(name) in states for name, states in line.items()) for line in flag.when)


@pytest.mark.parametrize("flag", NETWORK.red_flags.values(), ids=list(NETWORK.red_flags))
def test_each_way_to_raise_a_red_flag_sure_or_not(flag: RedFlag) -> None:
    for way in each_way(flag):
        assert holds(flag, way)
        for answers in [way, *with_another(way)]:
            unsure = {
                name: state if state == UNKNOWN else probably(NETWORK, name, state) for name, state in answers.items()
            }
            for given in (answers, unsure):
                raised = [each.id for each in red_flags(NETWORK, check_evidence(NETWORK, given))]
                assert (flag.id in raised) == holds(flag, answers), given


def test_denials_raise_no_red_flag() -> None:
    denied = {name: "no" for name, states in NETWORK.states.items() if "no" in states and name not in NETWORK.gated}
    denied = {name: state for name, state in denied.items() if name not in NETWORK.conditions}
    assert Engine(NETWORK).diagnose(denied).triage.red_flags == ()


@pytest.mark.parametrize("setting", NETWORK.settings)
def test_with_no_answers_nobody_is_an_emergency(setting: str) -> None:
    assert Engine(NETWORK, setting).diagnose().triage.level in {"routine", "self_care"}


CLOT = {"age": 68, "recent_operation": "yes", "calf_swollen": "yes", "duration": 3}


def test_a_clot_calls_for_a_blood_test_before_it_calls_for_a_scan() -> None:
    engine = Engine(NETWORK)
    (reason, *_) = engine.diagnose({"age": 50, "calf_swollen": "yes"}).triage.decisive
    assert (reason.level, reason.text.partition(": ")[2]) == ("same_day", "a blood test (D-dimer) today")
    (reason, *_) = engine.diagnose(CLOT).triage.decisive
    assert (reason.level, reason.text.partition(": ")[2]) == ("emergency", "a scan of the leg veins today")


def test_a_negative_scan_and_d_dimer_set_the_clot_flag_aside_and_say_so() -> None:
    excluded = {**CLOT, "ultrasound_vein_not_compressible": "no", "d_dimer": "normal"}
    found = Engine(NETWORK).diagnose(excluded).triage
    assert [flag.id for flag in found.set_aside] == ["swollen_calf_with_clot_risk"]
    assert not found.red_flags
    assert found.level not in {"emergency", "same_day"}


@pytest.mark.parametrize("scan", ["unknown", {"no": 0.95, "yes": 0.05}])
def test_a_scan_that_is_unknown_or_unsure_sets_nothing_aside(scan: object) -> None:
    answers = {**CLOT, "ultrasound_vein_not_compressible": scan, "d_dimer": "normal"}
    found = Engine(NETWORK).diagnose(answers).triage
    assert not found.set_aside
    assert [flag.id for flag in found.red_flags] == ["swollen_calf_with_clot_risk"]
