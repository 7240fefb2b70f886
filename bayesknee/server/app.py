"""The application: the operations of the interface for programs, below /v1, and the pages for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp

from bayesknee.errors import BayeskneeError
from bayesknee.server.cds_routes import cds_routes
from bayesknee.server.fhir_routes import fhir_routes
from bayesknee.server.guard import FAULT, HEALTH_PATH, Guard
from bayesknee.server.limits import MOST_AT_ONCE
from bayesknee.server.networks import Networks, networks_of
from bayesknee.server.outcomes import FHIR_PATH, is_fhir
from bayesknee.server.pages.authoring import Watched
from bayesknee.server.pages.pages import refusal
from bayesknee.server.pages.routes import STATIC, page_routes
from bayesknee.server.patients import patient_routes
from bayesknee.server.problems import tell_error, tell_invalid
from bayesknee.server.reading import reading_routes
from bayesknee.version import __version__

OPENAPI: Final = "/openapi.json"
ABOUT: Final = (
    "Bayesian differential diagnosis: exact probabilities from numbers that each carry a range, a source and a grade. "
    "For education, research and decision support that a clinician can check; not a medical device. "
    "Stateless: each request carries the whole case, and nothing of a patient is written, logged or kept."
)


def make_app(networks: Networks, *, local: bool = True, most: int = MOST_AT_ONCE, watch: Path | None = None) -> ASGIApp:
    """The application that serves these networks.

    Args:
        networks: those to serve.
        local: whether the host must go by a name of this machine.
        most: requests in work at once.
        watch: a folder in which somebody writes a network; None for none.
    """
    app = bare_app(networks)
    app.state.watched = Watched(watch) if watch is not None else None
    return Guard(app, local=local, most=most)


def bare_app(networks: Networks) -> FastAPI:
    """The application without what guards it."""
    # No pages of FastAPI's: they load scripts from another host.
    app = FastAPI(title="bayesknee", version=__version__, description=ABOUT, docs_url=None, redoc_url=None)
    app.state.networks = networks
    app.state.watched = None
    app.add_exception_handler(BayeskneeError, tell_error)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_fault)
    app.include_router(reading_routes)
    app.include_router(patient_routes)
    app.include_router(fhir_routes)
    app.include_router(cds_routes)
    app.include_router(page_routes)
    app.mount("/static", STATIC)

    @app.get(HEALTH_PATH, tags=["server"], operation_id="health")
    def health(request: Request) -> dict[str, Any]:
        """Whether the server answers, and with which networks."""
        served = {name: network.identity for name, network in networks_of(request).by_id.items()}
        return {"status": "ok", "program": __version__, "networks": served}

    return app


async def _tell_fault(request: Request, _error: Exception) -> Response:
    """A fault of the program. Starlette raises it again, for the guard to log its place."""
    return refusal(request.scope, 500, FAULT)


def _list_for(request: Request) -> str:
    return f"{FHIR_PATH}/metadata" if is_fhir(request.url.path) else OPENAPI


async def _tell_http(request: Request, error: Exception) -> Response:
    """No such path, or no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 (it is registered for these)
    answer = refusal(request.scope, error.status_code, f"{error.detail}; {_list_for(request)} has all operations")
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer
