"""A form that grows with the answers (SDC's adaptive forms): what has been answered in, the next question out.

Nothing is kept between the calls. The form within the response says what was put, and its answers what was said, so
that the interview is that of Python with the same answers. What was put and has no answer counts as skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bayesknee.diagnosis.engine import Engine
from bayesknee.diagnosis.wording import event_chance, not_ruled_out_line, open_flag_lines
from bayesknee.fhir.forms import contained_form
from bayesknee.fhir.items import Item, Links, prompt_items
from bayesknee.fhir.names import SDC, Addresses, Resource
from bayesknee.fhir.responses import Intake, Put
from bayesknee.interview import Interview, Policy
from bayesknee.interview.preliminaries import is_preliminary, preliminary_prompt
from bayesknee.interview.prompts import Prompt, prompt_of
from bayesknee.knowledge.network import Network
from bayesknee.words import LEVEL_WORDS

POLICY: Final = Policy(ask_who=True, ask_setting=True)  # a form is all that there is, so it asks for everything
MOST_CAUSES: Final = 4  # told at the end; as many as elsewhere
OF_SERVER: Final = ("resourceType", "meta", "contained", "questionnaire", "status", "authored")  # the rest is kept

EngineOf = Callable[[Network, str | None], Engine]


def next_question(
    intake: Intake, response: Resource, engine_of: EngineOf, addresses: Addresses, now: datetime
) -> dict[str, Any]:
    """The response with the next question in its form, or completed with the result.

    Args:
        intake: what the response says.
        response: as it was sent; its answers are returned as they are.
        engine_of: the engine of a network in a setting.
        addresses: of the server.
        now: when it is answered, with a time zone.

    Raises:
        BayeskneeError: answers that cannot be true together, or more than the budget allows.
    """
    interview = interview_of(intake, engine_of)
    items = [*_items(intake, interview)]
    kept = {key: value for key, value in response.items() if key not in OF_SERVER}
    meta = response.get("meta")
    profile = {"profile": [f"{SDC}/StructureDefinition/sdc-questionnaireresponse-adapt"]}
    return {
        "resourceType": "QuestionnaireResponse",
        "meta": {**meta, **profile} if isinstance(meta, Mapping) else profile,
        "contained": [contained_form(intake.network, addresses, items), *_others_within(response)],
        "questionnaire": "#q",
        "status": "completed" if interview.finished else "in-progress",
        "authored": now.isoformat(timespec="seconds"),
        **kept,
    }


def _others_within(response: Resource) -> list[object]:
    """What a response contains besides its form, such as its patient."""
    contained = response.get("contained")
    listed = contained if isinstance(contained, list) else []
    return [each for each in listed if isinstance(each, Mapping) and each.get("resourceType") != "Questionnaire"]


def interview_of(intake: Intake, engine_of: EngineOf) -> Interview:
    """The interview that the form is."""
    engine = engine_of(intake.network, intake.state.setting or None)
    return Interview(engine, policy=POLICY, state=intake.state)


def _items(intake: Intake, interview: Interview) -> Iterator[Item]:
    """All that was put, what must be told now, then the next question or the result.

    The items are made anew from their ids: a form that came back changed cannot say anything else than this network.
    """
    links = Links()
    for put in intake.prompts:
        yield from prompt_items(intake.network, _prompt(intake.network, put), links)
    yield from (_told(f"told.{number}", issue.text) for number, issue in enumerate(intake.told, 1))
    yield from _warnings(interview)
    if interview.question is not None:
        yield from prompt_items(intake.network, interview.question, links)
        return
    lines = [_told(f"result.{number}", line) for number, line in enumerate(_result(interview), 1)]
    yield {"linkId": "result.group", "text": "Result", "type": "group", "item": lines}


def _prompt(network: Network, put: Put) -> Prompt:
    if is_preliminary(put.name):
        return preliminary_prompt(network, put.name)
    return prompt_of(network, put.name, put.lines)


def _told(link: str, text: str) -> Item:
    return {"linkId": link, "text": text, "type": "display"}


def _warnings(interview: Interview) -> Iterator[Item]:
    """What cannot wait until the end, as long as it holds: red flags, and dangers that have become likely."""
    for reason in (*interview.red_flags, *interview.raised):
        words = LEVEL_WORDS[reason.level]
        yield _told(f"warning.{reason.id}", f"Warning ({words}): {reason.text}")


def _result(interview: Interview) -> Iterator[str]:
    """The result in a few lines; the Bundle of `$diagnose` has all of it."""
    diagnosis, network = interview.diagnosis, interview.engine.network
    for answer in interview.outside:
        yield f"{answer.label}: {answer.reason} {answer.go_to}"
    yield f"How urgent: {diagnosis.triage.words}"
    yield from (diagnosis.triage.told(reason) for reason in diagnosis.triage.shown)
    yield from (not_ruled_out_line(network, danger) for danger in diagnosis.not_ruled_out)
    for name in [*diagnosis.posterior][:MOST_CAUSES]:
        yield f"{network.conditions[name].name}: {event_chance(diagnosis, name)}"
    yield from open_flag_lines(diagnosis, diagnosis.result)
    yield from (warning.message for warning in diagnosis.warnings)
    if network.caution:
        yield network.caution
