"""`bayesknee networks`: the networks that ship."""

from __future__ import annotations

import click

from bayesknee.cli.options import examples, json_option, print_json, print_text
from bayesknee.documents import network_document
from bayesknee.knowledge.library import load_network, shipped_networks


@click.command("networks", epilog=examples("bayesknee networks", "bayesknee networks --json"))
@json_option
def command(as_json: bool) -> None:  # noqa: FBT001 (how click calls)
    """List the networks that ship, and what each is for.

    All commands take one by name, or one of your own by its folder: --network NAME|FOLDER.
    """
    found = {name: load_network(name) for name in shipped_networks()}
    if as_json:
        print_json([network_document(name, network) for name, network in found.items()])
        return
    from bayesknee.display.networks import networks_text

    print_text(networks_text(found))
