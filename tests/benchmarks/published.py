"""The networks of the bnlearn repository that ship inside pgmpy: which come in, and why others do not.

`python -m tests.benchmarks.published` prints the table of docs/interop.md, in about four minutes. Names of
networks behind it are tried alone.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from bayesknee.errors import ImportFileError
from bayesknee.interop.foreign_files import read_foreign
from bayesknee.interop.from_foreign import import_model


def main(names: list[str]) -> None:
    """Prints a row for each network, the smallest file first."""
    folder = files("pgmpy").joinpath("utils", "example_models")
    packed = {each.name.removesuffix(".bif.gz"): each.read_bytes() for each in folder.iterdir() if ".bif" in each.name}
    sys.stdout.write("| Network | Nodes | Comes in | Conditions, or the first reason why not |\n|---|--:|---|---|\n")
    for name in sorted(packed, key=lambda name: (len(packed[name]), name)):
        if not names or name in names:
            sys.stdout.write(f"| {name} | {' | '.join(row(name, gzip.decompress(packed[name])))} |\n")
            sys.stdout.flush()


def row(name: str, content: bytes) -> tuple[str, str, str]:
    """The number of nodes, whether it comes in, and what of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.bif"
        path.write_bytes(content)
        model = read_foreign(path, renormalise=True)
    nodes = str(len(model.tables))
    try:
        roles = import_model(model).roles
    except ImportFileError as error:
        first, *others = str(error).splitlines()
        more = f" ({len(others)} more of such lines)" if others else ""
        return nodes, "no", first.removeprefix(f"{name}.bif: ").partition("; expected")[0].replace("|", "/") + more
    return nodes, "yes", ", ".join(f"{each} = {state}" if state else each for each, state in roles.present.items())


if __name__ == "__main__":
    main(sys.argv[1:])
