"""The floors of the house: what lies below knows nothing of what lies above, and no files import in a circle.

Lazy imports and those for types alone count like any other.
"""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import bayesknee

ROOT = Path(bayesknee.__file__).parent
MOST_FILES = 22  # in one folder: more than one can take in at a glance is a bag

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
    ("diagnosis.guideline_scores",),
    ("interop", "diagnosis.triage", "authoring"),
    ("diagnosis.belief",),
    ("diagnosis.asking",),
    ("diagnosis.explaining",),
    ("diagnosis",),
    ("interview", "cohort"),
    ("plots",),
    ("display",),
    ("tool_server",),
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


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """What a file imports of the package, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [(alias.name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports are not followed"
            names = [(f"{node.module}.{alias.name}", str(node.module)) for alias in node.names]
        for longer, shorter in names:
            for name in (longer, shorter):
                if name.split(".")[0] == "bayesknee" and (inside := name.partition(".")[2]) in known:
                    found.add(inside)
                    break
    return found


KNOWN = modules()
GRAPH = {name: imports(path, KNOWN) - {name} for name, path in KNOWN.items()}


def floor_of(module: str) -> tuple[int, str]:
    """The floor of a module, and under which name it stands there."""
    parts = module.split(".")
    prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    named = {name: number for number, names in enumerate(FLOORS) for name in names if name in prefixes}
    assert named, f"{module or 'the package itself'} stands on no floor"
    name = max(named, key=len)
    return named[name], name


def defined_classes() -> dict[str, list[str]]:
    """The modules that define a class of each name."""
    found: dict[str, list[str]] = {}
    for module, path in KNOWN.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(module)
    return found


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


def test_no_two_classes_share_a_name() -> None:
    assert {name: modules for name, modules in defined_classes().items() if len(modules) > 1} == {}


def test_no_folder_is_a_bag() -> None:
    sizes = Counter(path.parent for path in KNOWN.values())
    assert max(sizes.values()) <= MOST_FILES


def test_types_are_imported_as_anything_else() -> None:
    """Blocks for type checkers alone break pages that are made from annotations."""
    blocks = [name for name, path in KNOWN.items() if "if TYPE_CHECKING" in path.read_text(encoding="utf-8")]
    assert sorted(blocks) == ["", "lazy_types"]
