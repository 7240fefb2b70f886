"""Scores of guidelines: points worked by hand, what is not known as a range, levels, and many patients as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee import Engine, Network
from bayesknee.diagnosis.care_steps import CareSteps
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.guideline_scores import PointCount
from bayesknee.diagnosis.triage import levels
from bayesknee.display.text import diagnosis_text
from bayesknee.knowledge.guideline_scores import GuidelineScore, ScoreItem, ScoreStep
from bayesknee.knowledge.model import LEVELS
from bayesknee.patient.codes import encode
from bayesknee.patient.evidence import check_evidence
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

SCORE = GuidelineScore(
    id="wells",
    name="Wells score",
    items={
        item.id: item
        for item in (
            ScoreItem("cancer", "Active cancer", 1, when=({"cancer": ("yes",)},)),
            ScoreItem("swollen", "Calf swollen", 1, when=({"swollen": ("yes",), "swollen_seen": ("yes",)},)),
            ScoreItem("tender_cord", "Tender cord", 1, when=({"tender": ("yes",)}, {"cord": ("yes",)})),
            ScoreItem("cast", "Paralysis or plaster", 1, when=({"cast": ("yes",)},), is_partly_asked=True),
            ScoreItem("old", "55 or older", 1, number={"age": (55.0, 121.0)}),
            ScoreItem("veins", "Collateral veins", 1),
            ScoreItem("other", "Something else as likely", -2, at_least_as_likely_as="clot"),
        )
    },
    steps=(ScoreStep(-2, "unlikely"), ScoreStep(2, "likely", "same_day", "a scan today")),
    source="judged",
    note="for tests",
)
QUIET = {"under_50": 0.5, "middle": 0.3, "old": 0.2}
NETWORK = replace(
    network(
        risk_factor("age", QUIET, bands={"under_50": (18, 50), "middle": (50, 60), "old": (60, 121)}),
        risk_factor("cancer", {"no": 0.9, "yes": 0.1}),
        risk_factor("cast", {"no": 0.9, "yes": 0.1}),
        condition("clot", 0.3, {"cancer": {"yes": 3.0}}),
        condition("strain", 0.4),
        condition("catch_all", 0.6),
        finding("swollen", noisy_or(0.1, clot=0.8)),
        finding("swollen_seen", noisy_or(0.1, clot=0.7)),
        finding("tender", noisy_or(0.2, clot=0.6, strain=0.8)),
        finding("cord", noisy_or(0.1, clot=0.5), only_if={"tender": ("yes",)}),
    ),
    scores={"wells": SCORE},
)
ENGINE = Engine(NETWORK)


def count(answers: Mapping[str, object], made: Network = NETWORK) -> PointCount:
    (found,) = Engine(made).diagnose(answers).scores
    return found


@pytest.mark.parametrize(
    ("answers", "item", "holds"),
    [
        ({}, "cancer", None),
        ({"cancer": "unknown"}, "cancer", None),
        ({"cancer": {"yes": 0.8, "no": 0.2}}, "cancer", None),
        ({"cancer": {"yes": 0.8, "no": 0.0}}, "cancer", True),
        ({"cancer": "yes"}, "cancer", True),
        ({"cancer": "no"}, "cancer", False),
        ({"swollen": "no"}, "swollen", None),  # it may be seen
        ({"swollen": "no", "swollen_seen": "yes"}, "swollen", True),
        ({"swollen": "no", "swollen_seen": "no"}, "swollen", False),
        ({"tender": "yes"}, "tender_cord", None),
        ({"tender": "yes", "cord": "yes"}, "tender_cord", True),
        ({"cord": "yes"}, "tender_cord", True),  # which implies tenderness
        ({"tender": "yes", "cord": "no"}, "tender_cord", False),
        ({"tender": "no"}, "tender_cord", False),
        ({"cast": "yes"}, "cast", True),
        ({"cast": "no"}, "cast", None),  # paralysis was not asked
        ({"age": 55}, "old", True),
        ({"age": 54.9}, "old", False),
        ({"age": "middle"}, "old", None),
        ({"age": "old"}, "old", True),
        ({"age": "under_50"}, "old", False),
        ({"age": {"middle": 1, "old": 1}}, "old", None),
        ({"cancer": "yes"}, "veins", None),
        ({"cancer": "yes"}, "other", None),  # nothing is known of the complaint
        ({"tender": "yes", "swollen": "no"}, "other", True),
        ({"swollen": "yes", "swollen_seen": "yes", "tender": "no", "cancer": "yes"}, "other", False),
    ],
)
def test_whether_an_item_holds(answers: dict[str, object], item: str, holds: bool | None) -> None:
    assert count(answers).holds[item] is holds


def test_the_catch_all_is_no_diagnosis_that_is_likelier() -> None:
    answers = {"swollen": "yes", "tender": "no", "swollen_seen": "no"}
    posterior = ENGINE.diagnose(answers).posterior
    assert posterior["catch_all"] > posterior["clot"] > posterior["strain"]
    assert count(answers).holds["other"] is False


def test_what_is_not_known_makes_a_range() -> None:
    """Cancer and the plaster count 2; swelling, cord, age and veins may add 4; the -2 may hold."""
    found = count({"cancer": "yes", "cast": "yes"})
    assert (found.points, found.low, found.high, found.score.most) == (2, 0, 6, 6)
    assert [item.id for item in found.not_known] == ["swollen", "tender_cord", "old", "veins", "other"]
    assert found.words == "Wells score: 2 of 6, 5 items not known: 0 to 6 (unlikely to likely)"
    assert found.level is None


def test_an_item_that_holds_by_the_probabilities_here_says_so() -> None:
    """-2 where another diagnosis is at least as likely: in practice a clinician judges that, and here the posterior."""
    found = count({"tender": "yes", "swollen": "no", "swollen_seen": "no", "cancer": "yes"})
    assert [item.id for item in found.by_figures] == ["other"]
    assert found.words.endswith("; -2 by the probabilities here: Something else as likely)")
    assert [item["item"] for item in found.to_dict()["items"] if item["by_probabilities"]] == ["other"]


LIKELY = {"swollen": "yes", "swollen_seen": "yes", "cancer": "yes", "tender": "no", "age": 40}


def test_a_level_is_called_for_where_the_fewest_points_reach_it() -> None:
    diagnosis = ENGINE.diagnose(LIKELY)
    (found,) = diagnosis.scores
    assert (found.points, found.low, found.high) == (2, 2, 4)
    reason = next(each for each in diagnosis.triage.reasons if each.kind == "score")
    assert (reason.id, reason.level) == ("wells", "same_day")
    assert reason.text == "Wells score: 2 of 6, 2 items not known: 2 to 4 (likely): a scan today"
    assert reason.answers == ("cancer=yes", "swollen=yes", "swollen_seen=yes")
    assert reason.to_dict() == {
        "kind": "score",
        "level": "same_day",
        "text": reason.text,
        "score": "wells",
        "answers": ["cancer=yes", "swollen=yes", "swollen_seen=yes"],
        "source": "judged",
    }
    fewer = ENGINE.diagnose({**LIKELY, "cancer": "unknown"})
    assert [each for each in fewer.triage.reasons if each.kind == "score"] == []


def for_the_young_with_plaster() -> Network:
    lines = ({"cast": ("yes",)}, {"age": ("under_50", "middle")})
    return replace(NETWORK, scores={"wells": replace(SCORE, applies_if=lines)})


@pytest.mark.parametrize(
    ("cast", "age", "applies", "level", "told"),
    [
        ("yes", 40, True, "same_day", True),
        ("no", 40, False, None, False),
        (None, 40, None, None, False),  # the age is that of those whom it is meant for, and nobody knows of a plaster
        (None, 70, False, None, False),
        ("yes", "unknown", None, None, False),
        (None, "unknown", None, None, False),
    ],
)
def test_a_score_calls_for_a_level_only_where_it_is_known_to_apply(
    cast: str | None,
    age: object,
    applies: bool | None,
    level: str | None,
    told: bool,
) -> None:
    answers = {**LIKELY, "age": age, **({"cast": cast} if cast else {})}
    found = count(answers, for_the_young_with_plaster())
    assert (found.applies, found.level, found.is_told) == (applies, level, told)


def test_plain_data() -> None:
    (plain,) = ENGINE.diagnose({"cancer": "yes", "cast": "yes"}).to_dict()["scores"]
    assert {key: plain[key] for key in ("score", "points", "low", "high", "most", "means", "level", "applies")} == {
        "score": "wells",
        "points": 2,
        "low": 0,
        "high": 6,
        "most": 6,
        "means": ["unlikely", "likely"],
        "level": None,
        "applies": True,
    }
    assert plain["items"][5] == {
        "item": "veins",
        "label": "Collateral veins",
        "points": 1,
        "holds": None,
        "asked": False,
        "by_probabilities": False,
    }


def test_it_stands_beside_the_posterior_in_text_and_in_a_notebook() -> None:
    told = "Wells score: 2 of 6, 5 items not known: 0 to 6 (unlikely to likely)"
    diagnosis = ENGINE.diagnose({"cancer": "yes", "cast": "yes"})
    text = " ".join(diagnosis_text(diagnosis).split())
    assert f"Scores - {told} (not known: Calf swollen; Tender cord; 55 or older;" in text
    assert told in diagnosis._repr_html_()
    assert "Wells" not in diagnosis_text(ENGINE.diagnose())


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "age": st.sampled_from(["under_50", "middle", "old", "unknown"]),
        **{
            name: st.sampled_from(["no", "yes", "unknown"])
            for name in ("cancer", "cast", "swollen", "swollen_seen", "tender")
        },
    },
)


@given(patients=st.lists(ANSWERS, min_size=1, max_size=5))
def test_the_levels_of_many_are_as_one_by_one(patients: list[dict[str, str]]) -> None:
    one_by_one: list[Diagnosis] = [ENGINE.diagnose(patient) for patient in patients]
    marginals = np.array([[each.posterior[name] for name in NETWORK.conditions] for each in one_by_one])
    found = levels(CareSteps(ENGINE.compiled), marginals, encode(NETWORK, [each.evidence for each in one_by_one]))
    assert [LEVELS[each] for each in found] == [each.triage.level for each in one_by_one]


@given(patient=ANSWERS, name=st.sampled_from(["cancer", "swollen", "swollen_seen", "cast"]))
def test_one_more_answer_narrows_the_range(patient: dict[str, str], name: str) -> None:
    """The points of the items that answers tell; which cause is likelier may change with any of them."""
    score = replace(SCORE, items={key: item for key, item in SCORE.items.items() if key != "other"})
    own = replace(NETWORK, scores={"wells": replace(score, steps=(ScoreStep(0, "unlikely"), *SCORE.steps[1:]))})
    before = count(patient, own)
    if patient.get(name, "unknown") == "unknown":
        for state in ("no", "yes"):
            after = count({**patient, name: state}, own)
            assert before.low <= after.low <= after.high <= before.high


def test_a_table_keeps_the_numbers_that_scores_read() -> None:
    """With 55 years a woman with cancer and a swollen calf has 2 points at least, with 54 or a band of ages 1."""
    ages = [55, "54.9 years", "middle", "old", ""]
    row = {"swollen": "yes", "swollen_seen": "yes", "tender": "no", "cancer": "unknown"}
    frame = pd.DataFrame([{**row, "age": age} for age in ages])
    found = ENGINE.score(frame)["triage"].tolist()
    one_by_one = [ENGINE.diagnose({**row, "age": age}) for age in ages]
    assert [each.scores[0].low for each in one_by_one] == [2, 1, 1, 2, 1]
    assert found == [each.triage.level for each in one_by_one]
    assert found[0] == "same_day" != found[1]


def test_answers_that_all_share_count_as_if_each_had_given_them() -> None:
    shared = check_evidence(NETWORK, {"cancer": "yes", "age": 40})
    rows = [{"swollen": "yes", "swollen_seen": "yes", "tender": "no"}, {"swollen": "no", "tender": "yes"}]
    full = [ENGINE.diagnose({**row, "cancer": "yes", "age": 40}) for row in rows]
    marginals = np.array([[each.posterior[name] for name in NETWORK.conditions] for each in full])
    codes = encode(NETWORK, [check_evidence(NETWORK, row) for row in rows])
    found = levels(CareSteps(ENGINE.compiled), marginals, codes, shared)
    assert [LEVELS[each] for each in found] == [each.triage.level for each in full]
    assert full[0].triage.level != full[1].triage.level
