"""The floors of the house: what lies below knows nothing of what lies above, and no files import in a circle.

Lazy imports and those for types alone count like any other.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeGuard

import pytest

import bayesknee

ROOT = Path(bayesknee.__file__).parent
MOST_LINES = 300  # of a class: a longer one is two
MOST_FILES = 22  # in one folder: more than one can take in at a glance is a bag

BARE_NAMES_IN = (  # names that are still to be changed
    "inference.enumeration",
    "inference.prior",
    "interop.foreign_files",
    "interop.foreign_model",
    "interop.from_foreign",
    "interop.roles",
    "patient.finding_search",
)

# From the ground up. A package or module stands on the floor of its longest prefix here. It may import what stands on
# lower floors and what shares its line; two names on one floor are neighbours, and do not know each other.
FLOORS = (
    ("errors", "arrays", "words", "plain", "version", "lazy_types"),
    ("log_odds", "interval_95", "markup", "picture_formats", "files"),
    ("knowledge",),
    ("patient",),
    ("inference",),
    ("inference.prior",),
    ("inference.enumeration", "inference.elimination"),
    ("inference.cheaper",),
    ("inference.choose",),
    ("inference.compiled_network",),
    ("diagnosis.guideline_scores", "diagnosis.care_steps"),
    ("interop", "diagnosis.triage", "authoring"),
    ("diagnosis.belief",),
    ("diagnosis.asking",),
    ("diagnosis.explaining",),
    ("diagnosis",),
    ("interview", "cohort", "documents"),
    ("plots", "fhir"),
    ("display",),
    ("tool_server", "server"),
    ("",),
    ("cli",),
    ("__main__",),
)


def modules() -> dict[str, Path]:
    """All files of the package by dotted name, the package itself being the empty one."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree: ast.AST, known: Collection[str]) -> set[str]:
    """What code imports of the package: by a statement, or by the dotted name of a module, whoever is handed it."""
    return {name for node in ast.walk(tree) for names in named(node) if (name := first_known(names, known)) is not None}


def named(node: ast.AST) -> Iterator[tuple[str, ...]]:
    """What may be names of modules: for each, the name itself and, where it may be one in a module, the module's."""
    if isinstance(node, ast.Import):
        yield from ((alias.name,) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, f"line {node.lineno}: relative imports are not followed"
        yield from ((f"{node.module}.{alias.name}", str(node.module)) for alias in node.names)
    elif isinstance(node, ast.JoinedStr):  # a name that is made: that of the folder stands for what is in it
        start = node.values[0]
        if isinstance(start, ast.Constant) and str(start.value).endswith("."):
            yield (str(start.value)[:-1],)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
        yield (node.value,)


def first_known(names: Iterable[str], known: Collection[str]) -> str | None:
    """The first of the names that is a module of the package, without `bayesknee.`; the package itself is empty."""
    inside = (name.partition(".")[2] for name in names if name.split(".")[0] == "bayesknee")
    return next((name for name in inside if name in known), None)


KNOWN = modules()
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in KNOWN.items()}
GRAPH = {name: imported(tree, KNOWN) - {name} for name, tree in TREES.items()}


def floor_of(module: str) -> tuple[int, str]:
    """The floor of a module, and under which name it stands there."""
    parts = module.split(".")
    prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    named = {name: number for number, names in enumerate(FLOORS) for name in names if name in prefixes}
    assert named, f"{module or 'the package itself'} stands on no floor"
    name = max(named, key=len)
    return named[name], name


def defined_types(tree: ast.Module) -> set[str]:
    """The classes that a file defines, nested ones too, and its public aliases and type variables.

    A type has a name with a capital first and small letters. A single letter is a type variable of its file.
    """
    assigned = [node.targets if isinstance(node, ast.Assign) else [node.target] for node in tree.body if is_set(node)]
    names = {target.id for targets in assigned for target in targets if isinstance(target, ast.Name)}
    aliases = {name for name in names if name[0].isupper() and not name.isupper()}
    return aliases | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def is_set(node: ast.stmt) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    """Whether a statement gives a name a value."""
    return isinstance(node, (ast.Assign, ast.AnnAssign))


