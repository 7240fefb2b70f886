"""Runs the server: workers, a browser, and a stop that lets requests in flight finish."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import uvicorn
from starlette.types import ASGIApp

from bayesknee.errors import BayeskneeError
from bayesknee.server.app import make_app
from bayesknee.server.guard import HEALTH_PATH, LOCAL_NAMES
from bayesknee.server.limits import BUDGET, SECONDS_TO_FINISH
from bayesknee.server.networks import Networks

NETWORKS: Final = "BAYESKNEE_SERVE"  # how workers, which are processes started anew, learn what to serve
UNTIL_OPEN: Final = 30.0  # seconds in which the first worker must answer for a browser to be opened


class Listening(NamedTuple):
    """Where and by how many processes requests are answered; port 0 is any that is free."""

    host: str
    port: int
    workers: int = 1


class Served(NamedTuple):
    """What is served: networks by name or folder, and a file of codes for them, empty for none."""

    networks: Iterable[str]
    codes: str = ""


def serve(
    served: Served,
    listening: Listening,
    *,
    tell: Callable[[str], None],
    open_browser: bool = False,
    watch: Path | None = None,
) -> None:
    """Serves until a signal stops it: Ctrl-C, or SIGTERM.

    Args:
        served: the networks.
        listening: where.
        tell: called with the address once it is taken.
        open_browser: whether to open it in a browser.
        watch: a folder in which somebody writes a network; None for none.

    Raises:
        BayeskneeError: a network or a file of codes that cannot be read, or an address that cannot be taken.
    """
    names = [str(Path(name).resolve()) if Path(name).is_dir() else name for name in served.networks]
    given = Served(names, str(Path(served.codes).resolve()) if served.codes else "")
    Networks.load(given.networks, BUDGET, given.codes)  # a fault is told here, once, and not by each worker
    with _taken(listening) as taken:
        config = _config(given, listening, watch)
        address = _address(listening.host, taken.getsockname()[1])
        tell(address)
        if open_browser:
            first = f"{address}/author" if watch is not None else address
            threading.Thread(target=_open_once_up, args=(address, first), daemon=True).start()
        if listening.workers == 1:
            uvicorn.Server(config).run([taken])
            return
        from uvicorn.supervisors import Multiprocess

        Multiprocess(config, sockets=[taken]).run()


def _config(served: Served, listening: Listening, watch: Path | None) -> uvicorn.Config:
    watched = str(watch.resolve()) if watch is not None else None
    told = {**served._asdict(), "local": listening.host in LOCAL_NAMES, "watch": watched}
    os.environ[NETWORKS] = json.dumps(told)
    return uvicorn.Config(
        "bayesknee.server.running:app_of_environment",
        factory=True,
        workers=listening.workers,
        log_level="warning",
        access_log=False,  # a log of requests would tell who was asked about, and when
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )


def app_of_environment() -> ASGIApp:
    """The application of a worker."""
    told: dict[str, Any] = json.loads(os.environ[NETWORKS])
    watch = Path(told["watch"]) if told["watch"] is not None else None
    networks = Networks.load(told["networks"], BUDGET, told["codes"])
    return make_app(networks, local=told["local"], watch=watch)


def _taken(listening: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    taken = socket.socket(family)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((listening.host, listening.port))
        taken.listen()  # from now on who comes early waits, and nobody else can take the address
        taken.set_inheritable(True)
    except OSError as error:
        taken.close()
        told = f"cannot listen at {listening.host}:{listening.port}: {error.strerror or error}"
        raise BayeskneeError(f"{told}; stop what is there, or name another --port or --host") from None
    return taken


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open_once_up(address: str, first: str) -> None:
    end = time.monotonic() + UNTIL_OPEN
    while time.monotonic() < end:
        try:
            with urlopen(f"{address}{HEALTH_PATH}", timeout=1.0):  # noqa: S310 (our own address)
                webbrowser.open(first)
                return
        except (URLError, OSError):
            time.sleep(0.1)
