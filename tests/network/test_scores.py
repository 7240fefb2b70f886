"""The scores of guidelines and the measured numbers of the shipped network, on patients worked by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bayesknee import Engine
from bayesknee.diagnosis.guideline_scores import PointCount

ENGINE = Engine("posterior_knee", "emergency")


def points(score: str, answers: Mapping[str, object]) -> PointCount:
    return next(count for count in ENGINE.diagnose(answers).scores if count.score.id == score)


NO_CLOT_SIGNS = dict.fromkeys(
    (
        "leg_cast",
        "recent_operation",
        "bed_rest",
        "tender_deep_veins",
        "whole_leg_swelling_seen",
        "thigh_and_calf_swollen",
        "pitting_oedema",
        "dilated_superficial_veins",
        "new_surface_veins",
        "previous_clot",
    ),
    "no",
) | {"cancer": "never", "calf_difference": "under_1_cm"}


def test_wells_with_all_items_asked() -> None:
    """Cancer, a calf 3.5 cm wider and pitting: 3. Paralysis is not asked; with the scan a clot leads."""
    answers = {
        **NO_CLOT_SIGNS,
        "cancer": "active",
        "calf_difference": "3.5 cm",
        "pitting_oedema": "yes",
        "ultrasound_vein_not_compressible": "yes",
    }
    found = points("wells_dvt", answers)
    assert (found.points, found.low, found.high, found.score.most) == (3, 3, 4, 9)
    assert [item.id for item in found.not_known] == ["paralysis_or_plaster"]
    assert found.words == "Wells score for a clot in a deep vein: 3 of 9, 1 item not known: 3 to 4 (likely)"
    assert found.level == "same_day"


def test_wells_where_another_diagnosis_is_likelier() -> None:
    found = points(
        "wells_dvt", {**NO_CLOT_SIGNS, "leg_cast": "yes", "known_popliteal_cyst": "yes", "lump_noticed": "yes"}
    )
    assert (found.low, found.high, found.step.label) == (-1, -1, "unlikely")
    assert found.level is None


FRESH_TWIST = {"onset": "sudden_injury", "duration": "under_one_week", "twist_injury": "yes"}


@pytest.mark.parametrize(
    ("answers", "low", "high", "level"),
    [
        ({"age": 55, "walking": "normal", "tender_fibular_head": "no"}, 1, 3, "urgent"),
        ({"age": 54, "walking": "normal", "tender_fibular_head": "no"}, 0, 2, None),
        ({"age": "age_45_59", "walking": "limp", "tender_fibular_head": "no"}, 0, 3, None),
        ({"age": 20, "walking": "cannot_take_four_steps", "tender_fibular_head": "yes"}, 2, 4, "urgent"),
    ],
)
def test_ottawa(answers: dict[str, object], low: float, high: float, level: str | None) -> None:
    found = points("ottawa_knee", {**FRESH_TWIST, **answers})
    assert (found.low, found.high, found.level) == (low, high, level)
    assert points("ottawa_knee", {**answers, "onset": "gradual"}).level is None


@pytest.mark.parametrize(
    ("name", "number", "state"),
    [
        ("temperature", "38.6 C", "fever"),
        ("temperature", 37.9, "raised"),
        ("calf_difference", "2,5 cm", "one_to_3_cm"),
        ("lump_felt_size", 5.5, "over_5_cm"),
        ("ankle_brachial_index", 0.8, "low"),
        ("ankle_brachial_index", 1.1, "normal"),
    ],
)
def test_numbers_as_they_are_measured(name: str, number: object, state: str) -> None:
    measured, stated = (ENGINE.diagnose({name: each}) for each in (number, state))
    assert dict(measured.posterior) == dict(stated.posterior)


@pytest.mark.parametrize(("age", "state"), [(45, "raised"), (64, "raised"), (65, "normal"), (80, "normal")])
def test_the_limit_of_the_d_dimer_rises_with_age(age: int, state: str) -> None:
    found = ENGINE.diagnose({"age": age, "d_dimer": 645})
    assert found.evidence.answers["d_dimer"] == state
