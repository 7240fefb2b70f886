"""Somebody who fills in forms: responses with answers, and an adaptive form from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from starlette.testclient import TestClient

from bayesknee.fhir.items import PROBABLY, STATE, question_of
from tests.fhir.reading import CODES, put_last

SYSTEM: Final = "urn:bayesknee:coded_elbow"
FORM: Final = "http://127.0.0.1/fhir/Questionnaire/coded-elbow"
Answer = Callable[[Any], Mapping[str, object]]


def coding(code: str, system: str = SYSTEM) -> dict[str, Any]:
    """An answer by code."""
    return {"valueCoding": {"system": system, "code": code}}


def item(link: str, *answers: Mapping[str, Any]) -> dict[str, Any]:
    """An item with its answers."""
    return {"linkId": link, "answer": list(answers)}


def response(*items: Mapping[str, Any], form: str = FORM, **more: object) -> dict[str, Any]:
    """A response with these items."""
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": form,
        "item": list(items),
        **more,
    }


def said(link: str, value: object) -> dict[str, Any]:
    """An item that says what `Interview.answer` takes: a state, an unsure answer, or a number; or a coding."""
    name = question_of(link)
    if isinstance(value, Mapping):
        return item(link, {"valueCoding": value})
    if isinstance(value, int | float):
        return item(link, {"valueDecimal": value})
    if (name, value) in CODES:
        return item(link, coding(CODES[name, str(value)], "http://loinc.org"))
    unsure = {words.lower(): code for code, words in PROBABLY.items()}
    return item(link, coding(unsure.get(str(value), str(value))))


def adaptive(client: TestClient, answer: Answer) -> Iterator[Any]:
    """The responses of an adaptive form, each with the next question put, until it is completed.

    Args:
        client: of the server.
        answer: what is said to the response that has a new question, by its link; nothing skips it.
    """
    sent = response(form=f"{FORM}-adaptive", status="in-progress")
    while True:
        answered = client.post("/fhir/Questionnaire/$next-question", json=sent)
        assert answered.status_code == 200, answered.text
        found = answered.json()
        yield found
        if found["status"] == "completed":
            return
        items = [said(link, value) for link, value in answer(found).items()]
        sent = {**found, "item": [*found.get("item", []), *items]}


def links_of(found: Any) -> dict[str, str]:  # noqa: ANN401 (JSON)
    """The links of the question that was put last, by the id of what each asks."""
    return {question_of(link): link for link in reversed(put_last(found)) if not link.endswith(STATE)}
