"""Labelled cases from folders, JSON lines and tables, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from bayesknee import load_network
from bayesknee.cases import Case
from bayesknee.cohort import check_cases, read_labelled
from bayesknee.errors import CaseFileError

TINY = load_network(Path(__file__).parents[1] / "networks" / "tiny")


def test_a_folder_of_case_files(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("label: [strain]\nsetting: emergency\nevidence: {tennis: yes}\n")
    (tmp_path / "two.json").write_text('{"id": "second", "label": "other", "evidence": {"age": 45}}')
    (tmp_path / "README.md").write_text("not a case")
    one, two = read_labelled(tmp_path, TINY)
    assert (one.id, one.setting, one.label) == ("one", "emergency", ("strain",))
    assert (two.id, two.setting, two.label) == ("second", "clinic", ("other",))
    assert two.evidence.answers == {"age": "under_50"}


def test_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"label": ["strain", "fracture"], "evidence": {}}\n\n{"label": "strain", "evidence": {}}\n')
    assert [(each.id, each.label) for each in read_labelled(file, TINY)] == [
        ("line 1", ("strain", "fracture")),
        ("line 3", ("strain",)),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"id": ["p1", "p2"], "tennis": ["yes", None], "age": ["45", "under_50"], "label": ["strain; fracture", "other"]}
    )
    file = tmp_path / f"cases{suffix}"
    frame.to_csv(file, index=False) if suffix == ".csv" else frame.to_parquet(file)
    one, two = read_labelled(file, TINY)
    assert (one.id, one.label) == ("p1", ("strain", "fracture"))
    assert dict(one.evidence.answers) == {"tennis": "yes", "age": "under_50"}
    assert dict(two.evidence.answers) == {"age": "under_50"}


def test_the_setting_may_be_given_for_all() -> None:
    (case,) = check_cases([Case(label=("strain",), setting="clinic")], TINY, "emergency")
    assert case.setting == "emergency"


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (Case(id="x"), "x: no label; expected what the patient turned out to have; add label: [CONDITION]"),
        (Case(label=("strian",)), "case 1: unknown condition 'strian' as label; did you mean strain?"),
        (Case(label=("strain",), evidence={"tenis": "yes"}), "unknown finding 'tenis'; did you mean tennis?"),
        (Case(label=("strain",), setting="ward"), "unknown setting 'ward'"),
    ],
)
def test_refused(case: Case, told: str) -> None:
    with pytest.raises(CaseFileError) as error:
        check_cases([case], TINY)
    assert told in str(error.value)


def test_many_bad_cases_are_counted() -> None:
    with pytest.raises(CaseFileError, match="and 2 more cases"):
        check_cases([Case()] * 5, TINY)


def test_no_cases() -> None:
    with pytest.raises(CaseFileError, match="no cases; expected at least one labelled case"):
        check_cases([], TINY)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cases.csv", "", "cannot read cases.csv: No columns to parse"),
        ("cases.csv", "tennis\nyes\n", "cases.csv has no column label"),
        ("cases.csv", "tennis,label\n", "no cases; expected at least one"),
        ("cases.jsonl", "{\n", "cases.jsonl:1: got text that is not JSON"),
        ("cases.txt", "", "cases.txt is neither a folder of case files nor"),
    ],
)
def test_refused_files(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(CaseFileError) as error:
        read_labelled(tmp_path / name, TINY)
    assert told in str(error.value)


def test_refused_places(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match="no such file or folder"):
        read_labelled(tmp_path / "nowhere", TINY)
    with pytest.raises(CaseFileError, match="holds no case files"):
        read_labelled(tmp_path, TINY)
