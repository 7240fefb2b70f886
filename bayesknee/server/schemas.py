"""What the OpenAPI document says of bodies, parameters and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import Depends, Query, Request, Response
from immutabledict import immutabledict

from bayesknee.knowledge.ranges import MOST_SEED
from bayesknee.patient.askable import ASKED_OF
from bayesknee.patient.heard.proposals import LONGEST
from bayesknee.server.problems import MEDIA_TYPE, TITLES

AskedOf: TypeAlias = Literal["patient", "clinician", "test"]
NetworkName: TypeAlias = Annotated[
    str, Query(description="Id of a network that is served; goes before what the case says.", max_length=200)
]
SettingName: TypeAlias = Annotated[
    str, Query(description="Care setting; goes before what the case says.", max_length=200)
]
Seed: TypeAlias = Annotated[int, Query(ge=0, le=MOST_SEED, description="Of what is drawn.")]
Whom: TypeAlias = Annotated[list[AskedOf], Query(description="Only what is asked of these; repeatable.")]


async def _body(request: Request) -> bytes:
    return await request.body()


Body: TypeAlias = Annotated[bytes, Depends(_body)]
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

_ANSWER: Final[Mapping[str, Any]] = {
    "description": "By id of a finding, risk factor or condition: a state, unknown, a number where states are bands, "
    "or a likelihood for each state. What is left out was not asked.",
    "anyOf": [
        {"type": "string"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "object", "additionalProperties": {"type": "number"}},
    ],
}
CASE: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "A patient, as `bayesknee diagnose --case` takes it; what a diagnosis returned is one, too.",
    "required": ["evidence"],
    "properties": {
        "evidence": {"type": "object", "additionalProperties": _ANSWER},
        "setting": {"type": "string"},
        "base_rates": {
            "type": "object",
            "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "description": "Base rates in place of the network's, by condition.",
        },
        "network": {"type": "string", "description": "Id of a network that is served."},
        "id": {"type": "string", "description": "Initials or a number, for the head of a report."},
        "scope": {"type": "object", "additionalProperties": {"type": "string"}},
        "skipped": {"type": "array", "items": {"type": "string"}, "description": "Questions put and not answered."},
    },
    "example": {"evidence": {"age": 52}},
}
INTERVIEW: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "case": {"type": "object", "description": "A case; after the first request, `case` of the last answer."},
        "event": {
            "type": "object",
            "required": ["do"],
            "properties": {
                "do": {"enum": ["answer", "change", "skip", "back", "stop", "go_on"]},
                "question": {"type": "string", "description": "The question that is answered or changed."},
                "value": {"description": "The answer, as `Interview.answer` takes it; of a list, answers by id."},
                "set_aside": {"type": "boolean", "description": "Whether earlier answers that clash give way."},
            },
        },
        "policy": {"type": "object", "description": "How questions are chosen, in the first request."},
    },
    "example": {"case": {"evidence": {}}, "event": None},
}
TOLD: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "maxLength": LONGEST, "description": "What somebody said, as it was said."},
        "asked_of": {
            "type": "array",
            "items": {"enum": list(ASKED_OF)},
            "minItems": 1,
            "description": "Whose questions it may answer; those of the patient if left out.",
        },
    },
    "example": {"text": "It has hurt for two weeks, but I have no fever."},
}
PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "program": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail", "near"],
                "properties": {
                    "pointer": {"type": "string"},
                    "detail": {"type": "string"},
                    "near": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "conflict": {"type": "array", "items": {"type": "string"}},
    },
}
OF_PATIENT: Final = (404, 409, 413, 422)
EVERY: Final = (403, 413, 429, 500, 503)  # what the guard may say of any request


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an operation may answer with."""
    schema = {MEDIA_TYPE: {"schema": PROBLEM}}
    known = sorted({*statuses, *EVERY})
    return {status: {"description": TITLES[status], "content": schema} for status in known}


def body_of(schema: Mapping[str, Any], media_type: str = JSON) -> dict[str, Any]:
    """What an operation takes."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": dict(schema)}}}}


def json_response(text: str | bytes, headers: Mapping[str, str] = immutabledict()) -> Response:
    """JSON that is written already, with an end of line. What is of a patient must stay in no cache."""
    content = text if isinstance(text, bytes) else f"{text}\n".encode()
    return Response(content, media_type=JSON, headers={"Cache-Control": "no-store"} | dict(headers))
