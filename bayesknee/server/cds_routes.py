"""CDS Hooks below /cds-services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response

from bayesknee.fhir.cds_hooks import HookError, cards, service
from bayesknee.fhir.names import network_id
from bayesknee.plain import json_text
from bayesknee.server.fhir_routes import read_json
from bayesknee.server.networks import networks_of
from bayesknee.server.problems import RefusedError
from bayesknee.server.schemas import json_response

cds_routes: Final = APIRouter(prefix="/cds-services", include_in_schema=False)


async def _call(request: Request) -> object:
    return read_json(await request.body())


Call = Annotated[object, Depends(_call)]


@cds_routes.get("")
def services(request: Request) -> Response:
    """The services: one for each network."""
    return json_response(json_text({"services": [service(each) for each in networks_of(request).by_id.values()]}))


@cds_routes.post("/{id}")
def called(request: Request, id: str, call: Call) -> Response:  # noqa: A002 (its name in the path)
    """The cards for the patient whose chart is opened."""
    networks = networks_of(request)
    network = networks.network(network_id(id))
    page = f"{request.base_url}?{urlencode({'network': network.id})}"
    try:
        return json_response(json_text(cards(network, call, networks.engine, page, datetime.now(UTC).date())))
    except HookError as error:
        raise RefusedError(error.status, str(error)) from None


@cds_routes.post("/{id}/feedback")
def feedback(request: Request, id: str, call: Call) -> Response:  # noqa: A002 (likewise)
    """What became of a card. Nothing is kept, so it is only said that it was heard."""
    networks_of(request).network(network_id(id))
    del call
    return json_response("{}")
