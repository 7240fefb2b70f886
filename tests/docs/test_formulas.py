"""docs/formulas.md leads from each formula to its code and its test: what it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.paths import ROOT

PAGE: Final = (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8")
NAMED: Final = re.compile(r"`([\w/]+\.py)` `([\w.]+)`")
DEFINITION: Final = (ast.FunctionDef, ast.ClassDef)
LINES_OF_A_SCREEN: Final = 40


def formulas() -> dict[str, str]:
    """The text below each heading of a formula."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {title: text for title, text in zip(parts[::2], parts[1::2], strict=True) if "```math" in text}


FORMULAS: Final = formulas()


def line(text: str, name: str) -> str:
    """What stands in the line of that name; an error where there is none."""
    found = re.findall(rf"^- {name}: (.+)$", text, re.MULTILINE)
    assert len(found) == 1, f"one line {name}"
    return str(found[0])


def defined(file: Path) -> dict[str, int]:
    """How many lines the functions, classes and methods of a file have, a method as `Class.method`."""
    top = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, DEFINITION)]
    inside = {f"{node.name}.{part.name}": part for node in top for part in node.body if isinstance(part, DEFINITION)}
    found = {node.name: node for node in top} | inside
    return {name: (node.end_lineno or 0) - node.lineno + 1 for name, node in found.items()}


@pytest.mark.parametrize("title", FORMULAS)
def test_a_formula_stands_where_the_page_says(title: str) -> None:
    text = FORMULAS[title]
    for name, folder in (("Code", "bayesknee/"), ("Test", "tests/")):
        told = NAMED.findall(line(text, name))
        assert told, name
        for file, what in told:
            assert file.startswith(folder)
            assert what in defined(ROOT / file), f"{file} has no {what}"
    assert line(text, "Source")


@pytest.mark.parametrize("title", FORMULAS)
def test_a_row_leads_to_what_fits_on_a_screen(title: str) -> None:
    """So that the line that has the formula is found at once: rows name methods, and not their classes."""
    for file, what in NAMED.findall(line(FORMULAS[title], "Code")):
        assert defined(ROOT / file)[what] <= LINES_OF_A_SCREEN, what


def test_the_table_leads_to_each_formula_and_its_file() -> None:
    rows = re.findall(r"^\| \[(.+)\]\(#(.+)\) \| `(.+)` \|$", PAGE, re.MULTILINE)
    assert [(title, file) for title, _, file in rows] == [
        (title, NAMED.findall(line(text, "Code"))[0][0]) for title, text in FORMULAS.items()
    ]
    for title, anchor, _ in rows:
        assert anchor == re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_each_formula_is_there_once() -> None:
    shown = re.findall(r"^```math\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(shown) == len(FORMULAS) == len(set(shown))
