"""The API pages have all that is public, and a page of the site has a place in its table of contents."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Final

import pytest

import bayesknee
from tests.support.paths import ROOT

DOCS: Final = ROOT / "docs"
PAGES: Final = "".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "api").glob("*.rst")))
CURRENT: Final = re.findall(r"^\.\. currentmodule:: (\S+)$", PAGES, re.MULTILINE)
DOCUMENTED: Final = set(re.findall(r"^\.\. auto(?:class|function|exception):: (\S+)$", PAGES, re.MULTILINE))
MODULES: Final = re.findall(r"^\.\. automodule:: (\S+)((?:\n   .*)*)", PAGES, re.MULTILINE)
PUBLIC: Final = ("bayesknee", "bayesknee.plots", "bayesknee.cohort", "bayesknee.interview")


def members(module: str, options: str) -> set[str]:
    """What an `automodule` documents of a module."""
    found = re.search(r":members:(.*)", options)
    if found is None:
        return set()
    named = {name.strip() for name in found[1].split(",") if name.strip()}
    loaded = import_module(module)
    own = [name for name, each in vars(loaded).items() if getattr(each, "__module__", "") == module]
    return named or {name for name in getattr(loaded, "__all__", own) if not name.startswith("_")}


def documented() -> dict[int, str]:
    """The things that the pages document, by identity, since some have several paths."""
    paths = {path if "." in path else f"{CURRENT[0]}.{path}" for path in DOCUMENTED}
    paths |= {f"{module}.{name}" for module, options in MODULES for name in members(module, options)}
    split = [path.rpartition(".") for path in sorted(paths)]
    return {id(getattr(import_module(module), name)): name for module, _, name in split}


@pytest.mark.parametrize("package", PUBLIC)
def test_all_that_is_public_is_on_the_pages(package: str) -> None:
    module = import_module(package)
    names = getattr(module, "__all__", None) or [name for name in vars(module) if name[0].isupper()]
    known = documented()
    modules = {module for module, _ in MODULES}
    for name in names:
        assert name == "__version__" or f"{package}.{name}" in modules or id(getattr(module, name)) in known, name


def test_all_pages_are_in_a_table_of_contents() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in (*DOCS.glob("*.md"), *DOCS.glob("*.rst")):
        assert page.stem == "index" or re.search(rf"^{page.stem}$", text, re.MULTILINE), page.name
    api = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    for page in (DOCS / "api").glob("*.rst"):
        assert re.search(rf"^{page.stem}$", api, re.MULTILINE), page.name


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "bayesknee" / "py.typed").exists()


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {bayesknee.__version__}\n" in text
