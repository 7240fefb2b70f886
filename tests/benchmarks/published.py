"""The networks of the bnlearn repository that ship inside pgmpy: which come in, and why others do not.

`python -m tests.benchmarks.published` prints the table of docs/interop.md, in about four minutes. Names of
networks behind it are tried alone. What comes in is compared with pyAgrum on random evidence; where it differs by more
than 1e-9, the command fails.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Final

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import ImportFileError, ImpossibleEvidenceError
from bayesknee.interop.foreign_files import read_foreign
from bayesknee.interop.foreign_model import ForeignModel
from bayesknee.interop.from_foreign import ImportedNetwork, import_model
from tests.support.other_programs import gum
from tests.support.pyagrum_model import tables_to_pyagrum

PATIENTS: Final = 100
SHARE: Final = 0.4  # of the nodes that are answered
WITHIN: Final = 1e-9


def main(names: list[str]) -> None:
    """Prints a row for each network, the smallest file first."""
    folder = files("pgmpy").joinpath("utils", "example_models")
    packed = {each.name.removesuffix(".bif.gz"): each.read_bytes() for each in folder.iterdir() if ".bif" in each.name}
    sys.stdout.write("| Network | Nodes | Off pyAgrum | Conditions, or the first reason why not |\n|---|--:|---|---|\n")
    for name in sorted(packed, key=lambda name: (len(packed[name]), name)):
        if not names or name in names:
            sys.stdout.write(f"| {name} | {' | '.join(row(name, gzip.decompress(packed[name])))} |\n")
            sys.stdout.flush()


def row(name: str, content: bytes) -> tuple[str, str, str]:
    """The number of nodes, how far off pyAgrum what comes in is at most, and what of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.bif"
        path.write_bytes(content)
        model = read_foreign(path, renormalise=True)
    nodes = str(len(model.tables))
    try:
        read = import_model(model)
    except ImportFileError as error:
        first, *others = str(error).splitlines()
        more = f" ({len(others)} more of such lines)" if others else ""
        return nodes, "refused", first.removeprefix(f"{name}.bif: ").partition("; expected")[0].replace("|", "/") + more
    if (off := furthest(model, read)) > WITHIN:
        raise SystemExit(f"{name} is off by {off:g}")
    present = read.roles.present
    conditions = ", ".join(f"{each} = {state}" if state else each for each, state in present.items())
    return nodes, f"{off:.0e}", conditions


def furthest(model: ForeignModel, read: ImportedNetwork) -> float:
    """The greatest difference of a posterior from pyAgrum's, over random patients."""
    engine, agrum, rng = Engine(read.network), tables_to_pyagrum(model.tables), Random(model.title)
    states = {table.node: table.states for table in model.tables}
    asked = [name for name in states if name not in (*read.roles.conditions, *read.left_out)]
    off = 0.0
    for _ in range(PATIENTS):
        answers = {name: rng.choice(states[name]) for name in asked if rng.random() < SHARE}
        try:
            posterior = engine.diagnose({read.ids[name]: state for name, state in answers.items()}).posterior
        except ImpossibleEvidenceError:
            continue
        other = gum.LazyPropagation(agrum)
        other.setEvidence(answers)
        for condition, present in read.roles.present.items():
            chance = other.posterior(condition)[states[condition].index(present)]
            off = max(off, abs(posterior[read.ids[condition]] - float(chance)))
    return off


if __name__ == "__main__":
    main(sys.argv[1:])
