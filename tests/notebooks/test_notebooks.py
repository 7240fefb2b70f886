"""The notebooks run from top to bottom in a clean kernel, and show what their files say they show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks.running import LARGEST, NOTEBOOKS, machine_paths, read, run, shown, write

pytestmark = pytest.mark.filterwarnings("default")  # of the tools that run a notebook; its own kernel has its own


def _name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize(
    "path", [NOTEBOOKS[0], *(pytest.param(path, marks=pytest.mark.slow) for path in NOTEBOOKS[1:])], ids=_name
)
def test_it_runs_and_shows_what_it_says(path: Path, update_golden: bool) -> None:
    if update_golden:
        write(path)
        return
    assert shown(run(path)) == shown(read(path)), "if this is as meant: python -m tests.notebooks --write"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_it_is_small_and_names_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < LARGEST
    assert machine_paths(text) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_it_asserts_what_it_claims(path: Path) -> None:
    code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    assert code.count("assert ") >= 3


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
