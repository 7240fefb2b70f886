"""Errors as FHIR has them, for all that comes below /fhir."""

from __future__ import annotations

from typing import Final

from fastapi import Response

from bayesknee.errors import BayeskneeError
from bayesknee.fhir.outcomes import outcome_of
from bayesknee.plain import json_text
from bayesknee.server.problems import retry_headers

FHIR_PATH: Final = "/fhir"
MEDIA_TYPE: Final = "application/fhir+json"


def is_fhir(path: str) -> bool:
    """Whether a path is of FHIR."""
    return path == FHIR_PATH or path.startswith(f"{FHIR_PATH}/")


def outcome_response(status: int, error: BayeskneeError | str) -> Response:
    """An error as a response."""
    content = f"{json_text(outcome_of(status, error))}\n".encode()
    return Response(content, status, {"Cache-Control": "no-store", **retry_headers(status)}, MEDIA_TYPE)
