"""What the network posterior_knee promises: its size, its base rates, its sources, and what it must not claim."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

from bayesknee import Engine, load_network
from bayesknee.authoring import report
from bayesknee.cohort import read_labelled
from bayesknee.knowledge.library import networks_folder
from bayesknee.knowledge.model import LEVELS, Condition, NoisyOr, Reading
from bayesknee.patient.askable import askable
from bayesknee.patient.evidence import check_evidence

NETWORK = load_network("posterior_knee")
REPORT = report(NETWORK, samples=1)
CLOT = "deep_vein_thrombosis"
NO_YES = {"no", "yes"}
TUMOURS = {"bone_sarcoma", "soft_tissue_sarcoma", "benign_tumour"}
CONDITIONS = {
    "hamstring_tendonitis",
    "bakers_cyst",
    "meniscus_tear",
    "gastrocnemius_tendonitis",
    "pcl_injury",
    CLOT,
    "popliteal_artery_entrapment",
    "peroneal_nerve_entrapment",
    "knee_osteoarthritis",
    "bone_sarcoma",
    "soft_tissue_sarcoma",
    "benign_tumour",
    "lumbar_radiculopathy",
    "patellofemoral_pain",
    "inflammatory_arthritis",
    "peripheral_artery_disease",
    "popliteal_artery_aneurysm",
    "joint_infection",
    "cellulitis",
    "superficial_vein_thrombosis",
    "fracture",
    "acl_injury",
    "posterolateral_corner_injury",
    "exertional_compartment_syndrome",
    "acute_compartment_syndrome",
    "popliteus_tendinopathy",
    "other_cause",
}


class Fact(NamedTuple):
    """Something that the two source texts say, the question that asks for it, and a word that question must hold."""

    text: str
    asks: str
    word: str


FACTS = [
    Fact("distance runners and road racers", "sport", "sport"),
    Fact("sport beyond one's limits, overuse", "training_load_jump", "train"),
    Fact("no stretching, warm-up or cool-down", "no_warm_up", "warm-up"),
    Fact("poor footwear", "poor_footwear", "shoes"),
    Fact("earlier hamstring injury", "previous_hamstring_injury", "hamstring"),
    Fact("weak gluteals", "weak_gluteals", "pelvis"),
    Fact("stiff or sore at the start of a run, eases after minutes", "eases_once_warm", "start a run"),
    Fact("a swollen lump", "lump_noticed", "lump"),
    Fact("like a water balloon", "lump_water_balloon", "water balloon"),
    Fact("pain on bending", "pain_bending", "bend"),
    Fact("pain on straightening", "pain_straightening", "straighten"),
    Fact("tightness", "tight_behind_knee", "tight"),
    Fact("comes back with arthritis", "known_knee_osteoarthritis", "osteoarthritis"),
    Fact("comes back with arthritis", "known_inflammatory_arthritis", "rheumatoid"),
    Fact("sudden fall or twist", "twist_injury", "twist"),
    Fact("sudden fall or twist", "onset", "fall"),
    Fact("wear with age", "age", "old"),
    Fact("minor swelling, better in two to three weeks", "swelling_settles", "two or three weeks"),
    Fact("hard to walk", "walking", "walking"),
    Fact("wobbly, gives way", "giving_way", "give way"),
    Fact("locks", "locking", "lock"),
    Fact("easily re-injured", "earlier_knee_injury", "before"),
    Fact("MRI tells severity", "mri_meniscus_tear", "mri"),
    Fact("saddle too high or too far back", "bike_fit_problem", "saddle"),
    Fact("heavy climbing or uphill running", "hill_work", "uphill"),
    Fact("strain when the knee is straight and the toes point up", "pain_toes_up", "toes"),
    Fact("pain behind the knee after injury", "dashboard_injury", "blow"),
    Fact("a clot looks like a Baker's cyst", "calf_swollen", "swollen"),
    Fact("pain even with no weight on the knee", "pain_without_weight", "no weight"),
    Fact("trouble bending", "cannot_bend", "right angle"),
    Fact("enlarged calf muscles", "muscular_calves", "calf muscles"),
    Fact("restricted blood flow: spasm", "calf_tight_spasm", "cramp"),
    Fact("restricted blood flow: cold", "foot_cold_on_effort", "cold"),
    Fact("restricted blood flow: tingling", "tingling_on_exertion", "tingle"),
    Fact("shooting, severe pain while running", "shooting_pain_running", "shooting"),
    Fact("losing weight if overweight", "obesity", "body mass index"),
]


COMMON_FACTS = [
    Fact("a lump that is not behind the knee", "lump_elsewhere", "thigh"),
    Fact("a mass felt, not behind the knee", "mass_elsewhere_palpable", "side of the knee"),
    Fact("a firm mass anywhere", "hard_mass", "anywhere"),
    Fact("a fluctuant swelling in the calf", "soft_fluctuant_mass", "calf"),
    Fact("calf tender, place not told", "calf_tender", "not told"),
    Fact("calf swollen, not measured", "calf_swollen_on_exam", "no tape"),
    Fact("tense or firm calf", "calf_firmness", "firm"),
    Fact("lower leg swollen", "calf_swollen", "lower leg"),
    Fact("a complaint without pain", "onset", "weakness"),
    Fact("a complaint without pain", "duration", "trouble"),
    Fact("a number of weeks or months", "duration", "days, weeks or months"),
    Fact("a pop in the knee", "pop_felt", "knee"),
    Fact("numb heel", "numb_calf_or_sole", "heel"),
    Fact("less feeling in the sole", "sensation_calf_or_sole_reduced", "sole"),
    Fact("numb front of the shin", "numb_top_of_foot", "shin"),
    Fact("weak push of the foot", "weak_plantarflexion_or_inversion", "down"),
    Fact("weak turning out of the foot", "weak_dorsiflexion", "outwards"),
    Fact("full strength of the knee", "leg_weakness_on_exam", "5/5"),
    Fact("symptoms only after exercise", "symptoms_only_after_exercise", "right after exercise"),
    Fact("running reproduces the pain", "exercise_brings_on_calf_pain", "run"),
    Fact("numb calf on driving", "tingling_on_exertion", "driving"),
    Fact("returned after time off", "came_back_after_rest", "time off"),
    Fact("sudden worsening", "sudden_worsening", "all at once"),
    Fact("tender outer edge or fabella", "tender_popliteal_fossa", "fabella"),
    Fact("no hip pain", "hip_or_groin_pain", "hip"),
    Fact("snapping tendon", "snapping_tendon", "snap"),
    Fact("seen on standing", "popliteal_mass_palpable", "standing"),
    Fact("pivot shift", "pivot_shift", "jump"),
    Fact("eased within minutes", "eases_with_rest", "minutes"),
    Fact("stiff calf in the morning", "morning_stiffness", "calf"),
    Fact("swollen at first, since settled", "knee_swelling", "since this began"),
    Fact("the knock was the injury", "knock_before", "the injury itself"),
]
"""What published cases state often: each must find a question that holds it."""

NO_INJURY = ["twist_injury", "dashboard_injury", "road_accident", "hyperextension_injury", "knock_before"]
CASES = sorted((networks_folder() / "posterior_knee" / "cases").rglob("*.jsonl"))

STIFF_JOINT = {"cannot_straighten": "yes", "cannot_bend": "yes", "range_of_movement": "loses_both"}


@cache
def engine(setting: str) -> Engine:
    return Engine(NETWORK, setting)


def chance(condition: str, evidence: Mapping[str, object], setting: str = "primary_care") -> float:
    return engine(setting).diagnose(evidence).posterior[condition]


def odds_factor(condition: str, evidence: Mapping[str, object]) -> float:
    """By how much the evidence multiplies the odds of the condition."""
    before, after = chance(condition, {}), chance(condition, evidence)
    return after / (1 - after) / (before / (1 - before))


def is_reading(model: object, sign: str) -> bool:
    return isinstance(model, Reading) and model.sign == sign


def answers_on(sign: str) -> dict[str, str]:
    """Every yes-or-no finding that hangs on the sign, answered yes."""
    return {
        name: "yes"
        for name, finding in NETWORK.findings.items()
        if set(finding.states) == NO_YES
        and ((isinstance(finding.model, NoisyOr) and sign in finding.model.causes) or is_reading(finding.model, sign))
    }


# --- what it holds ---------------------------------------------------------------------------------------------------


def test_settings_conditions_and_group() -> None:
    assert list(NETWORK.settings) == ["primary_care", "sports_clinic", "emergency", "referral"]
    assert set(NETWORK.conditions) == CONDITIONS
    assert NETWORK.catch_all == "other_cause"
    assert set(NETWORK.groups["tumour"].members) == TUMOURS
    assert set(NETWORK.groups["clot_or_tumour"].members) == {CLOT, *TUMOURS}


def test_at_most_three_causes_at_once_in_45_forms() -> None:
    assert NETWORK.most_causes == 3
    assert sum(len(condition.forms) or 1 for condition in NETWORK.conditions.values()) == 45


@pytest.mark.parametrize("setting", NETWORK.settings)
def test_base_rates_sum_to_the_causes_that_published_patients_have(setting: str) -> None:
    rates = {name: condition.base_rate_in(setting) for name, condition in NETWORK.conditions.items()}
    assert sum(rates.values()) == pytest.approx(1.1, abs=0.01)
    assert rates["other_cause"] <= 0.12


@pytest.mark.parametrize(("part", "least"), [("signs", 40), ("history", 160), ("exam", 80), ("test", 45)])
def test_size(part: str, least: int) -> None:
    assert REPORT.counts[part] >= least


def test_numbers_from_papers() -> None:
    assert REPORT.grades["A"] + REPORT.grades["B"] >= 180


@pytest.mark.parametrize("part", ["references", "signs", "topics"])
def test_nothing_is_unused(part: str) -> None:
    assert not REPORT.unused[part]


@pytest.mark.parametrize("condition", NETWORK.conditions.values(), ids=lambda condition: condition.id)
def test_condition_is_described(condition: Condition) -> None:
    assert condition.description
    assert condition.what_helps
    assert condition.icd10
    assert condition.level in LEVELS
    assert 0 < condition.limit.value < 1


def test_every_question_ends_as_one() -> None:
    assert not [name for name, question in NETWORK.questions.items() if not question.question.rstrip().endswith("?")]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.text}: {fact.asks}")
def test_source_texts_can_be_asked(fact: Fact) -> None:
    asked = NETWORK.questions[fact.asks]
    assert fact.word in f"{asked.question} {asked.help}".lower()


@pytest.mark.parametrize("fact", COMMON_FACTS, ids=lambda fact: f"{fact.text}: {fact.asks}")
def test_common_facts_have_a_home(fact: Fact) -> None:
    asked = NETWORK.questions[fact.asks]
    assert fact.word in f"{asked.question} {asked.help}".lower()


@pytest.mark.parametrize("file", CASES, ids=lambda path: path.parent.name)
def test_cases_of_both_coders_are_taken(file: Path) -> None:
    cases = read_labelled(file, NETWORK)
    assert len({case.id for case in cases}) == 186


# --- what it says ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", NETWORK.settings)
def test_marginals_are_the_base_rates(setting: str) -> None:
    for name, probability in engine(setting).diagnose().posterior.items():
        assert math.isclose(probability, NETWORK.conditions[name].base_rate_in(setting), abs_tol=1e-9)


@pytest.mark.parametrize("finding", ["calf_swollen", "calf_swollen_on_exam"])
@pytest.mark.parametrize(("setting", "age"), list(product(NETWORK.settings, [30, 55, 80])))
def test_cyst_on_ultrasound_leaves_half_of_a_clot_and_never_adds_to_it(setting: str, age: int, finding: str) -> None:
    """Cysts are as frequent with a clot as without one (Labropoulos 2004); causes of one complaint compete."""
    swollen = {"age": age, finding: "yes"}
    with_cyst = chance(CLOT, {**swollen, "ultrasound_popliteal_cyst": "yes"}, setting)
    assert 0.45 <= with_cyst / chance(CLOT, swollen, setting) <= 1.0


@pytest.mark.parametrize(
    ("condition", "sign", "fewest"),
    [
        (CLOT, "calf_swelling", 5),
        (CLOT, "whole_leg_swelling", 2),
        (CLOT, "sore_calf", 2),
        ("meniscus_tear", "meniscal_irritation", 5),
        ("popliteal_artery_entrapment", "exertional_calf_pain", 2),
        ("pcl_injury", "shin_driven_back", 2),
        ("peroneal_nerve_entrapment", "peroneal_nerve_deficit", 3),
        ("soft_tissue_sarcoma", "mass_elsewhere", 2),
        ("soft_tissue_sarcoma", "solid_lesion", 5),
        ("joint_infection", "hot_joint", 3),
        ("peripheral_artery_disease", "artery_disease", 5),
    ],
)
def test_agreeing_answers_are_not_independent_votes(condition: str, sign: str, fewest: int) -> None:
    """All answers about one state together move the odds by much less than the product of what each moves alone."""
    answers = answers_on(sign)
    assert len(answers) >= fewest
    alone = math.prod(odds_factor(condition, {name: answer}) for name, answer in answers.items())
    assert 1 < odds_factor(condition, answers) < 0.7 * alone


def test_signs_of_swelling_count_as_little_more_than_one() -> None:
    answers = answers_on("calf_swelling")
    strongest = max(odds_factor(CLOT, {name: "yes"}) for name in answers)
    assert odds_factor(CLOT, answers) < 3 * strongest


@pytest.mark.parametrize("setting", NETWORK.settings)
@pytest.mark.parametrize("onset", ["gradual", "sudden_no_injury"])
def test_no_injury_said_six_times_makes_nothing_else_much_likelier(setting: str, onset: str) -> None:
    """Who says that there was no injury denies five questions more, which overlap with how it began."""
    answers = {"onset": onset, **dict.fromkeys(NO_INJURY, "no")}
    for name in NETWORK.conditions:
        once, often = (chance(name, each, setting) for each in ({"onset": onset}, answers))
        factor = often / (1 - often) / (once / (1 - once))
        assert factor < 1.35, name


def test_every_yes_or_no_question_to_the_patient_stands_in_one_list_to_tick() -> None:
    assert sorted(listed_of("patient")) == sorted(plain_of("patient"))
    later = [group for name, group in NETWORK.opening.tick_all.items() if name not in NETWORK.opening.questions]
    assert all(group.topic and 2 <= len(group.members) <= 18 for group in later)


def test_every_yes_or_no_finding_of_the_examination_stands_in_one_list_of_its_topic() -> None:
    assert sorted(listed_of("clinician")) == sorted(plain_of("clinician"))
    for group in NETWORK.opening.tick_all.values():
        who = {NETWORK.questions[name].asked_of for name in group.members}
        assert len(who) == 1
        if who == {"clinician"}:
            assert {NETWORK.questions[name].topic for name in group.members} == {group.topic}


def listed_of(who: str) -> list[str]:
    listed = [name for group in NETWORK.opening.tick_all.values() for name in group.members]
    return [name for name in listed if NETWORK.questions[name].asked_of == who]


def plain_of(who: str) -> list[str]:
    return [name for name, each in NETWORK.questions.items() if each.asked_of == who and set(each.states) == NO_YES]


def test_a_man_is_not_asked_about_oestrogen_and_a_knee_without_a_lump_not_about_one() -> None:
    man = check_evidence(NETWORK, {"sex": "male"})
    assert askable(NETWORK, man, ["oestrogen"]) == ()
    assert askable(NETWORK, check_evidence(NETWORK, {}), ["oestrogen"]) == ("oestrogen",)
    lump = NETWORK.opening.tick_all["feeling_the_lump"].members
    assert askable(NETWORK, man, lump) == ()
    assert askable(NETWORK, check_evidence(NETWORK, {"popliteal_mass_palpable": "yes"}), lump) == lump


def test_a_man_who_was_not_asked_about_oestrogen_is_at_most_a_quarter_likelier_to_have_a_clot() -> None:
    """That he takes none is not entered, for nobody said so; the prior of both sexes stands in."""
    for setting in NETWORK.settings:
        asked, unasked = (
            chance("deep_vein_thrombosis", {"sex": "male", "calf_swollen": "yes", **more}, setting)
            for more in ({"oestrogen": "no", "pregnancy_or_birth": "no"}, {})
        )
        assert 1.0 < unasked / asked < 1.25
