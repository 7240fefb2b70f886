"""A network while it is written: its faults, and what each answer does to each condition, as the files are saved."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from immutabledict import immutabledict

from bayesknee.diagnosis.engine import Engine
from bayesknee.errors import BayeskneeError, InferenceError, NetworkError, one_line
from bayesknee.knowledge.library import load_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.answer_words import state_text
from bayesknee.server.networks import networks_of
from bayesknee.server.pages.comparing import ratio_text
from bayesknee.server.pages.pages import PageRoute, page
from bayesknee.server.problems import RefusedError

author_routes: Final = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_BEARING: Final = 30  # answers that bear on a condition; judged: what follows hardly does
LEAST_RATIO: Final = 1.1  # of odds: an answer that changes them by less bears on nothing; as of a result, judged


DRAWING: Final = threading.Lock()  # matplotlib draws one picture at a time
GRAPH_HEADERS: Final = immutabledict(
    {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
)


@dataclass(frozen=True)
class WatchedNetwork:
    """The network in a folder as it is now.

    Attributes:
        stamp: of its files; another one once any of them is saved.
        network: None where it has faults.
        faults: each in a line.
    """

    stamp: str
    network: Network | None
    faults: tuple[str, ...]


@dataclass
class Watched:
    """A folder that somebody is writing a network in. Read again only once a file has changed; shared by threads."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _last: WatchedNetwork | None = None

    def stamp(self) -> str:
        """Of the names, times and sizes of its files."""
        files = sorted(self.folder.glob("*.yaml")) if self.folder.is_dir() else []
        told = "\0".join(f"{file.name} {file.stat().st_mtime_ns} {file.stat().st_size}" for file in files)
        return hashlib.sha256(told.encode()).hexdigest()

    def now(self) -> WatchedNetwork:
        """The network as it is now."""
        with self._lock:
            stamp = self.stamp()
            if self._last is None or self._last.stamp != stamp:
                self._last = _read(self.folder, stamp)
            return self._last


@dataclass(frozen=True)
class Bearing:
    """An answer that bears on a condition: what it takes its probability to, from the base rate."""

    finding: str
    answer: str
    ratio: str
    probability: float
    weight: float


@dataclass(frozen=True)
class EffectRow:
    """What the answers to one finding do to one condition: pairs of the likelihood ratio and the probability."""

    condition: str
    before: float
    after: tuple[tuple[str, float], ...]


def _read(folder: Path, stamp: str) -> WatchedNetwork:
    try:
        network = load_network(folder)
        for setting in network.settings:
            Engine(network, setting)  # refuses base rates that cannot be met
    except NetworkError as error:
        return WatchedNetwork(stamp, None, tuple(one_line(str(problem)) for problem in error.problems))
    except (BayeskneeError, OSError) as error:
        return WatchedNetwork(stamp, None, (one_line(str(error)),))
    return WatchedNetwork(stamp, network, ())


def _watched(request: Request) -> Watched:
    watched = request.app.state.watched
    if not isinstance(watched, Watched):
        raise RefusedError(404, "no folder is watched; start the server with serve --watch FOLDER")
    return watched


@author_routes.get("/author")
def author(request: Request, finding: str = "", condition: str = "", setting: str = "") -> Response:
    """The faults of the folder; without any, what bears on a condition, and what the answers to a finding do."""
    watched = _watched(request)
    now = watched.now()
    if now.network is None:
        return page("author", folder=watched.folder.name, now=now)
    network = now.network
    request.app.state.networks = networks_of(request).with_network(network)  # so that it can be tried at once
    engine = networks_of(request).engine(network, setting if setting in network.settings else None)
    asked = finding if finding in network.questions else next(iter(network.questions))
    about = condition if condition in network.conditions else next(iter(network.conditions))
    states = [state_text(network, asked, state) for state in network.states[asked]]
    return page(
        "author", folder=watched.folder.name, now=now, network=network,
        setting=engine.setting, asked=asked, about=about, states=states,
        effects=list(_effects(engine, asked)), bearing=_bearing(engine, about),
    )  # fmt: skip


@author_routes.get("/author/stamp")
def stamp(request: Request) -> Response:
    """Of the files, for the script of the page: another one once any of them is saved."""
    return JSONResponse({"stamp": _watched(request).stamp()}, headers={"Cache-Control": "no-store"})


@author_routes.get("/author/graph.svg")
def graph(request: Request, condition: str = "") -> Response:
    """What bears on a condition, drawn: risk factors, conditions, signs and findings.

    Raises:
        RefusedError: the network has faults.
        ConditionError: no such condition.
    """
    network = _watched(request).now().network
    if network is None:
        raise RefusedError(422, "the network has faults, and cannot be drawn; mend them first")
    return Response(_drawn(network, condition or None), media_type="image/svg+xml", headers=GRAPH_HEADERS)


def _drawn(network: Network, condition: str | None) -> bytes:
    from bayesknee.plots.network_drawing import network as draw

    made = BytesIO()
    with DRAWING:
        draw(network, around=condition).figure.canvas.figure.savefig(made, format="svg")
    return made.getvalue()


def _effects(engine: Engine, finding: str) -> Iterator[EffectRow]:
    """What each answer to a finding does to each condition, nothing else being known."""
    before = engine.diagnose({}).posterior
    after = [engine.diagnose({finding: state}).posterior for state in engine.network.states[finding]]
    for name, condition in engine.network.conditions.items():
        chances = tuple((ratio_text(before[name], each[name]), each[name]) for each in after)
        yield EffectRow(condition.name, before[name], chances)


def _bearing(engine: Engine, condition: str) -> list[Bearing]:
    """The answers that move a condition most from its base rate, each by itself."""
    network = engine.network
    before = engine.diagnose({}).posterior[condition]
    found = []
    for name, question in network.questions.items():
        for state in question.states:
            try:
                after = engine.diagnose({name: state}).posterior[condition]
            except InferenceError:
                continue
            odds = after * (1.0 - before) / max((1.0 - after) * before, 1e-300)
            weight = max(odds, 1.0 / max(odds, 1e-300))
            if weight >= LEAST_RATIO:
                told = question.state_words(state)
                found.append(Bearing(name, f"{question.label}: {told}", ratio_text(before, after), after, weight))
    return sorted(found, key=lambda each: -each.weight)[:MOST_BEARING]
