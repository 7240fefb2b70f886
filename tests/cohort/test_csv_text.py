"""CSV files looked at before they are read: their encoding, and whether every quote is where one can be."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayesknee.cohort.tables.csv_form import UTF8, CsvText
from bayesknee.cohort.tables.csv_text import check_text
from bayesknee.errors import TableError

OPENED = "a quote opens a cell and is not closed at its end; close it there, and write a quote within a cell twice"
MIDDLE = "a quote in the middle of a cell; put the whole cell in quotes, and write a quote within it twice"


@pytest.fixture(params=[1, 2, 5, 2**22])
def blocks_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every quote, line and letter comes at the end of one."""
    monkeypatch.setattr("bayesknee.cohort.tables.csv_text.BLOCK", request.param)


def told(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        check_text(CsvText(path, UTF8, ","))
    return str(caught.value)


@pytest.mark.usefixtures("blocks_of")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'a,b\n1,"yes\n2,"no"\n', f"in.csv, line 2: {OPENED}"),  # the next quote closes it, before a letter
        (b'a,b\n1,yes\n2,"no\n3,yes\n', f"in.csv, line 3: {OPENED}"),  # nothing closes it
        (b'a,b\n1,"two\nlines\n2,"no"\n', f"in.csv, line 2: {OPENED}"),
        (b'a,b\n1,5" long\n', f"in.csv, line 2: {MIDDLE}"),
        (b'a,b\n"1","x"y"\n', f"in.csv, line 2: {OPENED}"),
        (b'\xef\xbb\xbf"a,b\n', f"in.csv, line 1: {OPENED}"),
        ("a\nyés\n".encode("latin-1"), "in.csv is not in UTF-8 in line 2; save it again in that encoding"),
        (b"a\nyes\0\n", "in.csv is not in UTF-8 in line 2; save it again in that encoding"),
        ("a\né".encode()[:-1], "in.csv is not in UTF-8; save it again in that encoding"),
    ],
)
def test_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    assert told(tmp_path / "in.csv", content) == problem


@pytest.mark.usefixtures("blocks_of")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'\xef\xbb\xbf"a","b"\r\n"1",""\r\n',
        b'a,b\n"two\nlines, and a comma","a ""word"""\n',
        '"é","€"\n'.encode(),
        b'"a"\r"b"\r',
    ],
)
def test_taken(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(content)
    check_text(CsvText(tmp_path / "in.csv", UTF8, ","))


@pytest.mark.usefixtures("blocks_of")
@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_quote_stands_beside_the_sign_between_columns(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f'a{separator}"b"{separator}"c"\n')
    check_text(CsvText(path, UTF8, separator))
    with pytest.raises(TableError, match="a quote in the middle of a cell"):
        check_text(CsvText(path, UTF8, ","))


CELLS = st.lists(st.lists(st.text('a",\n\ré ', max_size=4), min_size=2, max_size=3), min_size=1, max_size=4)


@given(CELLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_what_a_program_writes_is_taken(tmp_path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    (tmp_path / "in.csv").write_bytes(text.getvalue().encode())
    check_text(CsvText(tmp_path / "in.csv", UTF8, ","))


@given(CELLS, st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_a_quote_less_is_always_noticed(tmp_path: Path, rows: list[list[str]], data: st.DataObject) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    written = text.getvalue()
    gone = data.draw(st.sampled_from([place for place, letter in enumerate(written) if letter == '"']))
    (tmp_path / "in.csv").write_bytes((written[:gone] + written[gone + 1 :]).encode())
    with pytest.raises(TableError, match="a quote "):
        check_text(CsvText(tmp_path / "in.csv", UTF8, ","))
