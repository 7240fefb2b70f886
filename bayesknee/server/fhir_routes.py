"""FHIR R4 below /fhir. Errors are OperationOutcomes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from bayesknee.errors import BayeskneeError
from bayesknee.fhir.adaptive import next_question
from bayesknee.fhir.capabilities import capability_statement, diagnose_definition
from bayesknee.fhir.forms import adaptive_shell, base_form
from bayesknee.fhir.names import ADAPTIVE, Addresses, network_id
from bayesknee.fhir.outcomes import Issue, ResourceError
from bayesknee.fhir.responses import Intake, read_response, subject_of
from bayesknee.fhir.results import About, result_bundle
from bayesknee.knowledge.network import Network
from bayesknee.patient.cases import outside_warnings
from bayesknee.plain import json_text
from bayesknee.server.networks import Networks, diagnosed, networks_of
from bayesknee.server.outcomes import FHIR_PATH, MEDIA_TYPE, outcome_response
from bayesknee.server.problems import RefusedError, status_of
from bayesknee.server.schemas import NetworkName, SettingName

RESPONSE: Final = "questionnaire-response"  # the parameter of both operations
MOST_DEEP: Final = 100  # of JSON; judged: a resource has some ten levels, and writing far more would exhaust the stack


class FhirRoute(APIRoute):
    """A route whose errors are told as FHIR has it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, around which errors become OperationOutcomes."""
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except BayeskneeError as error:
                return outcome_response(_status_of(error), error)
            except RequestValidationError as error:
                told = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
                return outcome_response(422, f"a parameter cannot be read: {told}")
            except HTTPException as error:
                return outcome_response(error.status_code, str(error.detail))

        return handled


def _status_of(error: BayeskneeError) -> int:
    """A body that is no such resource is a bad request; what it says that cannot be so, is unprocessable."""
    is_shape = isinstance(error, ResourceError) and all(issue.kind == "structure" for issue in error.issues)
    return 400 if is_shape else status_of(error)


fhir_routes: Final = APIRouter(prefix=FHIR_PATH, route_class=FhirRoute, include_in_schema=False)


class _Sent(NamedTuple):
    """A QuestionnaireResponse, what stood beside it in Parameters, and whether there were any."""

    response: Mapping[str, Any]
    beside: Mapping[str, Any]
    is_wrapped: bool


async def _body(request: Request) -> object:
    return read_json(await request.body())


def read_json(body: bytes) -> Any:  # noqa: ANN401 (whatever JSON has)
    """The JSON in a body, without what could not be written again.

    Raises:
        RefusedError: it is none.
    """
    try:
        tree = json.loads(body, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise RefusedError(400, "the body is no JSON in UTF-8; expected a resource; send it as JSON") from None
    if _is_deep(tree):
        raise RefusedError(400, f"the body has more than {MOST_DEEP} levels; expected a resource; flatten it")
    return tree


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_deep(tree: object) -> bool:
    level = [tree]
    for _ in range(MOST_DEEP):
        below = [part for each in level for part in _parts(each)]
        if not below:
            return False
        level = below
    return True


def _parts(tree: object) -> list[object]:
    if isinstance(tree, dict):
        return list(tree.values())
    return tree if isinstance(tree, list) else []


def _sent(tree: Annotated[object, Depends(_body)]) -> _Sent:
    """A bare resource, or one within Parameters."""
    if not isinstance(tree, dict) or tree.get("resourceType") != "Parameters":
        return _Sent(tree if isinstance(tree, dict) else {}, {}, is_wrapped=False)
    listed = tree.get("parameter", [])
    parameters = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    found = next((each.get("resource") for each in parameters if each.get("name") == RESPONSE), None)
    if not isinstance(found, dict):
        told = f"Parameters without {RESPONSE}; expected a parameter of that name with a resource; add it"
        raise ResourceError([Issue(told, "Parameters.parameter", kind="required")])
    beside = {
        str(each.get("name")): next((value for key, value in each.items() if key.startswith("value")), None)
        for each in parameters
        if each.get("name") != RESPONSE
    }
    return _Sent(found, beside, is_wrapped=True)


SentResource = Annotated[_Sent, Depends(_sent)]


def _addresses(request: Request) -> Addresses:
    return Addresses(f"{str(request.base_url).rstrip('/')}{FHIR_PATH}")


def _resource(resource: Mapping[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(f"{json_text(resource)}\n".encode(), media_type=MEDIA_TYPE, headers=headers)


@fhir_routes.get("/metadata")
def metadata(request: Request) -> Response:
    """What the server can do."""
    return _resource(capability_statement(_addresses(request)))


@fhir_routes.get("/OperationDefinition/diagnose")
def definition(request: Request) -> Response:
    """What `$diagnose` takes and gives."""
    return _resource(diagnose_definition(_addresses(request)))


@fhir_routes.get("/Questionnaire")
def all_forms(request: Request, url: str = "") -> Response:
    """The forms of the networks that are served: each with all questions, and each as one that grows.

    Args:
        request: which has the networks.
        url: the canonical name of one of them, with its version or without; empty for all.
    """
    addresses = _addresses(request)
    served = networks_of(request).by_id.values()
    found = [form for network in served for form in (base_form(network, addresses), _shell(network, addresses))]
    if url:
        found = [form for form in found if url in (form["url"], f"{form['url']}|{form['version']}")]
    entries = [{"fullUrl": form["url"], "resource": form, "search": {"mode": "match"}} for form in found]
    return _resource({"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries})


def _shell(network: Network, addresses: Addresses) -> dict[str, Any]:
    return adaptive_shell(network, addresses, datetime.now(UTC).date())


@fhir_routes.get("/Questionnaire/{id}")
def one_form(request: Request, id: str) -> Response:  # noqa: A002 (its name in the path)
    """The form of a network."""
    make = _shell if id.endswith(ADAPTIVE) else base_form
    return _resource(make(networks_of(request).network(network_id(id)), _addresses(request)))


@fhir_routes.post("/Questionnaire/$next-question")
def adapted(request: Request, sent: SentResource) -> Response:
    """The response with the next question in its form, or completed; in Parameters, if it came so."""
    networks = networks_of(request)
    intake = read_response(networks.network, sent.response)
    found = next_question(intake, sent.response, networks.engine, _addresses(request), datetime.now(UTC))
    if not sent.is_wrapped:
        return _resource(found)
    return _resource({"resourceType": "Parameters", "parameter": [{"name": "return", "resource": found}]})


@fhir_routes.post("/QuestionnaireResponse/$diagnose")
def diagnose(
    request: Request,
    sent: SentResource,
    network: NetworkName = "",
    setting: SettingName = "",
    intervals: Annotated[bool, Query(description="How far each probability may be off.")] = False,  # noqa: FBT002
) -> Response:
    """The result of the answers, as a Bundle."""
    networks = networks_of(request)
    named, place, wanted = (sent.beside.get(name) for name in ("network", "setting", "intervals"))
    intake = read_response(networks.network, sent.response, network_id(network or named))
    found = _diagnosis(networks, intake, setting or str(place or ""))
    told = (*intake.told, *_outside(intake))
    about = About(subject_of(sent.response), sent.response, datetime.now(UTC), told)
    return _resource(result_bundle(found, about, found.intervals() if intervals or wanted is True else None))


def _diagnosis(networks: Networks, intake: Intake, setting: str) -> Any:  # noqa: ANN401 (a Diagnosis)
    engine = networks.engine(intake.network, setting or intake.state.setting or None)
    return diagnosed(engine, intake.state.answers, intake.state.left_open)


def _outside(intake: Intake) -> list[Issue]:
    """That the network is not for this patient."""
    told = outside_warnings(intake.network, intake.state.scope)
    return [Issue(text, severity="warning", kind="business-rule") for text in told]
