"""`bayesknee mcp`: tools for a language model."""

from __future__ import annotations

from importlib.util import find_spec

import click

from bayesknee.cli.options import examples, network_option, setting_option
from bayesknee.errors import MissingExtraError
from bayesknee.knowledge.library import DEFAULT_NETWORK

PORT = 8322


@click.command("mcp", epilog=examples("bayesknee mcp", "bayesknee mcp --setting emergency", "bayesknee mcp --http"))
@click.option("--http", is_flag=True, help="Serve over HTTP, at this machine's own address alone.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of --http; 0 takes a free one.  [default: {PORT}]")
@setting_option
@network_option
def command(http: bool, port: int | None, setting: str | None, network: str | None) -> None:  # noqa: FBT001 (how click calls)
    """Serve tools to a language model, by the Model Context Protocol (MCP).

    A client such as a chat program starts this command and talks to it over standard input and output; with --http it
    listens instead. The tools find findings, diagnose, ask what is next, explain, and try what would change. They only
    read, and keep nothing.
    """
    if port is not None and not http:
        raise click.UsageError("--port goes with --http; add it, or leave it out")
    if find_spec("mcp") is None:
        raise MissingExtraError("mcp is not installed; pip install 'bayesknee[mcp]' brings it")
    from bayesknee.tool_server.server import HOST, PATH, listen, serve_http, tool_server

    server = tool_server(DEFAULT_NETWORK if network is None else network, setting)
    if not http:
        server.run()
        return
    with listen(PORT if port is None else port) as taken:
        click.echo(f"bayesknee: listening at http://{HOST}:{taken.getsockname()[1]}{PATH}; Ctrl-C stops it", err=True)
        serve_http(server, taken)
