"""Operations that read networks."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response

from bayesknee.documents import find_questions, network_document, proposals_document, question_document
from bayesknee.knowledge.network import Network
from bayesknee.patient.askable import ASKED_OF
from bayesknee.patient.heard.proposals import propose
from bayesknee.plain import json_text, plain
from bayesknee.server.networks import networks_of
from bayesknee.server.schemas import (
    TOLD,
    AskedOf,
    Body,
    NetworkName,
    answers,
    body_of,
    json_response,
)
from bayesknee.server.told_words import read_told
from bayesknee.version import __version__

reading_routes: Final = APIRouter(prefix="/v1", tags=["networks"])


@reading_routes.get("/networks", operation_id="networks", responses=answers())
def all_networks(request: Request) -> Response:
    """The networks that are served; the first is taken where a case names none."""
    found = [network_document(name, network) for name, network in networks_of(request).by_id.items()]
    return json_response(json_text(found))


@reading_routes.get(
    "/networks/{id}", operation_id="network", responses=answers(404) | {304: {"description": "Unchanged"}}
)
def one_network(request: Request, id: str, if_none_match: Annotated[str, Header()] = "") -> Response:  # noqa: A002 (its name in the path)
    """What a network is for, and its settings, conditions and topics. The ETag is the SHA-256 of its files."""
    network = networks_of(request).network(id)
    tag = f'"{network.sha256}"'
    if tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": tag})
    return json_response(json_text(_described(network)), {"ETag": tag})


@reading_routes.get("/findings", operation_id="findings", responses=answers(404, 422))
def findings(
    request: Request,
    search: Annotated[str, Query(description="A few words; what fits them best comes first.", max_length=1000)] = "",
    asked_of: Annotated[AskedOf | None, Query(description=f"One of {', '.join(ASKED_OF)}.")] = None,
    topic: Annotated[str | None, Query(description="Id or name of a topic.")] = None,
    network: NetworkName = "",
) -> Response:
    """The findings and risk factors that can be answered, with their states: as `bayesknee findings --json`."""
    found = networks_of(request).network(network)
    told = find_questions(found, search, asked_of=asked_of, topic=topic)
    return json_response(json_text([question_document(each) for each in told]), {"ETag": f'"{found.sha256}"'})


@reading_routes.post(
    "/parse", operation_id="parse", responses=answers(404, 413, 422), openapi_extra=body_of(TOLD), tags=["patients"]
)
def parse(request: Request, body: Body, network: NetworkName = "") -> Response:
    """What somebody's own words may say, to be confirmed: as `bayesknee parse --json`. Nothing is entered."""
    found = networks_of(request).network(network)
    text, asked_of = read_told(body)
    return json_response(json_text(proposals_document(found, text, propose(found, text, asked_of))))


def _described(network: Network) -> dict[str, Any]:
    conditions = {
        name: {"name": each.name, "must_not_miss": each.must_not_miss, "icd10": plain(each.icd10)}
        for name, each in network.conditions.items()
    }
    return {
        "program": __version__,
        **network_document(network.id, network),
        "sha256": network.sha256,
        "description": network.description,
        "caution": network.caution,
        "settings": {name: each.name for name, each in network.settings.items()},
        "topics": plain(network.topics),
        "conditions": conditions,
        "groups": {name: each.name for name, each in network.groups.items()},
    }
