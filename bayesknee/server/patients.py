"""Operations on a patient: a case in, what the command of the same name prints with --json out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from bayesknee.diagnosis.asking.objectives import DEFAULT_OBJECTIVE
from bayesknee.diagnosis.diagnosis import QUESTIONS
from bayesknee.diagnosis.explaining.sensitivity import MOST_BARS
from bayesknee.documents import (
    diagnosis_document,
    explanation_document,
    find_topic,
    plan_document,
    questions_document,
    sensitivity_document,
    subject_id,
)
from bayesknee.plain import json_text
from bayesknee.server.interviews import interview_step
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Patient, networks_of
from bayesknee.server.rows import read_rows, score_lines
from bayesknee.server.schemas import (
    CASE,
    INTERVIEW,
    NDJSON,
    OF_PATIENT,
    Body,
    NetworkName,
    Seed,
    SettingName,
    Whom,
    answers,
    body_of,
    json_response,
)

HTML, PDF = "text/html", "application/pdf"
# A page of a patient runs no script and loads nothing, whoever wrote the texts in it.
REPORT_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
}


Topics = Annotated[list[str], Query(description="Only this topic, by id or name; repeatable.")]
Burden = Annotated[float | None, Query(ge=0.0, allow_inf_nan=False, description="Only what burdens no more than this.")]
ObjectiveName = Annotated[str, Query(description="What to ask for: stakes, information, separation or danger.")]
DrawCount = Annotated[int | None, Query(description="From how many drawn networks; 1,000 by default.")]


patient_routes: Final = APIRouter(prefix="/v1", tags=["patients"])
_TOLD: Final[Mapping[str, Any]] = {"responses": answers(*OF_PATIENT), "openapi_extra": body_of(CASE)}


def _patient(request: Request, body: Body, network: NetworkName = "", setting: SettingName = "") -> Patient:
    return networks_of(request).patient(body, network, setting)


Given: TypeAlias = Annotated[Patient, Depends(_patient)]


@patient_routes.post("/diagnose", operation_id="diagnose", **_TOLD)
def diagnose(  # noqa: PLR0913, PLR0917 (its parameters)
    given: Given,
    questions: Annotated[int, Query(ge=0, le=1000, description="How many next questions.")] = QUESTIONS,
    asked_of: Whom = [],  # noqa: B006 (FastAPI copies it)
    intervals: Annotated[bool, Query(description="How far each probability may be off.")] = False,  # noqa: FBT002
    draws: DrawCount = None,
    seed: Seed = 0,
) -> Response:
    """How probable each condition is, how urgent it is and why: as `bayesknee diagnose --json`."""
    found = given.diagnosis.intervals(draws, seed) if intervals else None
    return json_response(given.json(diagnosis_document(given.diagnosis, questions, asked_of, found)))


@patient_routes.post("/questions", operation_id="questions", **_TOLD)
def questions(  # noqa: PLR0913, PLR0917 (its parameters)
    given: Given,
    asked_of: Whom = [],  # noqa: B006 (FastAPI copies it)
    topic: Topics = [],  # noqa: B006 (likewise)
    most_burden: Burden = None,
    objective: ObjectiveName = DEFAULT_OBJECTIVE,
    look_ahead: Annotated[bool, Query(description="Rank the best few two steps ahead.")] = False,  # noqa: FBT002
    number: Annotated[int, Query(ge=1, le=1000, description="How many to tell.")] = 10,
) -> Response:
    """What is worth asking next, and what each answer would do: as `bayesknee questions --json`."""
    ranked = given.diagnosis.rank_questions(
        asked_of=asked_of or None,
        topic=[find_topic(given.diagnosis.network, each) for each in topic] or None,
        most_burden=most_burden,
        objective=objective,
        look_ahead=look_ahead,
    ).first(number)
    return json_response(given.json(questions_document(given.diagnosis, ranked, objective, look_ahead=look_ahead)))


@patient_routes.post("/explain", operation_id="explain", **_TOLD)
def explain(
    given: Given,
    condition: Annotated[str, Query(description="Id or name; the most probable one if left out.")] = "",
    against: Annotated[str, Query(description="Why rather than this other condition.")] = "",
) -> Response:
    """What each answer did to a condition, and by which numbers: as `bayesknee explain --json`."""
    diagnosis = given.diagnosis
    subject = subject_id(diagnosis.network, condition) if condition else next(iter(diagnosis.posterior))
    other = subject_id(diagnosis.network, against) if against else None
    return json_response(given.json(explanation_document(diagnosis, subject, other)))


@patient_routes.post("/sensitivity", operation_id="sensitivity", **_TOLD)
def sensitivity(
    given: Given,
    condition: Annotated[str, Query(description="Id or name; the most probable one if left out.")] = "",
    number: Annotated[int, Query(ge=1, le=1000, description="Most numbers told.")] = MOST_BARS,
) -> Response:
    """Which numbers a probability hangs on: as `bayesknee sensitivity --json`."""
    diagnosis = given.diagnosis
    subject = subject_id(diagnosis.network, condition) if condition else next(iter(diagnosis.posterior))
    return json_response(given.json(sensitivity_document(diagnosis, subject, number)))


@patient_routes.post("/plan", operation_id="plan", **_TOLD)
def plan(  # noqa: PLR0913, PLR0917 (its parameters)
    given: Given,
    count: Annotated[int, Query(ge=1, le=BUDGET.questions, description="How many questions.")] = 12,
    asked_of: Whom = [],  # noqa: B006 (FastAPI copies it)
    topic: Topics = [],  # noqa: B006 (likewise)
    most_burden: Burden = None,
    objective: ObjectiveName = DEFAULT_OBJECTIVE,
    seed: Seed = 0,
) -> Response:
    """Questions to ask together, as on a form: as `bayesknee plan --json`."""
    found = given.diagnosis.plan(
        count,
        objective=objective,
        seed=seed,
        asked_of=asked_of or None,
        topic=[find_topic(given.diagnosis.network, each) for each in topic] or None,
        most_burden=most_burden,
    )
    return json_response(given.json(plan_document(given.diagnosis, found, asked_of)))


@patient_routes.post(
    "/report",
    operation_id="report",
    response_class=Response,
    responses=answers(*OF_PATIENT, 501) | {200: {"content": {HTML: {}, PDF: {}}, "description": "The page."}},
    openapi_extra=body_of(CASE),
)
def report(
    given: Given,
    format: Annotated[Literal["html", "pdf"], Query(description="Of the page.")] = "html",  # noqa: A002
) -> Response:
    """A page to hand on: as `bayesknee diagnose --report`. Its head has the `id` of the case."""
    from bayesknee.display.patient_report import as_pdf, details_of_today, report_of_patient

    details = details_of_today(given.diagnosis, given.case.id, warnings=given.warnings)
    page = report_of_patient(given.diagnosis, details)
    content, kind = (as_pdf(page), PDF) if format == "pdf" else (page.encode(), HTML)
    return Response(content, media_type=kind, headers=REPORT_HEADERS)


@patient_routes.post(
    "/interview", operation_id="interview", responses=answers(*OF_PATIENT), openapi_extra=body_of(INTERVIEW)
)
def interview(request: Request, body: Body, network: NetworkName = "", setting: SettingName = "") -> Response:
    """The next question, or the end: a case and an event in; the case after it and the next question out."""
    return json_response(json_text(interview_step(networks_of(request), body, network, setting)))


@patient_routes.post(
    "/score",
    operation_id="score",
    response_class=StreamingResponse,
    responses=answers(404, 413, 422)
    | {200: {"content": {NDJSON: {}}, "description": "What scored, then a line for each row."}},
    openapi_extra=body_of({"type": "string", "description": "A JSON object of answers on each line."}, NDJSON),
)
def score(  # noqa: PLR0913, PLR0917 (its parameters)
    request: Request,
    body: Body,
    network: NetworkName = "",
    setting: SettingName = "",
    ignore: Annotated[list[str], Query(description="A column not to be read; repeatable.")] = [],  # noqa: B006
    warnings: Annotated[bool, Query(description="Warn of answers that do not fit together.")] = False,  # noqa: FBT002
) -> StreamingResponse:
    """Probabilities of many patients: a line each in, and a line each out as they are scored."""
    networks = networks_of(request)
    engine = networks.engine(networks.network(network), setting or None)
    lines = score_lines(engine, read_rows(body), ignore, warnings=warnings)
    return StreamingResponse(lines, media_type=NDJSON, headers={"Cache-Control": "no-store"})
