"""Maps from foreign tables: what each key does, worked out by hand, and what is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesknee import Engine, Network
from bayesknee.cohort import read_labelled
from bayesknee.cohort.score_files import FileScores, score_file
from bayesknee.cohort.tables.cells import Bands, CellReader, Decimals, TimeBetween, date_pattern, read_date
from bayesknee.cohort.tables.source import TableOptions, open_source
from bayesknee.cohort.tables.table_map import read_map
from bayesknee.errors import TableError
from bayesknee.patient.columns import BadCell
from tests.support.small_networks import condition, distribution, finding, mixture, network, noisy_or, risk_factor

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def clinic() -> Network:
    length = mixture(distribution(short=0.3, long=0.7), a=distribution(short=0.6, long=0.4))
    return network(
        risk_factor("age", {"young": 0.5, "old": 0.5}, bands={"young": (18, 50), "old": (50, 90)}),
        risk_factor("sex", {"female": 0.5, "male": 0.5}),
        condition("a", 0.6, {"age": {"old": 2.0}}),
        condition("b", 0.7),
        finding("limp", noisy_or(0.1, a=0.5)),
        finding("swollen", noisy_or(0.1, b=0.5)),
        finding("length", length, ("short", "long")),
    )


def score(clinic: Network, folder: Path, table: str, text: str, **options: object) -> FileScores:
    (folder / "in.csv").write_text(table)
    (folder / "map.yaml").write_text(text)
    mapped = TableOptions(map=folder / "map.yaml", **options)  # type: ignore[arg-type]
    return score_file(Engine(clinic), folder / "in.csv", folder / "out.csv", table=mapped)


def answers(clinic: Network, folder: Path, table: str, text: str) -> list[dict[str, object]]:
    """What each row of a table says, by its labelled cases."""
    (folder / "in.csv").write_text(table)
    (folder / "map.yaml").write_text(text)
    cases = read_labelled(folder / "in.csv", clinic, table=TableOptions(map=folder / "map.yaml"))
    return [dict(case.evidence.answers) for case in cases]


def test_names_values_and_signs_for_all_columns(clinic: Network, tmp_path: Path) -> None:
    table = "Alter;Sex;Hinkt;Dick;Ward;Dx\n52,5;1;J;n;A;a\n30;2;N;;B;A;\n".replace("A;\n", "A\n")
    text = """
columns:
  Alter: age
  Sex: {question: sex, values: {1: male, 2: female}}
  Hinkt: limp
  Dick: swollen
values: {J: yes, n: no}
ignore: [Ward]
label: {column: Dx, values: {A: b}}
"""
    assert answers(clinic, tmp_path, table, text) == [
        {"age": "old", "sex": "male", "limp": "yes", "swollen": "no"},
        {"age": "young", "sex": "female", "limp": "no"},
    ]


@pytest.mark.parametrize(
    ("blank", "expected"),
    [
        ("blank: unknown", [{}, {"limp": "yes"}]),
        ("blank: no", [{"limp": "no", "swollen": "no"}, {"limp": "yes", "swollen": "no"}]),
        ("columns: {limp: {question: limp, blank: no}}", [{"limp": "no"}, {"limp": "yes"}]),
        ("columns: {swollen: {question: swollen, blank: unknown}}\nblank: no", [{"limp": "no"}, {"limp": "yes"}]),
    ],
)
def test_what_a_blank_means(clinic: Network, tmp_path: Path, blank: str, expected: list[dict[str, str]]) -> None:
    """A denial is entered only where the map says that a blank is one."""
    table = "limp,swollen,sex,label\nNA,,,a\nyes,-,,a\n"
    assert answers(clinic, tmp_path, table, blank) == expected


def test_age_from_two_dates(clinic: Network, tmp_path: Path) -> None:
    table = "Born,Seen,label\n02.03.1976,01.03.2026,a\n1976-03-01,2026-03-01 10:30,a\n,01.03.2026,a\n"
    text = "columns: {Born: {question: age, until: Seen}}"
    assert answers(clinic, tmp_path, table, text) == [{"age": "young"}, {"age": "old"}, {}]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            "30.02.1976,01.03.2026",
            "age from 'Born' and 'Seen': got the date '30.02.1976'; expected one as YYYY-MM-DD or",
        ),
        ("3/4/1976,01.03.2026", "got the date '3/4/1976'"),
        ("01.03.2026,02.03.1976", "the date 01.03.2026 is after 02.03.1976; expected it before; correct one of them"),
        ("01.03.2020,02.03.2026", "age 6 is outside this network's scope"),
    ],
)
def test_dates_that_cannot_be(clinic: Network, tmp_path: Path, cells: str, reason: str) -> None:
    table = f"Born,Seen\n{cells}\n02.03.1976,01.03.2026\n"
    result = score(clinic, tmp_path, table, "columns: {Born: {question: age, until: Seen}}")
    assert result.rejects is not None
    assert reason in pd.read_csv(result.rejects)["reason"][0]


def test_how_dates_are_written_can_be_told(clinic: Network, tmp_path: Path) -> None:
    table = "Born,Seen,label\n03/04/1976,03/03/2026,a\n"
    text = "columns: {{Born: {{question: age, until: Seen}}}}\ndates: {}"
    assert answers(clinic, tmp_path, table, text.format("MM/DD/YYYY")) == [{"age": "young"}]  # 4 March: tomorrow 50
    assert answers(clinic, tmp_path, table, text.format("DD/MM/YYYY")) == [{"age": "young"}]
    assert answers(clinic, tmp_path, table.replace("03/03/2026", "04/03/2026"), text.format("MM/DD/YYYY")) == [
        {"age": "old"}
    ]


@given(st.dates(), st.dates())
def test_years_between_dates_are_the_birthdays_that_have_been(one: date, other: date) -> None:
    begin, end = sorted([one, other])
    birthdays = [(year, begin.month, begin.day) for year in range(begin.year + 1, end.year + 1)]
    been = sum(birthday <= (end.year, end.month, end.day) for birthday in birthdays)
    assert TimeBetween("years")(str(begin), str(end)) == str(been)


@pytest.mark.parametrize(
    ("unit", "expected"), [("days", "45"), ("weeks", "6.42857142857"), ("months", "1"), ("years", "0")]
)
def test_the_time_between_two_dates(unit: str, expected: str) -> None:
    assert TimeBetween(unit)("2026-01-15", "2026-03-01") == expected


def test_units_and_bands(clinic: Network, tmp_path: Path) -> None:
    table = "months,weeks,label\n600,5.9,a\n599,6,a\n,,a\n"
    text = """
