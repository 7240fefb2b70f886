"""What a value says: the same whatever people and programs write for it, and nothing where it could be two things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bayesknee import Engine, EvidenceError, load_network
from bayesknee.knowledge.network import check_setting
from bayesknee.patient.evidence import Answer, check_evidence
from tests.support.paths import KNEE_11

KNEE = load_network(KNEE_11)


def answer(name: str, value: object) -> Answer:
    return check_evidence(KNEE, {name: value}).answers[name]


@pytest.mark.parametrize("value", ["yes", "Yes", " YES ", "y", "Y", "true", "True", "t", "1", 1, 1.0, True, np.True_])
def test_yes_is_written_in_many_ways(value: object) -> None:
    assert answer("lump_noticed", value) == "yes"


@pytest.mark.parametrize("value", ["no", "No", "n", "N", "false", "FALSE", "0", 0, 0.0, False, np.False_, np.int64(0)])
def test_no_is_written_in_many_ways(value: object) -> None:
    assert answer("lump_noticed", value) == "no"


@pytest.mark.parametrize("value", ["unknown", "Unknown", "?", "not known", "don't know"])
def test_unknown_is_written_in_many_ways(value: str) -> None:
    assert answer("lump_noticed", value) == "unknown"


@pytest.mark.parametrize(
    ("name", "value", "state"),
    [
        ("sex", "Male", "male"),
        ("sex", "M", "male"),
        ("sex", "f", "female"),
        ("duration", "six weeks to a year", "six_weeks_to_a_year"),
        ("duration", "Six_Weeks_To_A_Year", "six_weeks_to_a_year"),
        ("age", "45 to under 60 years", "age_45_59"),
        ("age", "52", "age_45_59"),
        ("age", 52, "age_45_59"),
        ("age", np.float32(52.0), "age_45_59"),
    ],
)
def test_a_state_is_meant_by_what_is_shown_by_its_letter_or_by_a_number(name: str, value: object, state: str) -> None:
    assert answer(name, value) == state


@pytest.mark.parametrize(
    "value", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", "  ", "-", "NA", "n/a", "NaN", "null"]
)
def test_a_blank_says_that_nobody_was_asked(value: object) -> None:
    evidence = check_evidence(KNEE, {"age": 52, "lump_noticed": value})
    assert dict(evidence.answers) == {"age": "age_45_59"}


def test_a_blank_word_that_is_a_state_is_that_state() -> None:
    assert "none" in KNEE.states["sport"]
    assert answer("sport", "None") == "none"


def test_a_row_of_a_table_is_a_patient() -> None:
    table = pd.DataFrame(
        {"age": [52.0, np.nan], "sex": ["M", None], "lump_noticed": [1, 0], "calf_swollen": ["Yes", ""]}
    )
    first, second = (
        Engine(KNEE).diagnose(row.to_dict()).evidence.answers  # type: ignore[arg-type]  # pandas has any keys
        for _, row in table.iterrows()
    )
    assert dict(first) == {"age": "age_45_59", "sex": "male", "lump_noticed": "yes", "calf_swollen": "yes"}
    assert dict(second) == {"lump_noticed": "no"}


@pytest.mark.parametrize(
    ("value", "weights"),
    [
        ({"calf": 0.5, "back_of_knee": 0.5}, {"calf": 0.5, "back_of_knee": 0.5}),
        ({"Calf": 1, "back of knee": 2}, {"calf": 1.0, "back_of_knee": 2.0}),
        ("calf|back_of_knee", {"calf": 1.0, "back_of_knee": 1.0}),
        ("calf | back of knee", {"calf": 1.0, "back_of_knee": 1.0}),
    ],
)
def test_an_unsure_answer_names_only_the_states_that_it_means(value: object, weights: Mapping[str, float]) -> None:
    got: Any = answer("worst_spot", value)
    assert {state: weight for state, weight in got.items() if weight} == weights
    assert set(got) == set(KNEE.states["worst_spot"])


def test_a_name_as_shown_is_as_good_as_an_id() -> None:
    evidence = check_evidence(KNEE, {"Lump or fullness behind the knee": "yes", "torn meniscus": "no"})
    assert dict(evidence.answers) == {"lump_noticed": "yes", "meniscus_tear": "no"}
    assert check_setting(KNEE, "Sports clinic") == "sports_clinic"


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        ({"duration": "o"}, "unknown state 'o' of duration"),  # one_to_six_weeks or over_a_year
        ({"sex": 1}, "unknown state '1' of sex"),
        ({"worst_spot": "calf|"}, "unknown state ''"),
        ({"worst_spot": {"calf": 0.0}}, "all likelihoods are zero"),
        ({"lump_noticed": {"yes": 0.8}}, "0.8 for yes alone; expected likelihoods of no as well"),
        ({"worst_spot": {"calf": 1, "Calf": 2}}, "two likelihoods for calf"),
        ({"lump_noticed": "yes", "Lump or fullness behind the knee": "no"}, "lump_noticed has two answers"),
        ({"lmp": None}, "unknown finding 'lmp'"),
    ],
)
def test_what_could_be_two_things_or_none_is_refused(evidence: Mapping[str, object], told: str) -> None:
    with pytest.raises(EvidenceError, match=told):
        check_evidence(KNEE, evidence)
