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


def defined(file: Path) -> set[str]:
    """The functions, classes and methods of a file, a method as `Class.method`."""
    top = [node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, DEFINITION)]
    return {node.name for node in top} | {
        f"{node.name}.{inner.name}"
        for node in top
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, ast.FunctionDef)
    }


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
