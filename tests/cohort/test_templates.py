"""Empty tables with a codebook, and drafts of maps: what is written is read back, and no text becomes a formula."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import pytest

from bayesknee import Engine, load_network
from bayesknee.cohort import read_labelled
from bayesknee.cohort.score_files import score_file
from bayesknee.cohort.tables.draft import draft_map
from bayesknee.cohort.tables.reading import read_table
from bayesknee.cohort.tables.source import TableOptions
from bayesknee.cohort.tables.table_map import read_map
from bayesknee.cohort.tables.template import write_template
from bayesknee.errors import TableError
from tests.support.paths import KNEE_11, NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or

pytest.importorskip("pyarrow")
openpyxl = pytest.importorskip("openpyxl")
TINY = load_network(NETWORKS / "tiny")
KNEE = load_network(KNEE_11)


def sheets(path: Path) -> dict[str, list[list[object]]]:
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in openpyxl.load_workbook(path)}


def test_a_workbook_with_a_codebook(tmp_path: Path) -> None:
    assert write_template(TINY, tmp_path / "t.xlsx") == (tmp_path / "t.xlsx",)
    found = sheets(tmp_path / "t.xlsx")
    assert found["patients"] == [["id", *TINY.questions, "label"]]
    codebook = {str(row[0]): row for row in found["codebook"]}
    assert [*codebook] == ["column", "id", *TINY.questions, "label"]
    assert codebook["age"][3] == (
        "a number in years; under_50 = 18 to under 50 years; over_50 = 50 years or more; unknown"
    )
    assert codebook["tennis"][3] == "no; yes; unknown"
    gated = next(iter(TINY.gated))
    assert " is " in str(codebook[gated][6])
    assert "strain = Tendon strain" in str(codebook["label"][3])


def test_what_is_filled_in_is_scored(tmp_path: Path) -> None:
    write_template(TINY, tmp_path / "t.xlsx", ["tennis", "age"])
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book["patients"].append(["p1", "yes", 45, "strain"])
    book["patients"].append(["p2", None, None, "other"])
    book.save(tmp_path / "t.xlsx")
    result = score_file(Engine(TINY), tmp_path / "t.xlsx", tmp_path / "scores.csv")
    with result.output.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["p1", "p2"]
    expected = Engine(TINY).diagnose({"tennis": "yes", "age": 45}).posterior["strain"]
    assert float(rows[0]["strain"]) == pytest.approx(expected, abs=1e-12)
    assert [case.label for case in read_labelled(tmp_path / "t.xlsx", TINY)] == [("strain",), ("other",)]


def test_text_files_with_a_codebook(tmp_path: Path) -> None:
    files = write_template(TINY, tmp_path / "t.csv", ["tennis"])
    assert [file.name for file in files] == ["t.csv", "t.codebook.csv"]
    assert files[0].read_text() == "id,tennis,label\n"
    assert files[1].read_text().startswith("column,name,question,answers,unit,asked_of,asked_if\nid,Key,")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("t.ods", "t.ods is a .ods file; expected .xlsx or .csv"),
        ("t.txt", "is neither .csv nor .xlsx; give it one of these names"),
        ("no/t.csv", "no folder"),
        ("there.csv", "is there already; name another file, or remove it"),
    ],
)
def test_places_that_are_refused(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "there.csv").write_text("filled in")
    with pytest.raises(TableError, match=told):
        write_template(TINY, tmp_path / name)
    assert (tmp_path / "there.csv").read_text() == "filled in"


FORMULAS = network(
    condition("a", 0.6),
    condition("b", 0.7),
    finding("limp", noisy_or(0.1, a=0.5)),
)


def hostile() -> object:
    """A network whose texts a spreadsheet would take for formulas."""
    from dataclasses import replace

    limp = replace(FORMULAS.findings["limp"], label="=1+1", question='=HYPERLINK("http://x")', help="+1")
    return replace(FORMULAS, findings={"limp": limp})


def test_no_text_of_a_network_becomes_a_formula(tmp_path: Path) -> None:
    write_template(hostile(), tmp_path / "t.xlsx")  # type: ignore[arg-type]
    cells = [cell for sheet in openpyxl.load_workbook(tmp_path / "t.xlsx") for row in sheet for cell in row]
    assert "=1+1" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    write_template(hostile(), tmp_path / "t.csv")  # type: ignore[arg-type]
    assert "'=1+1" in (tmp_path / "t.codebook.csv").read_text()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_a_spreadsheet_finds_no_formula_in_what_is_written(tmp_path: Path) -> None:
    """LibreOffice itself opens the scores, the rejects and the template, and writes what it understood."""
    (tmp_path / "in.csv").write_text("id,tennis\n=1+1,yes\n@SUM(1),bad\n+1+1,no\n")
    score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "scores.csv")
    write_template(hostile(), tmp_path / "template.xlsx")  # type: ignore[arg-type]
    for name in ("scores.csv", "scores.rejects.csv", "template.xlsx"):
        command = ("soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless")
        run = (*command, "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(tmp_path / name))
        subprocess.run(run, check=True, capture_output=True, timeout=120)
        book = openpyxl.load_workbook((tmp_path / "out" / name).with_suffix(".xlsx"))
        assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n"}


# --- drafts ----------------------------------------------------------------------------------------------------------

FOREIGN = """Patient ID;Date of birth;Visit date;Gender;Calf swelling;Lump behind knee;D-Dimer;Onset;Name;Diagnosis;Ward
1;1980-02-03;2026-01-05;Male;Y;N;800;Gradual;Ada;DVT;A
2;1970-02-03;2026-01-05;F;N;1;NA;Sudden;Bob;Torn meniscus;A
3;1960-12-03;2026-01-06;w;0;J;100;gradual;Eve;Other;B
"""


def test_a_draft_is_refused_until_it_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(FOREIGN)
    drafted = draft_map(read_table(tmp_path / "in.csv"), KNEE)
    assert (drafted.mapped, drafted.ignored, drafted.open) == (6, 2, 2)
    assert [line.strip() for line in drafted.text.splitlines() if not line.startswith("#")] == [
        "columns:",
        "Gender: sex  # guessed: Sex",
        '"Calf swelling": calf_swollen  # guessed: Calf or lower leg swollen',
        '"Lump behind knee": lump_noticed  # guessed: Lump or fullness behind the knee',
        '"D-Dimer": d_dimer_raised  # guessed: D-dimer raised',
        "Onset:",
        "question: onset",
        "values:",
        "Sudden:  # one of gradual, sudden_no_injury, sudden_injury, unknown",
        '"Date of birth": {question: age, until: "Visit date"}  # guessed: the time between the two dates',
        "values: {w: female, J: yes}",
        "blank: unknown",
        'key: ["Patient ID"]',
        "label:  # what it turned out to be, for evaluate and learn",
        "column: Diagnosis",
        "values:",
        "DVT:  # a condition, or other",
        "Other: other  # guessed",
        "ignore:",
        "- Name",
        "- Ward",
    ]
    (tmp_path / "map.yaml").write_text(drafted.text)
    with pytest.raises(TableError) as caught:
        read_map(tmp_path / "map.yaml", KNEE)
    assert [line.partition("; expected")[0] for line in str(caught.value).splitlines()] == [
        "map.yaml:11: columns.Onset.values.Sudden: got nothing",
        "map.yaml:21: label.values.DVT: got nothing",
    ]
    filled = drafted.text.replace("Sudden:", "Sudden: sudden_injury").replace("DVT:", "DVT: deep_vein_thrombosis")
    (tmp_path / "map.yaml").write_text(filled)
    cases = read_labelled(tmp_path / "in.csv", KNEE, table=TableOptions(map=tmp_path / "map.yaml"))
    assert [case.label[0] for case in cases] == ["deep_vein_thrombosis", "meniscus_tear", "other_cause"]
    assert dict(cases[0].evidence.answers) == {
        "age": "age_45_59",
        "sex": "male",
        "onset": "gradual",
        "calf_swollen": "yes",
        "lump_noticed": "no",
        "d_dimer_raised": "yes",
    }


def test_a_draft_tells_nothing_of_one_patient_alone(tmp_path: Path) -> None:
    rows = "".join(f"p{number},Name{number % 9},{'AB'[number % 2]}\n" for number in range(18))
    (tmp_path / "in.csv").write_text(f"nr,name,ward\n{rows}x,Rare,C\n")
    text = draft_map(read_table(tmp_path / "in.csv"), TINY).text
    assert "Name1" not in text
    assert "Rare" not in text
    assert "  - ward\n" in text  # C comes once
    assert "# none was guessed" in text


def test_a_draft_of_too_many_columns_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(",".join(f"c{number}" for number in range(1001)) + "\n" + "1," * 1000 + "1\n")
    with pytest.raises(TableError, match=r"in\.csv has 1,001 columns; expected at most 1,000 for a draft; leave out"):
        draft_map(read_table(tmp_path / "in.csv"), TINY)


def test_a_simulated_table_needs_no_guesses(tmp_path: Path) -> None:
    from bayesknee.cohort.simulate import simulate_file

    simulate_file(Engine(TINY), 40, tmp_path / "in.csv")
    drafted = draft_map(read_table(tmp_path / "in.csv"), TINY)
    assert (drafted.mapped, drafted.ignored, drafted.open) == (len(TINY.questions), 0, 0)
    assert "guessed:" not in drafted.text
    (tmp_path / "map.yaml").write_text(drafted.text)
    mapped = TableOptions(map=tmp_path / "map.yaml")
    plain = score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "plain.csv").output.read_bytes()
    result = score_file(Engine(TINY), tmp_path / "in.csv", tmp_path / "mapped.csv", table=mapped)
    assert result.output.read_bytes() == plain
