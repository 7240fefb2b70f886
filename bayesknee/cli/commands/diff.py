"""`bayesknee diff`: what differs between two networks, and what that does to stored cases."""

from __future__ import annotations

import click

from bayesknee.cli.options import examples, json_option, print_json, print_text, setting_option
from bayesknee.knowledge.library import find_network, load_network


@click.command(
    "diff",
    epilog=examples(
        "bayesknee diff old/posterior_knee networks/posterior_knee",
        "bayesknee diff posterior_knee my_networks/clinic --cases patients.jsonl --json",
    ),
)
@click.argument("old")
@click.argument("new")
@click.option("--cases", metavar="CASES", help="Cases to compare.  [default: the folder cases of NEW]")
@setting_option
@json_option
def command(
    old: str,
    new: str,
    cases: str | None,
    setting: str | None,
    as_json: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Tell what differs between two networks, and which cases it changes.

    OLD and NEW are names of networks that ship, or folders. Told are parts that came or went, numbers with another
    value, range, grade or source, and other wording. Then the cases (a folder, a .jsonl file or a table) of which
    another condition leads or the triage level differs, with what moved them: by how many decibans the changed numbers
    of each part, put into the old network alone, raise the new leader against the old one.
    """
    from bayesknee.cohort.comparison import compare
    from bayesknee.cohort.labelled import read_cases
    from bayesknee.display.differences import differences_data, differences_text
    from bayesknee.knowledge.differences import find_differences

    differences = find_differences(load_network(old), load_network(new))
    stored = find_network(new) / "cases"
    comparison = None
    if cases is not None or stored.is_dir():
        comparison = compare(differences, read_cases(stored if cases is None else cases), setting)
    if as_json:
        print_json(differences_data(differences, comparison))
        return
    print_text(differences_text(differences, comparison))
