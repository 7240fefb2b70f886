"""The result of one patient, put together once: by hand, and against what it is put together from."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import chain
from typing import Final

import pytest

from bayesknee import Engine, load_network
from bayesknee.diagnosis.explaining.patient_warnings import PatientWarning
from bayesknee.diagnosis.result import MOST_CAUSES, WORTH_TELLING, first_two, is_denial, result_of
from bayesknee.diagnosis.wording import (
    denied_text,
    others_text,
    parting_heading,
    parting_text,
    present_text,
    speaking_text,
)
from bayesknee.errors import InferenceError
from bayesknee.knowledge.model import LEVELS
from bayesknee.patient.answer_reader import UNKNOWN
from bayesknee.words import percent
from tests.support.effort import seeds
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.random_networks import seeded_patient

TINY: Final = load_network(NETWORKS / "tiny")
KNEE: Final = load_network(KNEE_11)


def test_by_hand() -> None:
    known = {"pain_on_grip": "yes", "age": 45, "tennis": "no", "onset": "unknown", "fracture": "no"}
    result = Engine(TINY).diagnose(known).result
    assert [cause.condition for cause in result.causes] == ["strain", "other", "infection", "fracture"]
    assert (result.others.conditions, result.others.probability) == ((), 0.0)
    assert [(each.topic, dict(each.answers)) for each in result.present] == [
        ("background", {"age": "under_50"}),
        ("pain", {"pain_on_grip": "yes"}),
    ]
    assert [(each.topic, dict(each.answers)) for each in result.denied] == [
        ("background", {"tennis": "no"}),
        ("", {"fracture": "no"}),
    ]
    assert result.unknown == ("onset",)
    assert result.advice[0] == "strain"


def test_what_speaks_for_and_against_is_what_the_ledger_says() -> None:
    diagnosis = Engine(KNEE).diagnose({"age": 52, "lump_noticed": "yes", "calf_swollen": "no", "fever": "no"})
    for cause in diagnosis.result.causes:
        shares = {entry.finding: entry.share for entry in diagnosis.ledger[cause.condition].entries}
        assert cause.speaks_for is not None
        assert cause.speaks_against is not None
        for speaking, sign in ((cause.speaks_for, 1.0), (cause.speaks_against, -1.0)):
            told = [entry.finding for entry in chain(speaking.present, speaking.denials)]
            assert sorted(told) == sorted(name for name, share in shares.items() if sign * share >= WORTH_TELLING)
            assert not any(is_denial(entry.answer) for entry in speaking.present)
            assert all(is_denial(entry.answer) for entry in speaking.denials)


def test_words_of_what_is_there_and_of_denials() -> None:
    assert present_text(TINY, "pain_on_grip", "yes") == "Pain on grip"
    assert present_text(TINY, "onset", "gradual") == "Onset: gradual"
    assert denied_text(TINY, "pain_on_grip", "no") == "Pain on grip"
    diagnosis = Engine(TINY).diagnose({"pain_on_grip": "yes", "swelling_noticed": "no"})
    speaking = diagnosis.result.causes[0].speaks_for
    assert speaking is not None
    assert speaking_text(TINY, speaking) == "Pain on grip; Swelling: no"
    many = replace(speaking, denials=speaking.denials * 77, more=2)
    assert speaking_text(TINY, many) == "Pain on grip; 2 more; 77 answers no (most: Swelling, Swelling)"


@pytest.mark.parametrize(
    "answers",
    [
        {"fever": "no"},
        {"age": 52, "lump_noticed": "yes", "calf_swollen": "yes"},
        {"tumour": "yes", "locking": "unknown"},
    ],
)
def test_the_rest_together_is_the_probability_of_any_of_them(answers: dict[str, object]) -> None:
    engine = Engine(KNEE)
    diagnosis = engine.diagnose(answers)
    others = diagnosis.result.others
    told = {cause.condition for cause in diagnosis.result.causes}
    assert told | set(others.conditions) == set(KNEE.conditions)
    assert {each.condition for each in diagnosis.not_ruled_out} <= told
    assert len(told) >= MOST_CAUSES
    without = engine.diagnose({**answers, **dict.fromkeys(others.conditions, "no")})
    none_of_them = math.exp(without.log_evidence - diagnosis.log_evidence)
    assert others.probability == pytest.approx(1.0 - none_of_them, abs=1e-9)
    assert others.largest == max(diagnosis.posterior[name] for name in others.conditions)


@pytest.mark.parametrize("seed", seeds(6))
def test_each_answer_stands_in_one_place(seed: int) -> None:
    patient = seeded_patient(seed)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    result, answers = diagnosis.result, diagnosis.evidence.answers
    placed = [name for each in (*result.present, *result.denied) for name in each.answers]
    assert sorted((*placed, *result.unknown)) == sorted(answers)
    assert set(result.unknown) == {name for name, answer in answers.items() if answer == UNKNOWN}
    document = json.loads(json.dumps(diagnosis.to_dict(questions=0)))
    assert [cause["condition"] for cause in document["result"]["causes"]] == [c.condition for c in result.causes]
    assert "result" not in diagnosis.to_dict(questions=0, result=False)


def test_a_ledger_beyond_the_budget_leaves_the_rest() -> None:
    def beyond() -> object:
        raise InferenceError("too much")

    diagnosis = Engine(TINY).diagnose({"pain_on_grip": "yes"})
    warning = PatientWarning("not_checked", "Not checked.")
    result = result_of(diagnosis, beyond, (warning,))  # type: ignore[arg-type]
    assert [(cause.speaks_for, cause.speaks_against) for cause in result.causes] == [(None, None)] * 4
    assert result.warnings == (warning,)
    assert result.decisive is not None


def test_an_approximate_posterior_says_at_most() -> None:
    others = replace(Engine(KNEE).diagnose().result.others, is_bound=True, probability=0.25)
    assert others_text(others) == f"And {len(others.conditions)} more, together at most 25.0 %"
    one = replace(others, conditions=("tumour",), probability=0.00012, is_bound=False)
    assert others_text(one) == "And 1 more, 0.012 %"


def test_where_there_is_no_examination_nothing_is_said_of_one() -> None:
    assert Engine(TINY).diagnose({"effusion_felt": "yes"}).result.decisive is None
    assert Engine(TINY).diagnose({"onset": "fall"}).result.decisive is not None


FOOTBALLER: Final = {
    **dict.fromkeys(("twist_injury", "pop_felt", "knee_swelling", "giving_way"), "yes"),
    **dict.fromkeys(("locking", "fever", "calf_swollen", "lump_noticed"), "no"),
    "age": 23,
    "sex": "male",
    "onset": "sudden_injury",
    "swelling_timing": "within_hours",
}


def test_what_parts_the_first_from_the_second_is_proposed() -> None:
    """Two torn ligaments of a footballer: nothing changes what is done, and a sag and a joint line part the two."""
    diagnosis = Engine(KNEE_11, "sports_clinic").diagnose(FOOTBALLER)
    assert list(diagnosis.posterior)[:2] == ["pcl_injury", "meniscus_tear"]
    parting = [(each.finding, each.about) for each in diagnosis.result.parting]
    assert parting == [("posterior_sag", "pcl_injury"), ("joint_line_tenderness", "meniscus_tear")]
    assert parting_heading(diagnosis) == "What tells Injury of the posterior cruciate ligament from Torn meniscus"
    told = parting_text(diagnosis, diagnosis.result.parting[0])
    assert told.startswith("yes: Injury of the posterior cruciate ligament 99.")
    answered = Engine(KNEE_11, "sports_clinic").diagnose({**FOOTBALLER, "posterior_sag": "yes"})
    assert told.split("; no:")[0] == "yes: " + ", ".join(
        f"{diagnosis.network.conditions[name].name} {percent(answered.posterior[name])}"
        for name in ("pcl_injury", "meniscus_tear")
    )


def test_the_catch_all_is_not_parted_from_anything() -> None:
    diagnosis = Engine(KNEE_11).diagnose({"lump_noticed": "no"})
    assert next(iter(diagnosis.posterior)) == "other_cause"
    assert first_two(diagnosis) == ("knee_osteoarthritis", "meniscus_tear")


def test_warning_signs_that_were_not_asked_are_told_until_they_are() -> None:
    engine = Engine(KNEE_11, "sports_clinic")
    found = engine.diagnose({"age": 30, "calf_swollen": "no"}).result
    assert "breathless_or_chest_pain" in [flag.id for flag in found.not_asked_flags]
    assert found.not_known_flags == ()
    levels = [LEVELS.index(flag.level) for flag in found.not_asked_flags]
    assert levels == sorted(levels)
    denied = engine.diagnose({"age": 30, "calf_swollen": "no", "breathless_or_chest_pain": "no"}).result
    assert "breathless_or_chest_pain" not in [flag.id for flag in denied.not_asked_flags]
    unknown = engine.diagnose({"age": 30, "calf_swollen": "no", "breathless_or_chest_pain": "unknown"}).result
    skipped = engine.diagnose({"age": 30, "calf_swollen": "no"}, skipped=["breathless_or_chest_pain"]).result
    for each in (unknown, skipped):
        assert "breathless_or_chest_pain" in [flag.id for flag in each.not_known_flags]
        assert "breathless_or_chest_pain" not in [flag.id for flag in each.not_asked_flags]
    urgent = engine.diagnose({"age": 30, "breathless_or_chest_pain": "yes"}).result
    assert urgent.not_asked_flags == ()  # nothing is more urgent than an emergency
