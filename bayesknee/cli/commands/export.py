"""`bayesknee export`: a network for other programs."""

from __future__ import annotations

from io import StringIO

import click

from bayesknee.cli.options import examples, network_option, print_text, setting_option
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network


@click.command(
    "export",
    epilog=examples("bayesknee export --format bif -o knee.bif", "bayesknee export --format xdsl --setting emergency"),
)
@click.option("--format", "form", type=click.Choice(EXPORT_FORMATS), required=True, help="Format to write.")
@click.option("-o", "--output", metavar="FILE", help="File to write; - is standard output.  [default: -]")
@setting_option
@network_option
def command(form: str, output: str | None, setting: str | None, network: str | None) -> None:
    """Write a network in another program's format.

    One care setting is written, the network's first where none is named. Where there is a node presenting_complaint,
    every query must observe it as yes. Other programs know of no gates: what an answer implies of its gate is evidence,
    too.
    """
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    from bayesknee.interop.exports import export

    if output is not None and output != "-":
        export(loaded, output, form, setting=setting)
        return
    made = StringIO()
    export(loaded, made, form, setting=setting)
    print_text(made.getvalue())
