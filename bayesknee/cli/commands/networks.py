"""`bayesknee networks`: the networks that ship, and those of the user."""

from __future__ import annotations

import click

from bayesknee.cli.options import examples, json_option, print_json, print_text, warn
from bayesknee.documents import network_document
from bayesknee.errors import BayeskneeError
from bayesknee.knowledge.library import known_networks, load_network
from bayesknee.knowledge.network import Network


@click.command("networks", epilog=examples("bayesknee networks", "bayesknee networks --json"))
@json_option
def command(as_json: bool) -> None:  # noqa: FBT001 (how click calls)
    """List the networks that ship and your own, and what each is for.

    Your own are those in the folders that BAYESKNEE_NETWORKS names, one behind the other as in PATH. All commands take
    one by name, or any by its folder: --network NAME|FOLDER.
    """
    found = _networks()
    if as_json:
        print_json([network_document(name, network) for name, network in found.items()])
        return
    from bayesknee.display.networks import networks_text

    print_text(networks_text(found))


def _networks() -> dict[str, Network]:
    """Those that can be read; of the others it is told how to find out why not."""
    found: dict[str, Network] = {}
    for name in known_networks():
        try:
            found[name] = load_network(name)
        except BayeskneeError:
            warn([f"{name} cannot be read; `bayesknee check {name}` tells why"])
    return found
