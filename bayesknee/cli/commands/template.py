"""`bayesknee template`: an empty table with a codebook, or a draft of the map from a foreign table."""

from __future__ import annotations

from pathlib import Path

import click

from bayesknee.cli.options import complete_answer, examples, network_option, print_text
from bayesknee.errors import BayeskneeError, unknown_text
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network
from bayesknee.knowledge.network import Network


@click.command(
    "template",
    epilog=examples(
        "bayesknee template -o patients.xlsx",
        "bayesknee template -o patients.csv age sex calf_swollen",
        "bayesknee template --from export.csv -o map.yaml",
    ),
)
@click.argument("findings", nargs=-1, metavar="[FINDING]...", shell_complete=complete_answer)
@click.option("-o", "--output", required=True, metavar="OUT", help="The file to write; it must not be there yet.")
@click.option("--from", "foreign", metavar="TABLE", help="A foreign table, of which to draft the map.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@network_option
def command(
    findings: tuple[str, ...], output: str, foreign: str | None, sheet: str | None, network: str | None
) -> None:
    """Write an empty table to fill in, or draft the map of a foreign one.

    OUT is an .xlsx or .csv file with a column for each finding and risk factor, or for those that are named, and with
    a codebook: what each column means and what can be answered, as a second sheet or file. Filled in, it is read by
    score, evaluate and learn.

    With --from, OUT is a .yaml file that says what the columns of a foreign table mean, as far as their names and
    values tell. It is a guess: a person looks at each line, fills in what is empty, and gives it to --map.
    """
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    if foreign is not None:
        if findings:
            raise BayeskneeError("--from drafts the map of all columns; leave the findings out")
        _draft(loaded, foreign, Path(output), sheet or "")
        return
    from bayesknee.cohort.tables.template import write_template
    from bayesknee.patient.answer_reader import meant_name

    names = [meant_name(loaded, name) for name in findings]
    for name in names:
        if name not in loaded.questions:
            raise BayeskneeError(unknown_text("finding", name, loaded.questions, f"of network {loaded.id}"))
    files = write_template(loaded, output, names)
    print_text(f"{len(names) or len(loaded.questions)} columns to fill in: {' and '.join(map(str, files))}\n")


def _draft(network: Network, foreign: str, output: Path, sheet: str) -> None:
    from bayesknee.cohort.tables.draft import draft_map
    from bayesknee.cohort.tables.reading import read_table
    from bayesknee.cohort.tables.template import check_free
    from bayesknee.files import write_file

    if output.suffix.lower() not in (".yaml", ".yml"):
        raise BayeskneeError(f"the map {str(output)!r} is not named .yaml; give the file that name")
    check_free(output)
    drafted = draft_map(read_table(foreign, sheet=sheet), network)
    write_file(output, drafted.text.encode())
    empty = f", {drafted.open} values to be filled in" if drafted.open else ""
    print_text(f"{drafted.mapped} columns guessed, {drafted.ignored} ignored{empty}: {output}\n")
    print_text("Look at each line of it, then give it to score, evaluate or learn with --map.\n")
