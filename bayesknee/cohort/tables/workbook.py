"""A sheet of an Excel workbook, read a row after the other; what could be two things is refused.

What is read is what a person sees: of a formula its value, as it was when the workbook was saved.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from bayesknee.cohort.extras import require
from bayesknee.cohort.tables.cells import cell_text
from bayesknee.errors import TableError, name_hint, printable, quoted

CODEBOOK: Final = "codebook"  # the sheet of a template that says what its columns mean
# Bytes of a workbook when unpacked: a small file can be packed from any number of them. Five million cells. Judged
MOST_UNPACKED: Final = 2**29
MACROS: Final = "vbaProject.bin"
OTHER_BOOKS: Final = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")  # what a person may name instead
_BLOCK: Final = 2**20
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([^"]+)"')
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_LONGEST_TAG: Final = 200  # bytes that may lie across the end of a block


class _Marks(NamedTuple):
    """What the text of a sheet holds that its values do not tell."""

    merged: str
    has_formulas: bool


def other_book(path: Path) -> str:
    """The error text for a workbook of another kind; empty for a file that is none."""
    if path.suffix.lower() not in OTHER_BOOKS:
        return ""
    without = " without macros" if path.suffix.lower() in (".xlsm", ".xlsb") else ""
    return (
        f"{printable(path.name)} is a {path.suffix.lower()} file; expected .xlsx{without} or .csv; save it again as one"
    )


def read_sheet(path: Path, sheet: str = "") -> Iterator[list[str]]:
    """The rows of a workbook's sheet as texts, the header first, rows without any cell left out.

    Args:
        path: an .xlsx file.
        sheet: its name; where left out, the only one beside a codebook.

    Raises:
        TableError: no workbook, macros, several sheets, merged cells, or a formula whose value is not there.
    """
    require("openpyxl", "cohort")
    with _opened(path) as archive:
        _check_archive(path, archive)
    with _book(path, values=True) as book:
        name = _sheet_name(path, book, sheet)
        marks = _marks_of(path, book[name])
        if marks.merged:
            told = f"{printable(path.name)}: cells {marks.merged} of sheet {quoted(name)} are merged"
            raise TableError(f"{told}; expected a value in each cell; unmerge them and fill each one")
        width = 0
        for row in _rows(path, book, name, checked=marks.has_formulas):
            texts = _trimmed([cell_text(cell) for cell in row], width)
            width = width or len(texts)
            if any(texts):
                yield texts


def _trimmed(texts: list[str], width: int) -> list[str]:
    """A row without the blanks at its end beyond this width, and with blanks up to it."""
    while len(texts) > width and not texts[-1]:
        texts.pop()
    return [*texts, *[""] * (width - len(texts))]


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError):
        told = f"cannot read {printable(path.name)}: it is no workbook, is damaged, or has a password"
        raise TableError(f"{told}; save it again as .xlsx without one, or as .csv") from None


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    name = printable(path.name)
    if any(each.endswith(MACROS) for each in archive.namelist()):
        raise TableError(f"{name} has macros; expected a workbook without; save it again as .xlsx without macros")
    if (size := sum(each.file_size for each in archive.infolist())) > MOST_UNPACKED:
        told = f"{name} has {size:,} bytes when unpacked"
        raise TableError(f"{told}; expected at most {MOST_UNPACKED:,}; save it again as .csv or .parquet")


@contextmanager
def _book(path: Path, *, values: bool) -> Iterator[Any]:
    """The workbook, opened by openpyxl; whatever it stumbles over in a damaged file is one error of ours."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
    except Exception as error:  # noqa: BLE001 (a damaged file may raise any error there)
        raise TableError(_damaged(path, error)) from None
    try:
        yield book
    finally:
        book.close()


def _damaged(path: Path, error: Exception) -> str:
    told = " ".join(str(error).split()) or type(error).__name__
    return f"cannot read {printable(path.name)}: {told}; check that the workbook is whole, or save it again"


def _sheet_name(path: Path, book: Any, sheet: str) -> str:  # noqa: ANN401 (openpyxl's)
    names: list[str] = [each.title for each in book.worksheets]
    if sheet:
        if sheet not in names:
            hint = name_hint(sheet, names)
            raise TableError(f"{printable(path.name)} has no sheet {quoted(sheet)}; {hint}")
        return sheet
    tables = [name for name in names if name.strip().lower() != CODEBOOK]
    if len(tables) > 1:
        tables = [name for name in tables if _has_cells(book[name])]
    if len(tables) != 1:
        told = (
            f"{printable(path.name)} has {len(tables) or len(names)} sheets, {', '.join(map(quoted, tables or names))}"
        )
        raise TableError(f"{told}; expected one table; name its sheet with --sheet")
    return tables[0]


def _has_cells(sheet: Any) -> bool:  # noqa: ANN401 (openpyxl's)
    return any(any(cell is not None for cell in row) for row in islice(sheet.iter_rows(values_only=True), 100))


def _marks_of(path: Path, sheet: Any) -> _Marks:  # noqa: ANN401 (openpyxl's)
    """Merged cells and formulas: openpyxl tells of them only where it holds all of a sheet in memory."""
    merged, has_formulas, tail = "", False, b""
    with _opened(path) as archive, archive.open(sheet._worksheet_path) as file:  # noqa: SLF001 (there is no other way)
        while block := file.read(_BLOCK):
            text = tail + block
            if found := _MERGED.search(text):
                merged = merged or printable(found[1].decode("ascii", "replace"))
            has_formulas = has_formulas or _FORMULA.search(text) is not None
            tail = text[-_LONGEST_TAG:]
    return _Marks(merged, has_formulas)


def _rows(path: Path, book: Any, name: str, *, checked: bool) -> Iterator[Sequence[object]]:  # noqa: ANN401
    try:
        if not checked:
            yield from book[name].iter_rows(values_only=True)
            return
        with _book(path, values=False) as formulas:
            both = zip(book[name].iter_rows(values_only=True), formulas[name].iter_rows(), strict=True)
            for row, cells in both:
                _check_values(path, name, row, cells)
                yield row
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001 (likewise)
        raise TableError(_damaged(path, error)) from None


def _check_values(path: Path, name: str, row: Sequence[object], cells: Sequence[Any]) -> None:
    for value, cell in zip(row, cells, strict=False):
        if value is None and cell.data_type == "f":
            told = (
                f"{printable(path.name)}: cell {cell.coordinate} of sheet {quoted(name)} is a formula without a value"
            )
            raise TableError(f"{told}; open the workbook, let it calculate, and save it; or write the value there")
