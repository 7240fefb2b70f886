"""`bayesknee import`: a published noisy-OR network as a network folder."""

from __future__ import annotations

from pathlib import Path

import click

from bayesknee.cli.options import examples, print_text


@click.command("import", epilog=examples("bayesknee import published.json -o my_networks/published"))
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="FOLDER", required=True, help="Folder to write; a new or an empty one.")
def command(file: str, output: str) -> None:
    """Turn a file with a noisy-OR network into a network folder.

    FILE is JSON with conditions (id, prior), findings (id, leak, links) and, if wanted, evidence, which becomes a case
    file in the folder's subfolder cases. Names, urgency and limits of what comes out are placeholders.
    """
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