columns:
  months: {question: age, unit: months}
  weeks: {question: length, bands: {short: [0, 6], long: [6, 1000]}}
"""
    assert answers(clinic, tmp_path, table, text) == [
        {"age": "old", "length": "short"},
        {"age": "young", "length": "long"},
        {},
    ]


def test_a_number_between_the_bands() -> None:
    bands = Bands({"short": (0.0, 6.0), "long": (10.0, 20.0)})
    assert bands.state(6.0) == BadCell("6 is in none of its bands (short [0, 6], long [10, 20]); widen one in the map")


@pytest.mark.parametrize(
    ("decimals", "text", "read"),
    [
        (Decimals("."), "38.6", "38.6"),
        (Decimals("."), "38,6", "38,6"),
        (Decimals(","), "38,6", "38.6"),
        (Decimals(","), "38.6", "38.6"),
        (Decimals(","), "0,123", "0.123"),
        (Decimals(",", is_told=True), "1,234", "1.234"),
        (Decimals(","), "1,234", None),
        (Decimals(",", is_told=True), "1.234", None),
        (Decimals(","), "no", "no"),
    ],
)
def test_decimals(decimals: Decimals, text: str, read: str | None) -> None:
    found = decimals.plain(text)
    assert isinstance(found, BadCell) if read is None else found == read


def test_a_state_called_none_is_no_blank() -> None:
    assert CellReader(blank="other", states=("none", "other"))("none") == "none"
    assert CellReader(blank="other", states=("some", "other"))("none") == "other"


@pytest.mark.parametrize("form", ["DD.MM.YY", "DD.MM", "YYYY-MM-DD-DD", "YYYYMM"])
def test_forms_of_dates_that_are_none(form: str) -> None:
    with pytest.raises(ValueError, match=form):
        date_pattern(form)


def test_a_date_that_is_none() -> None:
    assert read_date("2026-02-30") is None
    assert read_date("soon") is None


# --- columns that the map does not speak of --------------------------------------------------------------------------


def test_what_is_not_read_is_told_and_what_the_map_does_not_name_is_refused(clinic: Network, tmp_path: Path) -> None:
    table = "nr,limp,Ward,Room,x\n1,yes,A,1,2\n"
    result = score(clinic, tmp_path, table, "key: [nr]\nignore: [Ward, Room, others]")
    assert result.notes == (
        "3 columns are not read: 'Ward', 'Room', 'x'",
        "a blank is not known, in all 1 columns that are read",
    )
    assert pd.read_csv(result.output)["nr"].tolist() == [1]
    told = "unknown column 'x'; make it a key, or ignore it; a column that the map does not name goes under its ignore"
    with pytest.raises(TableError) as caught:
        score(clinic, tmp_path, table, "key: [nr]\nignore: [Ward, Room]")
    assert str(caught.value) == told


def test_headings_with_other_blanks(clinic: Network, tmp_path: Path) -> None:
    table = '" Age\n(years) ",limp,label\n52,yes,a\n'
    assert answers(clinic, tmp_path, table, "columns: {Age (years): age}") == [{"age": "old", "limp": "yes"}]


def test_a_map_tells_the_form_and_an_option_goes_first(clinic: Network, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("limp;x|age\nyes;1|52\n")
    (tmp_path / "map.yaml").write_text('separator: "|"\nignore: ["limp;x"]')
    source = open_source(tmp_path / "in.csv", clinic, TableOptions(map=tmp_path / "map.yaml"))
    assert [reader.question for reader in source.readers] == ["age"]


def test_two_columns_for_one_question(clinic: Network, tmp_path: Path) -> None:
    with pytest.raises(
        TableError, match="columns 'Hinkt' and 'limp' both say limp; expected one column for a question"
    ):
        score(clinic, tmp_path, "Hinkt,limp\nyes,no\n", "columns: {Hinkt: limp}")


def test_another_map_is_another_run(clinic: Network, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("limp\nyes\n")
    found = []
    for text in ("blank: no", "blank: unknown"):
        (tmp_path / "map.yaml").write_text(text)
        found.append(open_source(tmp_path / "in.csv", clinic, TableOptions(map=tmp_path / "map.yaml")).how["map"])
    assert found[0] != found[1]


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "map.yaml: got an empty file; expected YAML data"),
        ("columns: {}", "map.yaml:1: columns: got no column; expected a question for each column that is read"),
        ("colums: {Hinkt: limp}", "map.yaml:1: colums: got 'colums'; expected a known key; did you mean columns?"),
        (
            "columns: {Hinkt: limb}",
            "map.yaml:1: columns.Hinkt: got 'limb'; expected a finding or risk factor; put what",
        ),
        (
            "columns:\n  Hinkt: {question: limp, values: {J: ja}}",
            "map.yaml:2: columns.Hinkt.values.J: got 'ja'; expected",
        ),
        (
            "columns:\n  Hinkt:\n    question: limp\n    values:\n      J:",
            "map.yaml:5: columns.Hinkt.values.J: got nothing",
        ),
        ("columns: {Hinkt: {question: limp, blank: maybe}}", "got 'maybe'; expected an answer to limp (no, yes)"),
        ("columns: {T: {question: age, unit: kg}}", "got 'kg'; expected a unit that can be told in years; convert the"),
        ("columns: {T: {question: limp, unit: kg}}", "got 'kg'; expected no unit, for the question has none; convert"),
        ("columns: {T: {question: length, bands: {shrt: [0, 1]}}}", "got 'shrt'; expected a state of length; did you"),
        ("columns: {T: {question: length, until: x}}", "expected a unit of time (years, months, weeks, days)"),
        ("columns: {T: {question: length, until: x, unit: days}}", "expected bands: with numbers for its states"),
        ("values: {J: ja}", "map.yaml:1: values.J: got 'ja'; expected a state of some question; correct it"),
        (
            "dates: DD.MM.YY",
            "map.yaml:1: dates: got 'DD.MM.YY'; expected YYYY, MM and DD; write it so, as in DD/MM/YYYY",
        ),
        ("separator: ab", "got separator 'ab'; expected a form of CSV; correct it"),
        ("label: {column: limp, values: {x: aa}}", "got 'aa'; expected a condition, other or none; "),
        ("[a]", "map.yaml:1: got a list of 1; expected columns and what they say; write lines of key: value"),
    ],
)
def test_maps_that_are_none(clinic: Network, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "map.yaml").write_text(text)
    with pytest.raises(TableError) as caught:
        read_map(tmp_path / "map.yaml", clinic)
    assert told in str(caught.value)


def test_all_that_is_wrong_with_a_map_is_told_a_fault_a_line(clinic: Network, tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("columns:\n  x: limb\n  y: sx\nvalues: {J: ja}\n")
    with pytest.raises(TableError) as caught:
        read_map(tmp_path / "map.yaml", clinic)
    assert sorted(line.partition(": got")[0] for line in str(caught.value).splitlines()) == [
        "map.yaml:2: columns.x",
        "map.yaml:3: columns.y",
        "map.yaml:4: values.J",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: {Hinkt: limp}", "no column 'Hinkt' of the map's columns; did you mean"),
        ("columns: {zzz: limp}", "no column 'zzz' of the map's columns; the table has 'Hinkd', 'age'"),
        ("columns: {age: {question: age, until: Seen}}", "no column 'Seen' of the map's until; the table has"),
        ("key: [nr]", "no column 'nr'; the table has 'Hinkd', 'age'"),
        ("ignore: [nr]", "no column 'nr'; the table has 'Hinkd', 'age'"),
        ("setting: where\nignore: [Hinkd]", "no column 'where' of the map's setting"),
    ],
)
def test_maps_of_another_table(clinic: Network, tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TableError) as caught:
        score(clinic, tmp_path, "Hinkd,age\nyes,52\n", text)
    assert told in str(caught.value)
