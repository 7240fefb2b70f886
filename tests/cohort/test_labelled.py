"""Labelled cases from folders, JSON lines and tables, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort import check_cases, evaluate, read_labelled
from bayesknee.cohort.labelled import PackedAnswers
from bayesknee.cohort.simulate import simulate_file
from bayesknee.errors import CaseFileError, SettingError, TableError
from bayesknee.patient.cases import Case
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

TINY = load_network(NETWORKS / "tiny")


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


def test_more_labels_than_causes_come_together_are_refused() -> None:
    few = network(*(condition(name, 0.5) for name in "abc"), most_causes=2)
    with pytest.raises(CaseFileError, match="case 1: 3 conditions as label; expected at most 2, as most_causes of the"):
        check_cases([Case(label=("a", "b", "c"))], few)


SCREENING = network(condition("a", 0.3), condition("b", 0.1), finding("f", noisy_or(0.1, a=0.5)), complaint="")


def test_a_patient_without_a_label_is_not_taken_for_healthy() -> None:
    unlabelled = [Case(), Case(label=("",)), Case(label=("a",)), Case(label=("none",))]
    with pytest.raises(CaseFileError) as caught:
        check_cases(unlabelled, SCREENING)
    assert str(caught.value) == (
        "case 1 and 1 more: no label; expected what the patient turned out to have; add label: [CONDITION], or [none] "
        "for one with none of the conditions, or leave it out"
    )
    assert [each.label for each in check_cases(unlabelled[2:], SCREENING)] == [("a",), ()]


def test_with_a_complaint_nobody_has_none_of_the_conditions() -> None:
    with pytest.raises(CaseFileError, match="unknown condition 'none' as label; "):
        check_cases([Case(label=("none",))], TINY)
    with pytest.raises(CaseFileError, match="unknown condition 'none' as label; "):
        check_cases([Case(label=("none", "a"))], SCREENING)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_drawn_patients_without_a_cause_are_read_as_such(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("pyarrow")
    simulate_file(Engine(SCREENING), 30, tmp_path / f"drawn{suffix}")
    labels = [each.label for each in read_labelled(tmp_path / f"drawn{suffix}", SCREENING)]
    assert 0 < labels.count(()) < 30
    evaluated = evaluate(SCREENING, read_labelled(tmp_path / f"drawn{suffix}", SCREENING), rounds=0)
    assert json.dumps(evaluated.to_dict(), allow_nan=False)


def test_an_evaluation_of_the_healthy_alone_is_json() -> None:
    plain = evaluate(SCREENING, check_cases([Case(label=("none",))], SCREENING), rounds=0).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False))["inclusion"]["bayesknee"] == [None, None]


def test_many_bad_cases_are_counted() -> None:
    with pytest.raises(CaseFileError, match="and 2 more problems"):
        check_cases([Case(evidence={f"zzz{number}": "yes"}) for number in range(5)], TINY)


def test_what_many_cases_have_in_common_is_told_once() -> None:
    with pytest.raises(CaseFileError, match=r"^case 1 and 4 more: unknown finding 'zzz'; [^;]*$"):
        check_cases([Case(evidence={"zzz": "yes"}, label=("strain",))] * 5, TINY)


def test_cells_longer_than_python_reads_by_itself(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(f"id,tennis,label\n{'x' * 200_000},yes,strain\n")
    assert [len(case.id) for case in read_labelled(tmp_path / "cases.csv", TINY)] == [200_000]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"strain": "no"}, "strain is a label, and its answer is no; correct one of the two"),
        ({"fracture": "yes"}, "fracture is no label, and its answer is yes; correct one of the two"),
    ],
)
def test_answers_about_conditions_that_contradict_the_label(answers: dict[str, str], told: str) -> None:
    with pytest.raises(CaseFileError, match=told):
        check_cases([Case(label=("strain",), evidence=answers)], TINY)
    agreeing = {"strain": "yes", "fracture": "no", "infection": "unknown"}
    assert len(check_cases([Case(label=("strain",), evidence=agreeing)], TINY)) == 1


@pytest.mark.parametrize("name", ["cases.JSONL", "case.JSON"])
def test_endings_in_capitals(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"label": ["strain"], "evidence": {"tennis": "yes"}}\n')
    assert [case.label for case in read_labelled(tmp_path / name, TINY)] == [("strain",)]


def test_no_cases() -> None:
    with pytest.raises(CaseFileError, match="no cases; expected at least one labelled case"):
        check_cases([], TINY)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("cases.csv", "", "cases.csv is empty; expected a header and a row for each patient"),
        ("cases.csv", "\n\n", "cases.csv is empty; expected a header and a row for each patient"),
        ("cases.csv", "tennis\nyes\n", "cases.csv has no column label, its first are 'tennis'; expected one with"),
        ("cases.csv", "tennis,tennis,label\nyes,no,strain\n", "column 'tennis' comes more than once; keep one of"),
        ("cases.csv", "tennis,label\nj\xe4,strain\n", "unknown state 'j\xe4' of tennis"),
        (
            "cases.csv",
            "tennis,label\nyes,strain,no\n",
            "row 1: 3 fields where the header has 2; correct them, or leave such rows out with --rejects FILE, which",
        ),
        ("cases.csv", "label,tennis\nstrain,yes\nstrain\n", "row 2: 1 field where the header has 2"),
        ("cases.csv", "tennis,label\n", "cases.csv has a header and no rows; expected one for each patient"),
        ("cases.csv", 'label,tennis\nstrain,"yes\nstrain,"no"\n', "cases.csv, line 2: a quote opens a cell and is not"),
        ("cases.jsonl", "{\n", "cases.jsonl:1: got text that is not JSON"),
        ("cases.txt", "", "cases.txt is neither a folder of case files nor"),
    ],
)
def test_refused_files(tmp_path: Path, name: str, content: str, told: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises((CaseFileError, TableError)) as error:
        read_labelled(tmp_path / name, TINY)
    assert told in str(error.value)


def test_refused_places(tmp_path: Path) -> None:
    with pytest.raises(CaseFileError, match="no such file or folder"):
        read_labelled(tmp_path / "nowhere", TINY)
    with pytest.raises(CaseFileError, match="holds no case files"):
        read_labelled(tmp_path, TINY)


def test_a_folder_holds_files_of_one_case_and_of_many(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: first\nlabel: strain\nevidence: {tennis: yes}\n")
    (tmp_path / "b.jsonl").write_text(
        '{"id": "second", "label": "strain", "evidence": {}}\n{"label": "fracture", "evidence": {}}\n'
    )
    assert [case.id for case in read_labelled(tmp_path, TINY)] == ["first", "second", "line 2"]


def test_a_table_in_two_encodings(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_bytes(b"tennis,label\nj\xc3\xa4,strain\nj\xe4,strain\n")
    with pytest.raises(TableError, match=r"cases\.csv is not in UTF-8 in line 3, though line 2 is; save it again"):
        read_labelled(tmp_path / "cases.csv", TINY)


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    file = tmp_path / "cases.parquet"
    pd.DataFrame({"tennis": ["yes"] * 100, "label": ["strain"] * 100}).to_parquet(file)
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(TableError, match=r"cannot read cases\.parquet: .*; check that the file is whole and of its"):
        read_labelled(file, TINY)


def test_text_of_a_parquet_file_that_is_no_utf8(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    bad = pa.array([b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"tennis": bad, "label": ["strain"]}), tmp_path / "cases.parquet")
    with pytest.raises(TableError, match=r"cases\.parquet is not in UTF-8; save it again in that encoding"):
        read_labelled(tmp_path / "cases.parquet", TINY)


def test_truth_values_numbers_and_lists_of_a_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    file = tmp_path / "cases.parquet"
    frame = pd.DataFrame(
        {"id": [7, 8], "tennis": [True, None], "age": [45.0, None], "label": [["strain", "fracture"], ["other"]]}
    )
    frame.to_parquet(file)
    one, two = read_labelled(file, TINY)
    assert (one.id, one.label, dict(one.evidence.answers)) == (
        "7",
        ("strain", "fracture"),
        {"tennis": "yes", "age": "under_50"},
    )
    assert (two.id, two.label, dict(two.evidence.answers)) == ("8", ("other",), {})


def test_an_unknown_setting_for_all_is_told_once() -> None:
    with pytest.raises(SettingError, match="unknown setting 'ward' of network tiny"):
        check_cases([Case(label=("strain",))] * 3, TINY, "ward")


def test_capital_letters_in_the_ending_of_a_table(tmp_path: Path) -> None:
    file = tmp_path / "CASES.CSV"
    file.write_text("tennis,label\nyes,strain\n")
    assert [case.label for case in read_labelled(file, TINY)] == [("strain",)]


def test_packed_answers_are_the_same_evidence_and_take_a_byte_for_each_question() -> None:
    network = load_network(NETWORKS / "tiny")
    cases = [
        Case(id="one", label=("strain",), evidence={"tennis": "yes", "backhand_pain": "unknown", "age": 60}),
        Case(id="two", label=("strain",), evidence={"tennis": {"yes": 0.4, "no": 0.2}}),
    ]
    packed, plain = (check_cases(cases, network, packed=each) for each in (True, False))
    assert isinstance(packed[0].known, PackedAnswers)
    assert len(packed[0].known.packed) == len(network.questions)
    assert not isinstance(packed[1].known, PackedAnswers)  # a likelihood has no code
    for one, other in zip(packed, plain, strict=True):
        assert one.evidence == other.evidence


def test_base_rates_of_a_case_are_refused() -> None:
    """They would be left out of an evaluation without a word."""
    with pytest.raises(
        CaseFileError, match="ada: got base_rates; expected a labelled case at those of the network; leave"
    ):
        check_cases([Case(id="ada", label=("strain",), base_rates={"strain": 0.2})], TINY)
