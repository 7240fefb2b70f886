"""Readers' ratings beside the engine's forecasts: worked out by hand on four patients."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from bayesknee import load_network
from bayesknee.cohort import Evaluation, check_cases, evaluate
from bayesknee.cohort.ratings import Ratings, read_ratings, told_left_out
from bayesknee.display.evaluation import call_rows, evaluation_text
from bayesknee.display.evaluation_report import write_report
from bayesknee.errors import BayeskneeError, TableError
from bayesknee.patient.cases import Case
from tests.support.paths import NETWORKS

TINY = load_network(NETWORKS / "tiny")  # strain, fracture, infection, other
CASES = check_cases(
    [
        Case(id="fell", label=("fracture",), setting="emergency", evidence={"onset": "fall"}),
        Case(id="tennis", label=("strain",), evidence={"tennis": "yes", "backhand_pain": "yes"}),
        Case(id="missed", label=("infection",), evidence={"pain_on_grip": "yes"}),
        Case(id="none", label=("other",), evidence={"pain_on_grip": "no"}),
    ],
    TINY,
)
IDS = [case.id for case in CASES]
READER = """id,condition,probability,level
fell,fracture,0.7,emergency
fell,strain,20%,emergency
tennis,strain,0.4,routine
tennis,fracture,0.6,
missed,infection,0.5,urgent
none,strain,0.9,same_day
"""
# Of the rest 0.1 of fell goes to two, 0.5 of missed to three, and 0.1 of none to three.
THIRD = 0.1 / 3
EXPECTED = [[0.2, 0.7, 0.05, 0.05], [0.4, 0.6, 0.0, 0.0], [0.5 / 3, 0.5 / 3, 0.5, 0.5 / 3], [0.9, THIRD, THIRD, THIRD]]


def written(folder: Path, text: str, name: str = "reader.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.fixture
def reader(tmp_path: Path) -> Ratings:
    return read_ratings(written(tmp_path, READER), TINY, IDS)


@pytest.fixture
def evaluation(reader: Ratings) -> Evaluation:
    return evaluate(TINY, CASES, rounds=0, beside=[reader])


def test_what_is_left_is_spread_over_those_not_named(reader: Ratings) -> None:
    assert (reader.name, reader.left_out) == ("reader", ())
    assert reader.posterior.tolist() == [pytest.approx(row) for row in EXPECTED]
    assert reader.level is not None
    assert reader.level.tolist() == [0, 3, 2, 1]


def test_the_order_of_columns_and_rows_does_not_matter(tmp_path: Path, reader: Ratings) -> None:
    """Nor do blanks, a byte order mark, quotes, or `other` for the catch-all."""
    header, *rows = (line.split(",") for line in READER.splitlines())
    turned = "\r\n".join(",".join(f'"{cell} "' for cell in row[::-1]) for row in (header, *rows[::-1]))
    other = read_ratings(written(tmp_path, "\ufeff" + turned), TINY, IDS)
    assert other.posterior.tolist() == reader.posterior.tolist()
    named = "id,condition,probability\n" + "".join(f"{name},other,1\n" for name in IDS)
    assert read_ratings(written(tmp_path, named), TINY, IDS).posterior.tolist() == [[0.0, 0.0, 0.0, 1.0]] * 4


def test_measures_worked_out(evaluation: Evaluation) -> None:
    """Ranks 1, 2, 1 and 4 (of three alike, the last); the list down to a thirtieth holds 4, 2, 4 and 4 conditions."""
    found = evaluation.beside["reader"]
    assert (found.top1.value, found.top3.value, found.mean_rank.value) == (0.5, 0.75, 2.0)
    assert found.list_length.value == 3.5
    assert (found.over_triage.value, found.under_triage.value) == (0.25, 0.25)
    hits = [
        *(0.8, 0.7, 0.95, 0.95),
        *(0.4, 0.4, 1.0, 1.0),
        *(2.5 / 3, 2.5 / 3, 0.5, 2.5 / 3),
        *(0.1, 1.0 - THIRD, 1.0 - THIRD, THIRD),
    ]
    assert found.log_loss.value == pytest.approx(-sum(map(math.log, hits)) / 16)
    assert found.sensitivity["fracture"].value == 1.0
    assert found.specificity["fracture"].value == 0.0  # its limit is 2 %, and all rate it over that


def test_the_engine_and_naive_bayes_stay_what_they_are(evaluation: Evaluation) -> None:
    alone, beside = evaluate(TINY, CASES, rounds=0).to_dict(), evaluation.to_dict()
    assert list(beside["measures"]) == ["bayesknee", "naive_bayes", "reader"]
    for part in ("measures", "calibration", "inclusion"):
        assert {name: beside[part][name] for name in alone[part]} == alone[part]
    assert beside["inclusion"]["reader"] == [0.5, 0.75, 0.75, 1.0]
    assert sum(each["count"] for each in beside["calibration"]["reader"]) == 16
    assert "beside" not in alone["results"][0]


def test_by_case(evaluation: Evaluation) -> None:
    told = [
        each["beside"]["reader"] for each in json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))["results"]
    ]
    assert told == [
        {"rank": 1, "called": "emergency"},
        {"rank": 2, "called": "routine"},
        {"rank": 1, "called": "urgent"},
        {"rank": 4, "called": "same_day"},
    ]


def test_calls_of_care(evaluation: Evaluation) -> None:
    """A fracture and an infection are emergencies, a strain and another cause are routine."""
    assert evaluation.calls["reader"] == {
        "emergency": {"emergency": 1, "urgent": 1},
        "routine": {"same_day": 1, "routine": 1},
    }
    assert sum(sum(called.values()) for called in evaluation.calls["bayesknee"].values()) == 4
    assert [(row[0], row[-1]) for row in call_rows(evaluation) if row[-1] != "0"] == [
        ("emergency", ""),
        ("  called emergency", "1"),
        ("  called urgent", "1"),
        ("routine", ""),
        ("  called same day", "1"),
        ("  called routine", "1"),
    ]


def test_without_levels_there_is_nothing_to_measure_of_them(tmp_path: Path) -> None:
    text = "".join(line.rpartition(",")[0] + "\n" for line in READER.splitlines())
    found = evaluate(TINY, CASES, rounds=0, beside=[read_ratings(written(tmp_path, text), TINY, IDS)])
    assert math.isnan(found.beside["reader"].over_triage.value)
    assert found.calls["reader"] == {}
    plain = found.to_dict()
    assert plain["measures"]["reader"]["under_triage"]["value"] is None
    assert plain["results"][0]["beside"]["reader"] == {"rank": 1, "called": None}


def test_two_readers_in_text_and_report(tmp_path: Path, reader: Ratings) -> None:
    """The engine is right of all but `missed`, and the first reader of `fell` and `missed`."""
    second = read_ratings(written(tmp_path, READER.replace("0.5", "0.1"), "second.csv"), TINY, IDS)
    found = evaluate(TINY, CASES, rounds=0, beside=[reader, second])
    lines = [" ".join(line.split()) for line in evaluation_text(found, 5).splitlines()]
    assert "bayesknee naive Bayes reader second" in lines
    row = next(line for line in lines if line.startswith("True condition first 75 %"))
    assert row.endswith("50 % 25 %")
    text = " ".join(lines)
    told = "bayesknee and reader: both in 1, bayesknee alone in 2, reader alone in 1, neither in 0."
    assert f"True condition first, {told}" in text
    assert "reader has it at rank 1; second has it at rank 4" in text
    write_report(found, tmp_path / "report.md")
    page = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| Measure | bayesknee | naive Bayes | reader | second |" in page
    assert "Then come the ratings of readers (reader, second)" in page
    assert told in page


def test_ratings_of_others_are_left_out_and_told(tmp_path: Path) -> None:
    more = READER + "ada,strain,1,urgent\nbob,strain,1,urgent\n"
    found = read_ratings(written(tmp_path, more), TINY, IDS)
    assert found.left_out == ("ada", "bob")
    assert list(told_left_out([found])) == ["reader rates ada and 1 more, not among the cases; left out"]


def test_a_name_that_is_taken(reader: Ratings) -> None:
    with pytest.raises(
        BayeskneeError, match="two forecasters are called reader; expected another name; rename the rat"
    ):
        evaluate(TINY, CASES, rounds=0, beside=[reader, reader])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("probability", "chance", "got id, condition, chance, level; expected the columns id, condition, probability"),
        ("id,condition", "id;condition", "got id;condition, probability, level; expected the columns id"),
        ("fell,strain", "fell,strian", "reader.csv: line 3: unknown condition 'strian'; did you mean strain?"),
        ("20%", "much", "line 3: the probability 'much'; expected one from 0 to 1, such as 0.2 or 20%; correct it"),
        ("20%", "20", "line 3: the probability '20'; expected one from 0 to 1"),
        ("20%", "-0.1", "line 3: the probability '-0.1'; expected one from 0 to 1"),
        ("20%", "0.4", "reader.csv: fell has a sum of 1.1; expected at most 1; lower a probability"),
        ("fell,strain", "fell,fracture", "line 3: fracture of fell a second time; expected each condition once; keep"),
        ("fell,strain", ",strain", "line 3: no id; expected that of a patient; add it"),
        ("20%,emergency", "20%,urgent", "line 3: urgent after emergency; expected one level a patient; keep one"),
        ("20%,emergency", "20%,emergncy", "line 3: unknown level 'emergncy'; did you mean emergency?"),
        ("20%,emergency", "20%,emergency,now", "reader.csv: line 3: more cells than the first line; correct it"),
        (
            "missed,infection,0.5,urgent\n",
            "",
            "no ratings of missed; expected those of all cases; rate them, or leave them out of the cases",
        ),
        ("0.5,urgent", "0.5,", "no levels of missed; expected those of all cases"),
        ("fell,fracture", '"fell,fracture', "cannot read the ratings"),
    ],
)
def test_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in READER
    with pytest.raises(TableError) as caught:
        read_ratings(written(tmp_path, READER.replace(old, new, 1)), TINY, IDS)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(
        TableError, match=r"cannot read the ratings 'no.csv': No such file or directory; expected a CSV"
    ):
        read_ratings(tmp_path / "no.csv", TINY, IDS)
    (tmp_path / "latin.csv").write_bytes(READER.encode() + b"\xe9,strain,1,urgent\n")
    with pytest.raises(TableError, match="expected a CSV file in UTF-8"):
        read_ratings(tmp_path / "latin.csv", TINY, IDS)
    with pytest.raises(TableError, match="got no columns; expected the columns id, condition, probability"):
        read_ratings(written(tmp_path, ""), TINY, IDS)


def test_two_cases_of_one_id(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="two cases are called fell; expected a different id for each; rename one"):
        read_ratings(written(tmp_path, READER), TINY, [*IDS, "fell"])
