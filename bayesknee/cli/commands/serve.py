"""`bayesknee serve`: the documents of the command line over HTTP."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import click

from bayesknee.cli.options import complete_network, examples
from bayesknee.errors import MissingExtraError
from bayesknee.knowledge.library import DEFAULT_NETWORK

HOST: Final = "127.0.0.1"
PORT: Final = 8321
MOST_WORKERS: Final = 64


@click.command(
    "serve",
    epilog=examples(
        "bayesknee serve", "bayesknee serve --network ./my_network --port 8000", "bayesknee serve --workers 4"
    ),
)
@click.option("--host", default=HOST, show_default=True, metavar="ADDRESS", help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option(
    "--network", "networks", multiple=True, metavar="NAME|FOLDER", shell_complete=complete_network,
    help=f"Name of a network that ships, or its folder; repeatable, the first is the default.  "
         f"[default: {DEFAULT_NETWORK}]",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), default=1, show_default=True, help="How many processes answer."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the address in a browser, once it answers.")
def command(host: str, port: int, networks: tuple[str, ...], workers: int, open_browser: bool) -> None:  # noqa: FBT001 (how click calls)
    """Serve diagnoses, questions, interviews and reports over HTTP, for other programs.

    Each request carries the whole case, as `bayesknee diagnose --case` takes it, and gets what the command prints with
    --json. Nothing of a patient is written, logged or kept. The document at /openapi.json tells all operations. The
    server listens to this machine alone unless --host says otherwise; it has no passwords and no encryption, so that
    others should reach it through a proxy that has both. Ctrl-C stops it, after what is being answered.
    """
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise MissingExtraError("serve needs FastAPI and uvicorn; install the extra: pip install 'bayesknee[serve]'")
    from bayesknee.server.running import Listening, serve

    serve(networks or (DEFAULT_NETWORK,), Listening(host, port, workers), tell=_tell, open_browser=open_browser)


def _tell(address: str) -> None:
    click.echo(f"bayesknee: listening at {address}; Ctrl-C stops it", err=True)
