"""Tables as people have them: each form of CSV, workbooks, Parquet and data frames say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort import evaluate, read_labelled
from bayesknee.cohort.labelled import read_labelled_table
from bayesknee.cohort.score_files import score_file
from bayesknee.cohort.simulate import simulate
from bayesknee.cohort.tables.csv_form import CsvForm
from bayesknee.cohort.tables.source import TableOptions
from bayesknee.errors import CaseFileError, TableError
from tests.support.paths import NETWORKS

pytest.importorskip("pyarrow")
TINY = load_network(NETWORKS / "tiny")
# Cells that each door must take for the same: names as shown, signs for yes and no, blanks of all kinds, an umlaut.
CELLS = {
    "id": ["Mül\u00adler", "b", "c", "d", "e", "f"],
    "age": ["45", "49,5", "", "NA", "under_50", "-"],
    "tennis": ["Y", "n", "unknown", "", "1", "true"],
    "onset": ["gradual", "", "fall|gradual", "{fall: 1, gradual: 0.5}", "None", "Fall"],
}


def text_of(separator: str = ",", decimal: str = ",") -> str:
    """The cells as CSV; those with the separator stand in quotes."""
    frame = pd.DataFrame(CELLS)
    frame["age"] = frame["age"].str.replace(",", decimal)
    return frame.to_csv(sep=separator, index=False)


def scores(source: object, folder: Path, options: TableOptions | None = None) -> pd.DataFrame:
    result = score_file(Engine(TINY), source, folder / "scores.parquet", table=options or TableOptions())
    assert result.rejected == 0
    return pd.read_parquet(result.output).drop(columns="id", errors="ignore")


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    """What the engine makes of the same answers, a patient at a time."""
    evidence: list[dict[str, object]] = [
        {"age": 45, "tennis": "yes", "onset": "gradual"},
        {"age": 49.5, "tennis": "no"},
        {"onset": {"fall": 1, "gradual": 1}},
        {"onset": {"fall": 1, "gradual": 0.5}},
        {"age": "under_50", "tennis": "yes"},
        {"tennis": "yes", "onset": "fall"},
    ]
    found = [Engine(TINY).diagnose(each) for each in evidence]
    return pd.DataFrame({name: [each.posterior[name] for each in found] for name in TINY.conditions})


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_each_form_of_csv(tmp_path: Path, expected: pd.DataFrame, separator: str, encoding: str, line_end: str) -> None:
    decimal = "," if separator == ";" else "."
    (tmp_path / "in.csv").write_bytes(text_of(separator, decimal).replace("\n", line_end).encode(encoding))
    pd.testing.assert_frame_equal(scores(tmp_path / "in.csv", tmp_path)[[*TINY.conditions]], expected)


@pytest.mark.parametrize(
    ("separator", "told"), [(",", CsvForm.told("", "comma", "comma")), ("\t", CsvForm.told("UTF-8", "tab", ","))]
)
def test_a_form_that_is_told(tmp_path: Path, expected: pd.DataFrame, separator: str, told: CsvForm) -> None:
    (tmp_path / "in.csv").write_text(text_of(separator))
    found = scores(tmp_path / "in.csv", tmp_path, TableOptions(form=told))
    pd.testing.assert_frame_equal(found[[*TINY.conditions]], expected)


def test_latin_1_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes("id,tennis\nMüller,yes\n".encode("latin-1"))
    result = score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "out.csv")
    assert result.notes == ("in.csv is not in UTF-8; it was read as Latin-1 (Windows-1252); --encoding tells another",)
    assert pd.read_csv(result.output)["id"].tolist() == ["Müller"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("utf-7", "", ""), "encoding 'utf-7'; expected one of 'utf-8'"),
        (("", "x", ""), "separator 'x'; expected one of ','"),
        (("", "", ";"), "decimal ';'; expected one of '.', ','"),
    ],
)
def test_forms_that_are_none(words: tuple[str, str, str], told: str) -> None:
    with pytest.raises(TableError, match=told):
        CsvForm.told(*words)


@pytest.mark.parametrize("cell", ["1,234", "1.234"])
def test_a_comma_or_point_before_three_digits_is_refused_where_it_can_mean_two_things(
    tmp_path: Path, cell: str
) -> None:
    (tmp_path / "in.csv").write_text(f"id;age\na;{cell}\nb;45\n")
    result = score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "out.csv")
    assert result.rejects is not None
    assert f"got {cell}, which can mean 1.234 or 1234; expected one sign" in result.rejects.read_text()


# --- workbooks, Parquet and frames say the same ----------------------------------------------------------------------


def as_workbook(frame: pd.DataFrame, path: Path) -> Path:
    pytest.importorskip("openpyxl")
    frame.to_excel(path.with_suffix(".xlsx"), index=False)
    return path.with_suffix(".xlsx")


def as_csv(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path.with_suffix(".csv"), index=False)
    return path.with_suffix(".csv")


def as_parquet(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_parquet(path.with_suffix(".parquet"), index=False)
    return path.with_suffix(".parquet")


def as_polars(frame: pd.DataFrame, _: Path) -> object:
    plain = frame.astype(object).where(frame.notna(), None)
    return pytest.importorskip("polars").from_dict({name: plain[name].tolist() for name in plain})


def as_arrow(frame: pd.DataFrame, _: Path) -> object:
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


def as_pandas(frame: pd.DataFrame, _: Path) -> object:
    return frame


DOORS = (as_csv, as_workbook, as_parquet, as_polars, as_arrow, as_pandas)


def typed() -> pd.DataFrame:
    """Numbers, truth values and blanks as spreadsheets and data frames hold them."""
    return pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "age": [45.0, None, 49.5, 45.0],
            "tennis": [True, False, True, True],
            "onset": ["gradual", None, "Fall", "fall|gradual"],
            "label": ["strain", "fracture", "strain;fracture", "other"],
        }
    )


@pytest.mark.parametrize("door", DOORS)
def test_each_door_gives_the_same_scores(tmp_path: Path, door: Callable[[pd.DataFrame, Path], object]) -> None:
    expected = Engine(TINY).score(typed(), ignore=["id", "label"])
    found = scores(door(typed(), tmp_path / "in"), tmp_path)
    assert found["triage"].tolist() == expected["triage"].astype(str).tolist()
    for name in (*TINY.conditions, "log_evidence"):
        assert found[name].tolist() == pytest.approx(expected[name].tolist(), abs=1e-14)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_gives_the_same_labelled_cases(tmp_path: Path, door: Callable[[pd.DataFrame, Path], object]) -> None:
    cases = read_labelled(door(typed(), tmp_path / "in"), TINY)
    assert [case.id for case in cases] == ["1", "2", "3", "4"]
    assert [case.label for case in cases] == [("strain",), ("fracture",), ("strain", "fracture"), ("other",)]
    assert dict(cases[2].evidence.answers) == {"age": "under_50", "tennis": "yes", "onset": "fall"}
    assert dict(cases[3].evidence.likelihoods)["onset"] == (1.0, 0.0, 1.0)
    packed = read_labelled(door(typed(), tmp_path / "in"), TINY, packed=True)
    assert evaluate(TINY, packed, rounds=0).to_dict() == evaluate(TINY, cases, rounds=0).to_dict()


@pytest.mark.parametrize("door", DOORS)
def test_what_is_simulated_is_scored_without_options(
    tmp_path: Path, door: Callable[[pd.DataFrame, Path], object]
) -> None:
    drawn = simulate(Engine(TINY), 50, missing=0.3).astype(object)
    found = scores(door(drawn.where(drawn.notna(), None), tmp_path / "in"), tmp_path)
    expected = Engine(TINY).score(drawn, ignore=["id", "label"])
    assert found["log_evidence"].tolist() == pytest.approx(expected["log_evidence"].tolist(), abs=1e-14)


def test_two_columns_of_one_question(tmp_path: Path) -> None:
    label = TINY.questions["tennis"].label
    (tmp_path / "in.csv").write_text(f"tennis,{label}\nyes,no\n")
    with pytest.raises(TableError, match=f"columns 'tennis' and '{label}' both say tennis; expected one column for"):
        score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ([1, 2], "got a list; expected a file, or a data frame of pandas, polars or Arrow"),
        (pd.DataFrame({"tennis": []}), "the data frame has no rows; expected one for each patient"),
    ],
)
def test_what_is_no_frame(tmp_path: Path, frame: object, told: str) -> None:
    with pytest.raises(TableError, match=told):
        score_file(Engine(TINY), frame, tmp_path / "out.csv")


# --- rows that cannot be taken, with labels --------------------------------------------------------------------------


BAD = """id,tennis,setting,label
a,yes,,strain
b,maybe,,strian
c,yes,ward,
d,no,emergency,Broken bone
e,yes
=f,bad,,strain
"""


def test_bad_rows_of_a_labelled_table_stop_it_or_go_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(BAD)
    with pytest.raises(
        CaseFileError, match=r"^b: unknown state 'maybe' of tennis.*; and 1 more problems; correct them"
    ):
        read_labelled(tmp_path / "in.csv", TINY)
    rejects = tmp_path / "bad.csv"
    found = read_labelled_table(tmp_path / "in.csv", TINY, rejects=rejects)
    assert [(case.id, case.setting, case.label) for case in found.cases] == [
        ("a", "clinic", ("strain",)),
        ("d", "emergency", ("fracture",)),
    ]
    assert found.left_out == 4
    listed = pd.read_csv(rejects)
    assert listed["row"].tolist() == [2, 3, 5, 6]
    assert listed["id"].tolist() == ["b", "c", "row 5", "'=f"]
    assert "unknown state 'maybe'" in listed["reason"][0]
    assert "unknown condition 'strian' as label; did you mean strain?" in listed["reason"][0]
    assert listed["reason"][1].startswith("no label; ")
    assert "unknown setting 'ward'" in listed["reason"][1]


def test_where_no_labelled_row_is_left_all_are_listed(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("tennis,label\nmaybe,strain\nyes,x\n")
    with pytest.raises(CaseFileError, match=r"no row is left; '.*bad\.csv' has all of them"):
        read_labelled_table(tmp_path / "in.csv", TINY, rejects=tmp_path / "bad.csv")
    assert pd.read_csv(tmp_path / "bad.csv")["row"].tolist() == [1, 2]


def test_answers_that_break_a_gate_are_told_of_their_row(tmp_path: Path) -> None:
    gated = next((name, gates[0]) for name, gates in TINY.gates.items())
    name, (gate, allowed) = gated
    other = next(state for state in TINY.states[gate] if state not in allowed)
    state = TINY.states[name][0]
    (tmp_path / "in.csv").write_text(f"id,{name},{gate},label\nx,{state},{other},strain\n")
    with pytest.raises(CaseFileError, match=f"x: {name} is asked only if {gate} is .*, but {gate} is {other}"):
        read_labelled(tmp_path / "in.csv", TINY)


def test_options_of_tables_are_refused_for_case_files(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("label: [strain]\nevidence: {tennis: yes}\n")
    with pytest.raises(TableError, match="is no table; expected one for --map, --rejects and the like; leave them out"):
        read_labelled(tmp_path, TINY, table=TableOptions(ignore=("x",)))
