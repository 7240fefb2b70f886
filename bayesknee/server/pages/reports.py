"""The report of a patient on a page: to look at, to print, and to save as HTML, PDF or a case file."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Final

from fastapi import APIRouter, Request, Response
from immutabledict import immutabledict

from bayesknee.display.patient_report import as_pdf, details_of_today, report_of_patient
from bayesknee.errors import BayeskneeError
from bayesknee.interview.session import to_case
from bayesknee.patient.cases import outside_warnings
from bayesknee.server.networks import networks_of
from bayesknee.server.pages.forms import Sent
from bayesknee.server.pages.pages import PageRoute, page
from bayesknee.server.pages.visits import Visit, moved_on, taken_up

report_routes: Final = APIRouter(route_class=PageRoute, include_in_schema=False)

# A report runs no script and loads nothing, whoever wrote the texts in it. Only a page of this server may show it.
HEADERS: Final = immutabledict(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'",
    }
)
VIEW: Final = "view"


@report_routes.post("/report")
def report(request: Request, form: Sent) -> Response:
    """What a report may be called, and as what it can be had."""
    visit = moved_on(taken_up(networks_of(request), form), form)
    return page("report", visit=visit, name=form["name"], has_pdf=find_spec("weasyprint") is not None)


@report_routes.post("/report/file")
def report_file(request: Request, form: Sent) -> Response:
    """The report itself, or the case file.

    Raises:
        BayeskneeError: a name that cannot be printed, or a format that there is none of.
    """
    visit = taken_up(networks_of(request), form)
    make = _FORMATS.get(form.do)
    if make is None:
        raise BayeskneeError(f"no report as {form.do or 'nothing'}; expected {', '.join(_FORMATS)}; choose one of them")
    content, kind = make(visit, form["name"])
    saved = {} if form.do == VIEW else {"Content-Disposition": f'attachment; filename="{_file_name(visit, form.do)}"'}
    return Response(content, media_type=kind, headers={**HEADERS, **saved})


def _file_name(visit: Visit, form: str) -> str:
    return f"{visit.network.id}_case.json" if form == "case" else f"{visit.network.id}_report.{form}"


def _html(visit: Visit, name: str) -> tuple[bytes, str]:
    interview = visit.interview
    outside = outside_warnings(visit.network, interview.state.scope)
    details = details_of_today(interview.diagnosis, name, warnings=outside)
    return report_of_patient(interview.diagnosis, details).encode(), "text/html"


def _pdf(visit: Visit, name: str) -> tuple[bytes, str]:
    return as_pdf(_html(visit, name)[0].decode()), "application/pdf"


def _case(visit: Visit, name: str) -> tuple[bytes, str]:
    case = to_case(visit.interview, visit.network.id) | ({"id": name} if name else {})
    return f"{json.dumps(case, indent=1)}\n".encode(), "application/json"


_FORMATS: Final = immutabledict({VIEW: _html, "html": _html, "pdf": _pdf, "case": _case})
