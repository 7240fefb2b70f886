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
    "swollen_calf_with_clot_risk": {"calf_swollen": "yes", "leg_cast": "yes"},
    "clot_seen": {"ultrasound_vein_not_compressible": "yes"},
    "breathless_with_leg_signs": {"breathless_or_chest_pain": "yes", "calf_swollen": "yes"},
    "breathless_or_chest_pain": {"breathless_or_chest_pain": "yes"},
    "cold_or_pale_foot": {"cold_pale_foot_on_exam": "yes"},
    "foot_turns_cold_with_numbness": {"foot_turns_cold_or_pale": "yes", "numb_calf_or_sole": "yes"},
    "foot_turns_cold_on_effort": {"foot_turns_cold_or_pale": "yes"},
    "lost_pulse": {"foot_pulses_weak": "yes"},
    "lost_pulse_after_injury": {"foot_pulses_weak": "yes", "dashboard_injury": "yes"},
    "foot_drop": {"foot_drop": "yes"},
    "bladder_or_saddle": {"bladder_or_saddle_trouble": "yes"},
    "growing_or_large_lump": {"lump_over_5cm": "yes"},
    "solid_mass_on_imaging": {"mri_solid_mass": "yes"},
    "night_pain_with_weight_loss": {"night_pain": "yes", "recent_weight_loss": "yes"},
    "night_pain_while_growing": {"age": 15, "night_pain": "yes"},
    "hot_joint_with_fever": {"knee_hot": "yes", "fever": "yes"},
    "pulsating_lump": {"lump_pulsating": "yes"},
    "locked_knee": {"locking": "yes", "cannot_straighten": "yes"},
    "tight_calf_after_injury": {"calf_tense_at_rest": "yes", "severe_pain": "yes"},
    "tight_calf_told": {"calf_tight_spasm": "yes", "severe_pain": "yes", "rest_pain": "yes", "knock_before": "yes"},
    "unstable_after_blow": {"road_accident": "yes", "giving_way": "yes"},
    "tendon_torn_off": {"tendon_gap": "yes"},
    "cannot_bear_weight_after_injury": {"walking": "cannot_bear_weight", "onset": "sudden_injury"},
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
            yield {**answers, name: other}


def holds(flag: RedFlag, answers: Mapping[str, str]) -> bool:
    return all(any(answers.get(name) in states for name, states in line.items()) for line in flag.when)


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


CLOT = {"age": 68, "recent_surgery_or_immobilisation": "yes", "calf_swollen": "yes"}


def test_a_clot_calls_for_a_blood_test_before_it_calls_for_a_scan() -> None:
    engine = Engine(NETWORK)
    (reason, *_) = engine.diagnose({"age": 50, "calf_swollen": "yes"}).triage.decisive
    assert (reason.level, reason.text.partition(": ")[2]) == ("same_day", "a blood test (D-dimer) today")
    (reason, *_) = engine.diagnose(CLOT).triage.decisive
    assert (reason.level, reason.text.partition(": ")[2]) == ("emergency", "a scan of the leg veins today")


def test_a_negative_scan_and_d_dimer_set_the_clot_flag_aside_and_say_so() -> None:
    excluded = {**CLOT, "ultrasound_vein_not_compressible": "no", "d_dimer_raised": "no"}
    found = Engine(NETWORK).diagnose(excluded).triage
    assert [flag.id for flag in found.set_aside] == ["swollen_calf_with_clot_risk"]
    assert not found.red_flags
    assert found.level not in {"emergency", "same_day"}


@pytest.mark.parametrize("scan", ["unknown", {"no": 0.95, "yes": 0.05}])
def test_a_scan_that_is_unknown_or_unsure_sets_nothing_aside(scan: object) -> None:
    answers = {**CLOT, "ultrasound_vein_not_compressible": scan, "d_dimer_raised": "no"}
    found = Engine(NETWORK).diagnose(answers).triage
    assert not found.set_aside
    assert [flag.id for flag in found.red_flags] == ["swollen_calf_with_clot_risk"]
