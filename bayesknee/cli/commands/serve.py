"""`bayesknee serve`: pages for people, and the documents of the command line over HTTP for programs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from bayesknee.cli.options import complete_network, examples
from bayesknee.errors import BayeskneeError, MissingExtraError
from bayesknee.knowledge.library import DEFAULT_NETWORK

HOST: Final = "127.0.0.1"
PORT: Final = 8321
MOST_WORKERS: Final = 64
NEEDED: Final = ("fastapi", "uvicorn", "python_multipart")


@click.command(
    "serve",
    epilog=examples(
        "bayesknee serve --open",
        "bayesknee serve --watch my_network --open",
        "bayesknee serve --network ./my_network --port 8000",
        "bayesknee serve --workers 4",
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
    "--codes", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="CSV file of codes besides those of the networks, such as SNOMED CT's: node,state,system,code.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, MOST_WORKERS), default=1, show_default=True, help="How many processes answer."
)
@click.option(
    "--watch", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER",
    help="Folder in which you write a network: a page tells its faults and effects as you save.",
)  # fmt: skip
@click.option("--open", "open_browser", is_flag=True, help="Open the address in a browser, once it answers.")
def command(  # noqa: PLR0913, PLR0917 (its options)
    host: str,
    port: int,
    networks: tuple[str, ...],
    codes: Path | None,
    workers: int,
    watch: Path | None,
    open_browser: bool,  # noqa: FBT001 (how click calls)
) -> None:
    """Serve pages for people, and diagnoses, questions, interviews and reports for other programs.

    The pages lead through an interview to its result and report, set two patients side by side, and tell an author
    what a network does. Programs send the whole case with each request, as `bayesknee diagnose --case` takes it, and
    get what the command prints with --json; the document at /openapi.json tells all operations. Nothing of a patient is
    written, logged or kept. The server listens to this machine alone unless --host says otherwise; it has no passwords
    and no encryption, so that others should reach it through a proxy that has both. Ctrl-C stops it, after what is
    being answered.
    """
    if any(find_spec(name) is None for name in NEEDED):
        needed = "serve needs FastAPI, uvicorn and python-multipart"
        raise MissingExtraError(f"{needed}; install the extra: pip install 'bayesknee[serve]'")
    if watch is not None and workers > 1:
        raise BayeskneeError("--watch takes one worker, as what is tried must be what was saved; leave out --workers")
    from bayesknee.server.running import Listening, Served, serve

    served = Served(networks or (DEFAULT_NETWORK,), str(codes or ""))
    serve(served, Listening(host, port, workers), tell=_tell, open_browser=open_browser, watch=watch)


def _tell(address: str) -> None:
    click.echo(f"bayesknee: listening at {address}; Ctrl-C stops it", err=True)
