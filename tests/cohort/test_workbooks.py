"""Workbooks: what is read of them, and what is refused or asked back."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bayesknee.cohort.tables.reading import read_table
from bayesknee.cohort.tables.workbook import MOST_UNPACKED, read_sheet
from bayesknee.errors import TableError

openpyxl = pytest.importorskip("openpyxl")
ROWS: list[list[object]] = [
    ["id", "limp", "age", None],
    [1, True, 45.5, None],
    [None, None, None, None],
    ["b", "no", 50.0, None],
    [datetime(2026, 1, 31), "yes", None, None],  # noqa: DTZ001 (cells have no zone)
]
TEXTS = [["id", "limp", "age"], ["1", "true", "45.5"], ["b", "no", "50"], ["2026-01-31", "yes", ""]]


def book(folder: Path, change: Callable[[Any], object] = lambda _: None) -> Path:
    """A workbook of these rows, changed."""
    made = openpyxl.Workbook()
    for row in ROWS:
        made.active.append(row)
    change(made)
    made.save(folder / "in.xlsx")
    return folder / "in.xlsx"


def test_cells_are_the_texts_that_a_csv_file_would_hold(tmp_path: Path) -> None:
    assert list(read_sheet(book(tmp_path))) == TEXTS


def test_a_codebook_is_no_table_and_an_empty_sheet_neither(tmp_path: Path) -> None:
    def more(made: Any) -> None:  # noqa: ANN401
        made.create_sheet("Codebook")["A1"] = "column"
        made.create_sheet("Sheet9")

    assert list(read_sheet(book(tmp_path, more))) == TEXTS


def test_one_of_several_sheets(tmp_path: Path) -> None:
    path = book(tmp_path, lambda made: made.create_sheet("other").append(["x"]))
    told = r"in\.xlsx has 2 sheets, 'Sheet', 'other'; expected one table; name its sheet with --sheet"
    with pytest.raises(TableError, match=told):
        list(read_sheet(path))
    assert list(read_sheet(path, "other")) == [["x"]]
    with pytest.raises(TableError, match=r"in\.xlsx has no sheet 'othr'; did you mean other\?"):
        list(read_sheet(path, "othr"))


def test_merged_cells(tmp_path: Path) -> None:
    path = book(tmp_path, lambda made: made.active.merge_cells("B2:B4"))
    with pytest.raises(
        TableError, match=r"in\.xlsx: cells B2:B4 of sheet 'Sheet' are merged; expected a value in each"
    ):
        list(read_sheet(path))


def test_a_formula_is_its_value_and_one_without_is_refused(tmp_path: Path) -> None:
    def formula(made: Any) -> None:  # noqa: ANN401
        made.active["C2"] = "=40+5"

    path = book(tmp_path, formula)
    with pytest.raises(TableError, match=r"cell C2 of sheet 'Sheet' is a formula without a value; open the workbook"):
        list(read_sheet(path))
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[sheet] = (
        parts[sheet]
        .replace(b"<f>40+5</f><v></v>", b"<f>40+5</f><v>45</v>")
        .replace(b"<f>40+5</f><v />", b"<f>40+5</f><v>45</v>")
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert list(read_sheet(path))[1] == ["1", "true", "45"]


def test_macros(tmp_path: Path) -> None:
    path = book(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(TableError, match=r"in\.xlsx has macros; expected a workbook without; save it again as \.xlsx"):
        list(read_sheet(path))


def test_a_workbook_that_is_packed_from_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.cohort.tables.workbook.MOST_UNPACKED", 1000)
    assert MOST_UNPACKED > 1000
    with pytest.raises(TableError, match=r"in\.xlsx has [\d,]+ bytes when unpacked; expected at most 1,000; save it"):
        list(read_sheet(book(tmp_path)))


@pytest.mark.parametrize("content", [b"no archive", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 a password"])
def test_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.xlsx").write_bytes(content)
    with pytest.raises(
        TableError, match=r"cannot read in\.xlsx: it is no workbook, is damaged, or has a password; save"
    ):
        list(read_sheet(tmp_path / "in.xlsx"))


@pytest.mark.parametrize("missing", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_a_workbook_with_a_part_missing(tmp_path: Path, missing: str) -> None:
    path = book(tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != missing}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(TableError, match=r"in\.xlsx"):
        list(read_sheet(path))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("in.xls", "in.xls is a .xls file; expected .xlsx or .csv; save it again as one"),
        ("in.xlsm", "in.xlsm is a .xlsm file; expected .xlsx without macros or .csv; save it again as one"),
        ("in.ods", "in.ods is a .ods file; expected .xlsx or .csv; save it again as one"),
    ],
)
def test_other_kinds_of_workbooks(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(TableError) as caught:
        read_table(tmp_path / name)
    assert str(caught.value) == told


def test_rows_that_are_longer_than_the_header(tmp_path: Path) -> None:
    path = book(tmp_path, lambda made: made.active.append(["c", "no", 1, "more", None]))
    (piece,) = read_table(path).pieces(["id", "limp"], ["limp"])
    assert piece.rows.tolist() == [1, 2, 3]
    assert dict(piece.broken) == {4: "4 fields where the header has 3"}


@pytest.mark.parametrize(
    ("rows", "told"),
    [([], "in.xlsx is empty; expected a header and a row"), ([["id", "limp"]], "in.xlsx has a header and no rows")],
)
def test_nobody(tmp_path: Path, rows: list[list[object]], told: str) -> None:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(tmp_path / "in.xlsx")
    with pytest.raises(TableError, match=told):
        read_table(tmp_path / "in.xlsx")