def defined_names(tree: ast.Module) -> set[str]:
    """What a file names: functions, classes, parameters and variables."""
    return {
        name
        for node in ast.walk(tree)
        for name in (
            node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None,
            getattr(node, "arg", None) if isinstance(node, ast.arg) else None,
            node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else None,
        )
        if name
    }


def speaks_of_type_checking(tree: ast.Module) -> bool:
    """Whether a file has `TYPE_CHECKING` in any form."""
    names = {
        name
        for node in ast.walk(tree)
        for name in (getattr(node, "id", None), getattr(node, "attr", None), *(getattr(node, "names", None) or ()))
    }
    return "TYPE_CHECKING" in {getattr(name, "name", name) for name in names}


def test_no_import_runs_up() -> None:
    arrows = set()
    for module, targets in GRAPH.items():
        floor, name = floor_of(module)
        for target in targets:
            other, other_name = floor_of(target)
            if other > floor or (other == floor and other_name != name):
                arrows.add((module, target))
    assert not arrows


def test_the_files_import_in_no_circle() -> None:
    TopologicalSorter(GRAPH).prepare()  # tells a circle, if there is one


def test_no_two_types_share_a_name() -> None:
    modules: dict[str, list[str]] = {}
    for module, tree in TREES.items():
        for name in defined_types(tree):
            modules.setdefault(name, []).append(module)
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}


def test_no_class_is_two() -> None:
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert {node.name for node in classes if (node.end_lineno or 0) - node.lineno >= MOST_LINES} == set()


def test_names_tell_what_they_stand_for() -> None:
    """A noun is missing in what is called own, whole or some."""
    bare = {
        (module, name)
        for module, tree in TREES.items()
        if not module.startswith(BARE_NAMES_IN)
        for name in defined_names(tree)
        if {"own", "whole", "some"} & set(name.lower().split("_"))
    }
    assert bare == set()


def test_no_folder_is_a_bag() -> None:
    sizes = Counter(path.parent for path in KNOWN.values())
    assert max(sizes.values()) <= MOST_FILES


def test_types_are_imported_as_anything_else() -> None:
    """Blocks for type checkers alone break pages that are made from annotations."""
    assert {name for name, tree in TREES.items() if speaks_of_type_checking(tree)} == {"", "lazy_types"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import bayesknee.words", {"words"}),
        ("from bayesknee import words", {"words"}),
        ("from bayesknee.words import folded", {"words"}),
        ("def later():\n    from bayesknee.plots.canvas import WIDTH", {"plots.canvas"}),
        ('import_module("bayesknee.cli.talking.talk")', {"cli.talking.talk"}),
        ('__import__("bayesknee.display")', {"display"}),
        ('LATER = {"Engine": "bayesknee.diagnosis.engine"}', {"diagnosis.engine"}),
        ('import_module(f"bayesknee.cli.commands.{name}")', {"cli.commands"}),
        ("import numpy.random", set()),
        ('"bayesknee.warnings"  # the name of a logger, and of no module', set()),
        ('"See bayesknee.words, for example."', set()),
    ],
)
def test_what_counts_as_an_import(line: str, expected: set[str]) -> None:
    assert imported(ast.parse(line), KNOWN) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("from typing import TYPE_CHECKING", True),
        ("import typing as t\nif t.TYPE_CHECKING: pass", True),
        ("from typing import Final", False),
        ("'no if TYPE_CHECKING here'", False),
    ],
)
def test_what_counts_as_a_block_for_types(lines: str, expected: bool) -> None:
    assert speaks_of_type_checking(ast.parse(lines)) is expected


def test_what_counts_as_a_type() -> None:
    aliases = "Rows = list\nMany: TypeAlias = Rows\nT = TypeVar('T')\nMOST = 3\n"
    lines = f"{aliases}class Outer:\n    class Inner(NamedTuple): pass"
    assert defined_types(ast.parse(lines)) == {"Rows", "Many", "Outer", "Inner"}
