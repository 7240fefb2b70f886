"""Answers that are numbers: units, bands, cut-offs that hang on other answers, and the number kept."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import replace
from math import nextafter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee import Engine, EvidenceError, Interview, Network
from bayesknee.diagnosis.explaining.counterfactual import changes
from bayesknee.diagnosis.wording import denied_text
from bayesknee.display.interview import step_told
from bayesknee.errors import AnswerClashError
from bayesknee.interview.session import to_case
from bayesknee.knowledge.bands import CutOff
from bayesknee.patient.answer_words import answer_text
from bayesknee.patient.cases import RawEvidence, added, evidence_of_words, parse_case
from bayesknee.patient.columns import Column, encode_columns
from bayesknee.patient.evidence import Evidence, check_evidence
from bayesknee.patient.measured import Measured
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, risk_factor

HEAT = mixture(distribution(cool=0.8, warm=0.15, hot=0.05), clot=distribution(cool=0.5, warm=0.4, hot=0.1))
BY_AGE = CutOff(per="age", factor=10, least=500, source="judged", note="for tests")
BY_SEX = CutOff(per="sex", by={"female": 120, "male": 130}, source="judged", note="for tests")
NETWORK = network(
    risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 60), "old": (60, 110)}),
    risk_factor("sex", {"female": 0.5, "male": 0.5}),
    condition("clot", 0.3, {"age": {"old": 2.0}}),
    condition("other", 0.8),
    replace(
        finding("heat", HEAT, ("cool", "warm", "hot")),
        bands={"cool": (30.0, 37.5), "warm": (37.5, 38.5), "hot": (38.5, 44.0)},
        unit="degrees C",
    ),
    replace(
        finding("d_dimer", noisy_or(0.2, clot=0.9)),
        bands={"no": (0.0, "upper"), "yes": ("upper", 1e5)},
        cut_offs={"upper": BY_AGE},
        unit="ug/l",
    ),
    replace(
        finding("blood", noisy_or(0.2, clot=0.9)),
        bands={"yes": (0.0, "lower"), "no": ("lower", 300.0)},
        cut_offs={"lower": BY_SEX},
        unit="g/l",
    ),
    finding("pain", noisy_or(0.2, clot=0.9)),
)


def checked(**answers: object) -> Evidence:
    return check_evidence(NETWORK, answers)


def measured(evidence: Evidence, name: str) -> Measured:
    answer = evidence.answers[name]
    assert isinstance(answer, Measured)
    return answer


def refusal(**answers: object) -> str:
    with pytest.raises(EvidenceError) as caught:
        checked(**answers)
    return str(caught.value)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "state", "number"),
    [
        ("age", 18, "young", 18),
        ("age", 59.99, "young", 59.99),
        ("age", 60, "old", 60),
        ("age", np.float64(60), "old", 60),
        ("age", "61", "old", 61),
        ("age", " 61.5 ", "old", 61.5),
        ("age", "28 years", "young", 28),
        ("age", "28 Year", "young", 28),
        ("age", "28y", "young", 28),
        ("age", "28 yrs", "young", 28),
        ("heat", "38.6 C", "hot", 38.6),
        ("heat", "38,6 C", "hot", 38.6),
        ("heat", "38.6\N{DEGREE SIGN}C", "hot", 38.6),
        ("heat", "37.5 degrees Celsius", "warm", 37.5),
        ("heat", nextafter(37.5, 0), "cool", nextafter(37.5, 0)),
    ],
)
def test_a_number_is_the_band_that_holds_it_and_is_kept(name: str, value: object, state: str, number: float) -> None:
    answer = measured(checked(**{name: value}), name)
    assert (answer.state, answer.number) == (state, number)
    assert checked(**{name: value}).likelihoods == checked(**{name: state}).likelihoods


@pytest.mark.parametrize("unit", ["ug/l", "\N{MICRO SIGN}g/L", "\N{GREEK SMALL LETTER MU}g/l", "mcg/l", "ug per litre"])
def test_micrograms_are_written_in_many_ways(unit: str) -> None:
    assert measured(checked(d_dimer=f"2000 {unit}", age=40), "d_dimer") == "yes"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"heat": "101 F"}, "heat: got '101 F'; expected a number in degrees C; convert it from 'F'"),
        ({"d_dimer": "850 ng/l"}, "d_dimer: got '850 ng/l'; expected a number in ug/l; convert it from 'ng/l'"),
        ({"heat": "38,6"}, "heat: '38,6' is neither a number nor a state; write 38.6"),
        ({"d_dimer": "1,200 ug/l"}, "d_dimer: '1,200 ug/l' is neither a number nor a state"),
        ({"heat": 45}, "heat 45 is outside this network's scope; expected 30 or more and below 44 degrees C; correct"),
        ({"d_dimer": 1}, "d_dimer: 1 can mean two things; expected 1 ug/l, or yes; write one of them"),
        ({"d_dimer": "0"}, "d_dimer: 0 can mean two things; expected 0 ug/l, or no; write one of them"),
        ({"age": "40 kg"}, "age: got '40 kg'; expected a number in years; convert it from 'kg'"),
        ({"sex": "3 cm"}, "unknown state '3 cm' of sex; expected female, male or unknown"),
    ],
)
def test_what_is_refused(answers: Mapping[str, object], told: str) -> None:
    assert refusal(**answers).startswith(told)


def test_a_unit_where_none_is_expected_is_refused() -> None:
    own = network(
        condition("a", 0.6),
        condition("b", 0.6),
        replace(
            finding(
                "ratio", mixture(distribution(low=0.1, high=0.9), a=distribution(low=0.5, high=0.5)), ("low", "high")
            ),
            bands={"low": (0.0, 0.9), "high": (0.9, 2.0)},
        ),
    )
    assert check_evidence(own, {"ratio": 1}).answers["ratio"] == "high"  # 1 is no yes here
    with pytest.raises(EvidenceError, match=r"ratio: got '0\.8 cm'; expected a number without a unit; leave 'cm' out$"):
        check_evidence(own, {"ratio": "0.8 cm"})


def test_truth_values_still_mean_no_and_yes() -> None:
    assert [checked(d_dimer=value).answers["d_dimer"] for value in (True, "no", "y")] == ["yes", "no", "yes"]
    assert measured(checked(d_dimer="1 ug/l"), "d_dimer") == "no"


def test_numbers_that_differ_are_two_answers() -> None:
    assert "age has two answers" in refusal(age=52, Age=47)
    assert measured(checked(age=52, Age="52 years"), "age").number == 52
    words = evidence_of_words(["age=52"], NETWORK)
    assert added(words, {"age": "young"}, NETWORK, ("one", "other"))["age"] == "young"
    with_age: RawEvidence = {"age": 72, "d_dimer": "620 ug/l"}
    assert added(with_age, {"d_dimer": 620.0}, NETWORK, ("one", "other"))["d_dimer"] == 620
    with pytest.raises(EvidenceError, match="age is given twice"):
        added(words, {"age": 47.0}, NETWORK, ("one", "other"))


# --- cut-offs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "number", "state", "cut_off"),
    [
        (40, 499, "no", "cut-off 500 ug/l: 10 x age, at least 500"),
        (40, 500, "yes", "cut-off 500 ug/l: 10 x age, at least 500"),
        (72, 719, "no", "cut-off 720 ug/l: 10 x age, at least 500"),
        (72, 720, "yes", "cut-off 720 ug/l: 10 x age, at least 500"),
        ("young", 620, "yes", "cut-off 500 to 600 ug/l: 10 x age, at least 500"),
        ("unknown", 499, "no", "cut-off 500 to 1100 ug/l: 10 x age, at least 500"),
        ({"young": 0.0, "old": 1.0}, 590, "no", "cut-off 600 to 1100 ug/l: 10 x age, at least 500"),
    ],
)
def test_a_cut_off_may_hang_on_another_number(age: object, number: float, state: str, cut_off: str) -> None:
    for answers in ({"age": age, "d_dimer": number}, {"d_dimer": number, "age": age}):
        evidence = check_evidence(NETWORK, answers)
        assert list(evidence.answers) == list(answers)  # in the order given
        assert (measured(evidence, "d_dimer").state, measured(evidence, "d_dimer").cut_off) == (state, cut_off)


def test_a_cut_off_may_hang_on_a_state() -> None:
    assert [measured(checked(sex=sex, blood=125), "blood").state for sex in ("female", "male")] == ["no", "yes"]
    assert measured(checked(blood=119), "blood") == "yes"
    assert "may be yes or no: its cut-off (by sex) hangs on sex, which is not known" in refusal(blood=125)


@pytest.mark.parametrize(("age", "known"), [(None, "not known"), ("unknown", "not known"), ("old", "old")])
def test_what_cannot_be_placed_is_refused_with_what_to_do(age: str | None, known: str) -> None:
    assert refusal(d_dimer=700, **({"age": age} if age else {})) == (
        "d_dimer 700 ug/l may be no or yes: its cut-off (10 x age, at least 500) hangs on age, which is "
        f"{known}; give age more exactly, or d_dimer as a state"
    )


@given(age=st.integers(18, 109), number=st.integers(2, 99_999))
def test_a_number_counts_as_the_state_that_the_rule_says(age: int, number: int) -> None:
    by_rule = "yes" if number >= max(500, 10 * age) else "no"
    assert checked(age=age, d_dimer=number).likelihoods == checked(age=age, d_dimer=by_rule).likelihoods
    unplaced = checked(d_dimer=number) if number < 500 or number >= 1100 else None
    assert unplaced is None or unplaced.answers["d_dimer"] == by_rule


def test_in_a_table_a_cut_off_is_taken_from_the_same_row() -> None:
    ages, numbers = [40.0, 72.0, "", "?", 300.0], [620.0, "620 ug/l", 620.0, 400.0, 620.0]
    rows = np.arange(5)
    encoded = encode_columns(NETWORK, [Column("d_dimer", numbers, rows), Column("age", ages, rows)], 5)
    assert encoded.codes[:, list(NETWORK.questions).index("d_dimer")].tolist() == [1, 0, -1, 0, -1]
    assert sorted(encoded.reasons) == [2, 4]
    assert "hangs on age, which is not known" in encoded.reasons[2]
    assert "age 300 is outside" in encoded.reasons[4]


# --- at every door ----------------------------------------------------------------------------------------------------

ANSWERS = {"age": 72, "heat": "38.6 C", "d_dimer": 620, "pain": "no"}
GIVEN = {"age": 72, "heat": 38.6, "d_dimer": 620, "pain": "no"}


def test_the_number_is_told_as_given() -> None:
    diagnosis = Engine(NETWORK).diagnose(ANSWERS)
    assert diagnosis.to_dict()["evidence"] == GIVEN
    assert {name: answer_text(NETWORK, name, each) for name, each in diagnosis.evidence.answers.items()} == {
        "age": "72 years",
        "heat": "38.6 degrees C",
        "d_dimer": "620 ug/l: no (cut-off 720 ug/l: 10 x age, at least 500)",
        "pain": "no",
    }
    told = "d_dimer: 620 ug/l: no (cut-off 720 ug/l: 10 x age, at least 500)"
    assert denied_text(NETWORK, "d_dimer", diagnosis.evidence.answers["d_dimer"]) == told
    assert "38.6 degrees C" in diagnosis._repr_html_()
    assert [
        entry["answer"] for entry in diagnosis.ledger["clot"].to_dict()["entries"] if entry["finding"] == "age"
    ] == [72]


def test_json_is_read_as_the_same_answers() -> None:
    diagnosis = Engine(NETWORK).diagnose({**ANSWERS, "blood": "1 g/l"})
    case = parse_case(json.dumps(diagnosis.to_dict()).encode(), "result.json")
    again = Engine(NETWORK).diagnose(case.evidence)
    assert again.evidence == diagnosis.evidence
    assert measured(again.evidence, "blood").number == 1  # which alone would mean yes or 1 g/l
    assert dict(again.posterior) == dict(diagnosis.posterior)


def test_a_case_file_takes_numbers_with_units() -> None:
    case = parse_case(b"evidence:\n  age: 72 years\n  heat: 38,6 C\n  d_dimer: 620\n  pain: no\n", "case.yaml")
    assert check_evidence(NETWORK, case.evidence) == checked(**ANSWERS)


def test_an_interview_keeps_numbers_and_takes_cut_offs_from_earlier_answers() -> None:
    interview = Interview(Engine(NETWORK), {"age": 72})
    interview.change("d_dimer", "620 ug/l")
    assert to_case(interview)["evidence"] == {"age": 72, "d_dimer": 620}
    interview.change("age", 40)  # the number stays, and counts by the new cut-off
    assert measured(interview.diagnosis.evidence, "d_dimer").state == "yes"
    assert to_case(interview)["evidence"] == {"age": 40, "d_dimer": 620}
    assert step_told(NETWORK, interview.state.steps[0]) == (
        "d_dimer: 620 ug/l: yes (cut-off 500 ug/l: 10 x age, at least 500)"
    )


def test_an_answer_that_leaves_a_number_without_a_cut_off_clashes_with_it() -> None:
    interview = Interview(Engine(NETWORK), {"age": 72, "d_dimer": 700})
    with pytest.raises(AnswerClashError, match="age=unknown cannot be true together with d_dimer=700; change one"):
        interview.change("age", "unknown")
    assert interview.change("age", "unknown", set_aside=True).set_aside == {"d_dimer": "no"}
    assert to_case(interview)["session"]["set_aside"] == {"d_dimer": 700}
    assert interview.change("age", 30).restored == {"d_dimer": "yes"}


def test_what_if_another_age_leaves_other_answers_as_they_are() -> None:
    diagnosis = Engine(NETWORK).diagnose({"age": 72, "d_dimer": 620})
    instead = [(change.instead, change.posterior) for change in changes(diagnosis) if change.finding == "age"]
    assert [state for state, _ in instead] == ["unknown", "young"]
    expected = Engine(NETWORK).diagnose({"age": "young", "d_dimer": "no"}).posterior
    assert dict(instead[1][1]) == pytest.approx(dict(expected), abs=1e-12)


def test_a_measured_answer_is_pickled_whole() -> None:
    evidence = pickle.loads(pickle.dumps(checked(**ANSWERS)))  # noqa: S301 (packed here)
    assert evidence == checked(**ANSWERS)
    assert measured(evidence, "d_dimer").cut_off == "cut-off 720 ug/l: 10 x age, at least 500"


def test_a_network_without_these_bands_takes_the_state_alone() -> None:
    heat = replace(NETWORK.findings["heat"], bands={}, unit="")
    other: Network = replace(NETWORK, findings={**NETWORK.findings, "heat": heat})
    answer = check_evidence(other, checked(heat=38.6)).answers["heat"]
    assert (type(answer), answer) == (str, "hot")
