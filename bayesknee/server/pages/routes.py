"""The addresses of the pages. Each takes a form with the whole case, and answers with the next page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.diagnosis.wording import scope_lines
from bayesknee.display.proposals import answer_told
from bayesknee.interview.preliminaries import WHO, preliminary_ids, preliminary_prompt
from bayesknee.knowledge.model import Question
from bayesknee.patient.finding_search import search
from bayesknee.patient.heard.proposals import LONGEST, propose
from bayesknee.server.networks import networks_of
from bayesknee.server.pages.authoring import author_routes
from bayesknee.server.pages.comparing import comparison_routes
from bayesknee.server.pages.forms import Sent, SentForm
from bayesknee.server.pages.pages import PageRoute, page
from bayesknee.server.pages.reports import report_routes
from bayesknee.server.pages.results import result_parts_of
from bayesknee.server.pages.visits import RESULT, Visit, begun, moved_on, taken_up

MOST_SEARCHED: Final = 8  # words of a search: of what is longer, a story, any question has some; judged
MOST_FOUND: Final = 8  # questions that fit some words; judged: more is a list that nobody reads
STATIC: Final = StaticFiles(directory=Path(__file__).parent / "static")


class HeardLine(NamedTuple):
    """What a place of somebody's words may say: of which question, how it is meant, and the words themselves."""

    finding: str
    label: str
    quote: str
    told: str


page_routes: Final = APIRouter(route_class=PageRoute, include_in_schema=False)
page_routes.include_router(report_routes)
page_routes.include_router(comparison_routes)
page_routes.include_router(author_routes)


@page_routes.get("/")
def start(request: Request, network: str = "") -> Response:
    """Whether it is for this patient, who answers, and where."""
    networks = networks_of(request)
    found = networks.network(network)
    prompts = [preliminary_prompt(found, name) for name in preliminary_ids(found)]
    if not any(question.asked_of == "clinician" for question in found.questions.values()):
        prompts = [prompt for prompt in prompts if prompt.id != WHO]
    return page(
        "start",
        network=found,
        networks=networks.by_id,
        prompts=prompts,
        scope=tuple(scope_lines(found)),
        longest=LONGEST,
    )


@page_routes.post("/interview")
def interview(request: Request, form: Sent) -> Response:
    """The next question, or the result."""
    networks = networks_of(request)
    visit = begun(networks, form) if form.do == "begin" else moved_on(taken_up(networks, form), form)
    return shown(visit, form)


@page_routes.post("/result")
def result(request: Request, form: Sent) -> Response:
    """The result as it is now, and what an answer that was changed on it has moved."""
    visit = taken_up(networks_of(request), form)
    before = visit.interview.diagnosis if form.do == "edit" else None
    return shown(moved_on(replace(visit, place=RESULT), form), form, before)


@page_routes.get("/interview")
@page_routes.get("/result")
@page_routes.get("/report")
def anew() -> Response:
    """An address without a case, as after a reload: nothing was kept, so it begins anew."""
    return RedirectResponse("/", 303)


def shown(visit: Visit, form: SentForm, before: Diagnosis | None = None) -> Response:
    """A card of the interview, or the result where there is none."""
    told = _told(visit, form["words"])
    if not visit.changing and (visit.place == RESULT or is_over(visit)):
        return page("result", visit.status, visit=visit, **told, parts=result_parts_of(visit, before))
    return page("interview", visit.status, visit=visit, **told)


def _told(visit: Visit, words: str) -> dict[str, object]:
    """What somebody told in words: these, what they may say, and the questions that fit them; None without words."""
    if not words:
        return {"words": "", "found": None, "heard": ()}
    is_story = len(words.split()) > MOST_SEARCHED
    found = [] if is_story else _found(visit, words)
    return {"words": words, "found": found, "heard": tuple(_heard(visit, words))}


def _heard(visit: Visit, words: str) -> Iterator[HeardLine]:
    """What words may say of questions that have no answer yet. Nothing of it is entered: each is a question to open."""
    for each in propose(visit.network, words):
        if each.finding not in visit.interview.state.answers:
            told, label = answer_told(visit.network, each), visit.network.questions[each.finding].label
            yield HeardLine(each.finding, label, words[each.start : each.end], told)


def _found(visit: Visit, words: str) -> list[Question]:
    """The questions that fit some words: of what the patient can tell, or also of examinations and tests."""
    fitting = search(visit.network, words)
    return [each for each in fitting if each.asked_of == "patient" or not visit.is_by_patient][:MOST_FOUND]


def is_over(visit: Visit) -> bool:
    """Whether there is no card to show; a patient whom the network is not for gets one that says so."""
    return visit.interview.finished and not visit.is_stopped_outside
