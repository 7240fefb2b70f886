"""How a page is answered: its template, and the headers that keep it to this server."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from immutabledict import immutabledict
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from bayesknee.diagnosis import wording
from bayesknee.display.interview import answers_told, recorded, step_told
from bayesknee.errors import BayeskneeError, one_line
from bayesknee.knowledge.pictures import middle
from bayesknee.lazy_types import Environment
from bayesknee.server.outcomes import is_fhir, outcome_response
from bayesknee.server.problems import problem, retry_headers, status_of
from bayesknee.version import __version__
from bayesknee.words import LEVEL_WORDS, percent

# Nothing from another host, no script and no style within the page, and no page from elsewhere may show it in a frame.
# A form tells where it comes from only within this server: with `no-referrer`, browsers send the origin `null`.
HEADERS: Final = immutabledict(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
        "Referrer-Policy": "same-origin",
    }
)


def page(template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 (whatever the template shows)
    """A page from a template; all text in it is escaped."""
    text = _environment().get_template(f"pages/{template}.html").render(values)
    return Response(text, status, dict(HEADERS), "text/html")


def refusal(scope: Scope, status: int, told: str) -> Response:
    """A refusal as FHIR has it, as a page for who can read one, and else as a problem for programs."""
    if is_fhir(scope["path"]):
        return outcome_response(status, told)
    if "text/html" in Headers(scope=scope).get("accept", ""):
        answer = page("error", status, told=told)
        answer.headers.update(retry_headers(status))
        return answer
    return problem(status, told)


class PageRoute(APIRoute):
    """A route whose errors are told to people."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, around which errors become pages."""
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except BayeskneeError as error:
                return page("error", status_of(error), told=one_line(str(error)))
            except HTTPException as error:
                return page("error", error.status_code, told=str(error.detail))

        return handled


def sentence(text: str) -> str:
    """A text with a capital first, and all else as it is."""
    return f"{text[:1].upper()}{text[1:]}"


@lru_cache(maxsize=1)  # there is one
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("bayesknee"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    made.filters["percent"] = percent
    made.filters["sentence"] = sentence
    made.globals |= {
        "wording": wording,
        "program_version": __version__,
        "level_words": LEVEL_WORDS,
        "recorded": recorded,
        "step_told": step_told,
        "given_told": answers_told,
        "middle": middle,
    }
    return made
