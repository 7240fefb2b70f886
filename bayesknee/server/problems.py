"""Errors as problem details (RFC 9457): what is wrong, where, and which names are near."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from immutabledict import immutabledict

from bayesknee.errors import (
    AnswerClashError,
    BaseRateError,
    BayeskneeError,
    BudgetError,
    ConditionError,
    EvidenceError,
    ImpossibleEvidenceError,
    MissingExtraError,
    NetworkNotFoundError,
    QuestionError,
    SettingError,
    few_hints,
    one_line,
)
from bayesknee.knowledge.network import Network
from bayesknee.patient.cases import RawEvidence
from bayesknee.patient.evidence import read_answer
from bayesknee.plain import plain
from bayesknee.server.limits import RETRY_AFTER
from bayesknee.version import __version__

MEDIA_TYPE: Final = "application/problem+json"
MOST_FAULTS: Final = 20  # told one by one, as many as get hints
TITLES: Final = immutabledict(
    {
        400: "Bad request",
        403: "Foreign origin",
        404: "Not found",
        405: "Method not allowed",
        409: "Answers that clash",
        412: "Data are missing",
        413: "Too much",
        422: "Cannot be taken",
        429: "Too many requests at once",
        500: "Fault of the server",
        501: "Not installed",
        503: "Took too long",
    }
)
# The texts of errors suggest names so; see `bayesknee.errors.name_hint`.
_NEAR: Final = re.compile(r"did you mean (.+?)\?")


class RefusedError(BayeskneeError):
    """A request that HTTP has a status for, apart from what the network takes."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


class Fault(NamedTuple):
    """One thing that is wrong.

    Attributes:
        pointer: where in the request: `/evidence/age` in the body (RFC 6901), `?setting` among the parameters.
        detail: what is wrong, what was expected, what to do.
        near: names that may have been meant.
    """

    pointer: str
    detail: str
    near: tuple[str, ...]


class AtEvidenceError(BayeskneeError):
    """Evidence that cannot be taken, with the place of each fault; its cause is the error of the network."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.detail for fault in faults))


def near_names(text: str) -> tuple[str, ...]:
    """The names that the text of an error suggests."""
    return tuple(dict.fromkeys(name for found in _NEAR.finditer(text) for name in found[1].split(" or ")))


def faults_of(network: Network, evidence: RawEvidence, prefix: str = "/evidence") -> Iterator[Fault]:
    """The answers that the network cannot take, each by itself; none where only all together are wrong."""
    with few_hints():
        for name, answer in evidence.items():
            try:
                read_answer(network, name, answer, evidence)
            except EvidenceError as error:
                yield Fault(f"{prefix}/{_escaped(name)}", one_line(str(error)), near_names(str(error)))


def _escaped(name: object) -> str:
    encodable = str(name).encode("utf-8", "backslashreplace").decode()  # JSON may have lone surrogates, UTF-8 has none
    return encodable.replace("~", "~0").replace("/", "~1")


def problem(status: int, detail: str, extras: Mapping[str, Any] = immutabledict()) -> JSONResponse:
    """A problem as a response."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": one_line(detail),
        "program": __version__,
        **extras,
    }
    return JSONResponse(body, status, retry_headers(status), media_type=MEDIA_TYPE)


def retry_headers(status: int) -> dict[str, str]:
    """When to come again, where that may help."""
    return {"Retry-After": str(RETRY_AFTER)} if status in (429, 503) else {}


def problem_of(error: BayeskneeError) -> JSONResponse:
    """An error that the client can mend."""
    text = str(error)
    faults = error.faults if isinstance(error, AtEvidenceError) else (Fault(_pointer(error), text, near_names(text)),)
    told = [{"pointer": fault.pointer, "detail": one_line(fault.detail), "near": list(fault.near)} for fault in faults]
    return problem(status_of(error), text, {"errors": told[:MOST_FAULTS], **_clash(error)})


def _pointer(error: BayeskneeError) -> str:
    """Where a fault is that is told of the whole: the part of the case that the kind of the error is about."""
    if isinstance(error, SettingError | NetworkNotFoundError):
        return "/setting" if isinstance(error, SettingError) else "/network"
    if isinstance(error, EvidenceError):
        return "/evidence"
    if isinstance(error, BaseRateError):
        return "/base_rates"
    return "?" if isinstance(error, ConditionError | QuestionError) else ""


def status_of(error: BayeskneeError) -> int:
    """The status of HTTP that an error is told with."""
    if isinstance(error, RefusedError):
        return error.status
    if isinstance(error, ImpossibleEvidenceError | AnswerClashError):
        return 409
    if isinstance(error, BudgetError) and error.limit == "answers":
        return 413
    if isinstance(error, NetworkNotFoundError):
        return 404
    return 501 if isinstance(error, MissingExtraError) else 422


def _clash(error: BayeskneeError) -> dict[str, Any]:
    if isinstance(error, ImpossibleEvidenceError):
        return {"conflict": list(error.conflict)}
    if isinstance(error, AnswerClashError):
        return {"conflict": [*error.new, *error.earlier], "new": plain(error.new), "earlier": plain(error.earlier)}
    return {}


async def tell_error(_request: Request, error: Exception) -> JSONResponse:
    """The handler of errors of the user."""
    assert isinstance(error, BayeskneeError)  # noqa: S101 (it is registered for these)
    return problem_of(error)


async def tell_invalid(_request: Request, error: Exception) -> JSONResponse:
    """The handler of parameters that are of the wrong kind. Their values are not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 (it is registered for these)
    faults = [
        {"pointer": "?" + ".".join(map(str, each["loc"][1:])), "detail": str(each["msg"]), "near": []}
        for each in error.errors()
    ]
    told = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults[:MOST_FAULTS])
    return problem(422, f"a parameter cannot be read: {told}; /openapi.json has them", {"errors": faults[:MOST_FAULTS]})
