"""`bayesknee import`: a network of another program, or a published one, as a network folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from bayesknee.cli.options import examples, print_text
from bayesknee.errors import BayeskneeError


@click.command(
    "import",
    epilog=examples(
        "bayesknee import asia.bif -o my_networks/asia --conditions tub,lung,bronc",
        "bayesknee import published.json -o my_networks/published",
    ),
)
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="FOLDER", required=True, help="Folder to write; a new or an empty one.")
@click.option(
    "--conditions",
    metavar="NODE,NODE...",
    help="Nodes that are conditions; NODE=STATE tells which state counts as present.  [default: as the file says, or "
    "proposed from the graph]",
)
@click.option("--catch-all", metavar="NODE", help="The condition that stands for none of the others.")
@click.option("--renormalise", is_flag=True, help="Divide tables that are off by rounding by their sums.")
def command(file: str, output: str, conditions: str | None, catch_all: str | None, *, renormalise: bool) -> None:
    """Turn a network of another program into a network folder.

    FILE is a Bayesian network as BIF, XMLBIF (.xmlbif, .bifxml, .xml), XDSL of GeNIe, PGMX of OpenMarkov, NET of Hugin
    or UAI. What is a condition, a risk factor, a sign and a finding is printed; what the format of networks cannot say
    is refused.

    Or it is JSON with a noisy-OR network: conditions (id, prior), findings (id, leak, links) and, if wanted, names,
    questions, and evidence, which becomes a case file in the folder's subfolder cases.

    Urgency and limits of what comes out are placeholders.
    """
    if Path(file).suffix.lower() == ".json":
        if conditions or catch_all or renormalise:
            raise BayeskneeError(
                f"{file} is JSON, which tells its conditions; expected no --conditions, --catch-all or --renormalise; "
                "leave them out"
            )
        _published(file, output)
    else:
        _foreign(file, output, _named(conditions), catch_all, renormalise=renormalise)


def _published(file: str, output: str) -> None:
    from bayesknee.interop.folders import write_folder
    from bayesknee.interop.noisy_or_files import read_noisy_or

    read = read_noisy_or(file)
    files = write_folder(read.network, Path(output), read.evidence)
    print_text(
        f"{output}: {len(read.network.conditions)} conditions, {len(read.network.findings)} findings in "
        f"{len(files)} files\n"
    )
    case = f" --case {files[-1]}" if read.evidence else ""
    print_text(f"Try it: bayesknee diagnose --network {output}{case}\n")


def _named(conditions: str | None) -> dict[str, str] | None:
    """The nodes that are named, each with the state that counts as present, or nothing."""
    if conditions is None:
        return None
    words = [word.strip() for word in conditions.split(",") if word.strip()]
    return {name.strip(): state.strip() for name, _, state in (word.partition("=") for word in words)}


def _foreign(
    file: str, output: str, conditions: dict[str, str] | None, catch_all: str | None, *, renormalise: bool
) -> None:
    from bayesknee.interop.folders import write_folder
    from bayesknee.interop.from_foreign import ImportedNetwork, import_file

    def lines(read: ImportedNetwork) -> Iterator[str]:
        network, roles = read.network, read.roles
        yield f"{output}: network {network.id}"
        present = {name: f"{name} (present: {state})" if state else name for name, state in roles.present.items()}
        yield f"Conditions, {roles.origin}: {', '.join(present.values())}"
        for what, names in (
            ("Risk factors", roles.risk_factors),
            ("Signs", roles.signs),
            ("Findings", roles.findings),
            ("Left out, for they tell nothing of the others", read.left_out),
        ):
            if names:
                yield f"{what}: {', '.join(name for name in names if what[0] == 'L' or name not in read.left_out)}"
        if renamed := {name: each for name, each in read.ids.items() if name != each}:
            yield f"Renamed: {', '.join(f'{name} is {each}' for name, each in renamed.items())}"
        yield f"Try it: bayesknee questions --network {output}"

    read = import_file(file, conditions, catch_all=catch_all, renormalise=renormalise)
    write_folder(read.network, Path(output))
    print_text("".join(f"{line}\n" for line in lines(read)))
