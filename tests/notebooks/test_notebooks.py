"""The notebooks run from top to bottom in a clean kernel, and show what their files say they show."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.notebooks.running import (
    CHECK,
    FIRST_LINE,
    LARGEST,
    NOTEBOOKS,
    is_check,
    machine_paths,
    read,
    run,
    shown,
    write,
)
from tests.support.paths import ROOT

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
    checks = "\n".join(cell.source for cell in read(path).cells if is_check(cell))
    assert checks.count("assert ") >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_its_asserts_are_out_of_sight(path: Path) -> None:
    """A cell that asserts is folded away, shows nothing, and holds no name that a cell in sight needs."""
    defined: set[str] = set()
    for cell in read(path).cells:
        if is_check(cell):
            assert cell.metadata == CHECK
            assert cell.source.startswith(FIRST_LINE)
            assert cell.outputs == []
            defined |= _names(cell.source, ast.Store)
        elif cell.cell_type == "code":
            assert cell.metadata == {}
            defined -= _names(cell.source, ast.Store)
            assert not defined & _names(cell.source, ast.Load)


def _names(source: str, how: type[ast.expr_context]) -> set[str]:
    """Names that a cell gives a value to, or uses."""
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, how)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_its_links_lead_somewhere(path: Path) -> None:
    """To another notebook in the folder, since `jupyter lab notebooks` shows no other files, or to the web."""
    for cell in read(path).cells:
        for link in re.findall(r"\]\(([^)]+)\)", cell.source) if cell.cell_type == "markdown" else ():
            assert link.startswith("https://") or link in {each.name for each in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_name)
def test_pages_name_it(path: Path) -> None:
    """The page for teachers tells what each shows, and the site has it."""
    assert f"(../notebooks/{path.name})" in (ROOT / "docs" / "teacher.md").read_text(encoding="utf-8")
    assert f"\n../notebooks/{path.stem}\n" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
