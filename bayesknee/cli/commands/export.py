"""`bayesknee export`: a network for other programs."""

from __future__ import annotations

from io import StringIO

import click

from bayesknee.cli.options import examples, network_option, print_text, setting_option
from bayesknee.errors import BayeskneeError
from bayesknee.interop.formats import EXPORT_FORMATS
from bayesknee.knowledge.library import DEFAULT_NETWORK, load_network


@click.command(
    "export",
    epilog=examples("bayesknee export --format bif -o knee.bif", "bayesknee export --format xdsl --setting emergency"),
)
@click.option("--format", "form", type=click.Choice(EXPORT_FORMATS), required=True, help="Format to write.")
@click.option("-o", "--output", metavar="FILE", help="File to write; - is standard output.  [default: -]")
@click.option("--tables", is_flag=True, help="Of XDSL: plain tables and ids only, for programs other than GeNIe.")
@setting_option
@network_option
def command(form: str, output: str | None, setting: str | None, network: str | None, *, tables: bool) -> None:
    """Write a network in another program's format.

    One care setting is written, the network's first where none is named. Where there is a node presenting_complaint,
    every query must observe it as yes. Other programs know of no gates: what an answer implies of its gate is evidence,
    too.

    XDSL is written for GeNIe: a noisy-OR stays one, conditions are targets, questions ranked observations with their
    costs.
    """
    if tables and form != "xdsl":
        raise BayeskneeError(
            f"got --tables with --format {form}; expected xdsl, as the others are tables anyway; drop it"
        )
    loaded = load_network(DEFAULT_NETWORK if network is None else network)
    from bayesknee.interop.exports import export

    if output is not None and output != "-":
        export(loaded, output, form, setting, plain=tables)
        return
    made = StringIO()
    export(loaded, made, form, setting, plain=tables)
    print_text(made.getvalue())
