"""An interview over HTTP is that of Python, step by step, and the server keeps nothing between the steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from bayesknee import Engine, Interview
from bayesknee.interview import Policy
from tests.support.paths import NETWORKS

TINY = NETWORKS / "tiny"
POLICY = {"threshold": 1.0, "least_value": 0.0, "ask_setting": True}


def step(client: TestClient, case: object = None, event: object = None, **more: object) -> Any:  # noqa: ANN401 (JSON)
    body = {"case": {} if case is None else case, "event": event, **more}
    answer = client.post("/v1/interview", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def answers_of(prompt: Any) -> Iterator[object]:  # noqa: ANN401 (JSON or a prompt)
    yield "none" if prompt["kind"] == "tick_all" else prompt["options"][-1]["value"]


def test_it_asks_what_python_asks_until_the_same_end(client: TestClient) -> None:
    interview = Interview(Engine(TINY), policy=Policy(**POLICY))  # type: ignore[arg-type]
    now = step(client, policy=POLICY)
    while interview.question is not None:
        assert now["prompt"]["id"] == interview.question.id
        assert now["prompt"]["why"] == interview.why()
        assert now["expected_left"] == interview.expected_left
        (value,) = answers_of(now["prompt"])
        interview.answer(value)
        now = step(client, now["case"], {"do": "answer", "question": now["prompt"]["id"], "value": value})
    assert now["prompt"] is None
    assert now["end"]["why"] == list(interview.why_finished)
    assert now["asked"] == interview.asked > 3
    assert now["case"]["evidence"] == dict(interview.diagnosis.evidence.answers)
    assert now["triage"]["level"] == interview.diagnosis.triage.level


def test_a_case_begins_one(client: TestClient) -> None:
    now = client.post("/v1/interview", json={"evidence": {"fracture": "yes"}, "setting": "emergency"}).json()
    assert (now["setting"], now["case"]["evidence"]) == ("emergency", {"fracture": "yes"})
    assert now["prompt"]["id"] != "fracture"


def test_skip_back_change_stop_and_go_on(client: TestClient) -> None:
    first = step(client)
    skipped = step(client, first["case"], {"do": "skip"})
    assert skipped["case"]["session"]["skipped"] == [first["prompt"]["id"]]
    answered = step(client, skipped["case"], {"do": "answer", "value": "unknown"})
    again = step(client, answered["case"], {"do": "back"})
    assert again["prompt"]["id"] == skipped["prompt"]["id"]
    changed = step(client, again["case"], {"do": "change", "question": "tennis", "value": "no"})
    assert changed["case"]["evidence"]["tennis"] == "no"
    stopped = step(client, changed["case"], {"do": "stop"})
    assert stopped["end"]["why"][0].startswith("ended by choice")
    assert step(client, stopped["case"], {"do": "go_on"})["prompt"] is not None


@pytest.mark.parametrize(
    ("event", "status", "text"),
    [
        ({"do": "answer", "value": "perhaps"}, 422, "perhaps"),
        ({"do": "answer", "question": "onset", "value": "fall"}, 422, "the question now is"),
        ({"do": "change", "question": "tenis", "value": "no"}, 422, "did you mean tennis?"),
        ({"do": "change", "question": "tennis", "value": "no"}, 409, "cannot be true together"),
        ({"do": "change", "question": "age", "value": None}, 422, "got no answer"),
        ({"do": "back"}, 422, "nothing to go back to"),
    ],
)
def test_what_cannot_be_done(client: TestClient, event: object, status: int, text: str) -> None:
    case = {"evidence": {"tennis": "yes", "backhand_pain": "yes"}}
    answer = client.post("/v1/interview", json={"case": case, "event": event})
    assert (answer.status_code, text in answer.json()["detail"]) == (status, True), answer.text


def test_answers_that_clash_give_way_where_that_is_wanted(client: TestClient) -> None:
    case = {"evidence": {"tennis": "yes", "backhand_pain": "yes"}}
    event = {"do": "change", "question": "tennis", "value": "no"}
    told = client.post("/v1/interview", json={"case": case, "event": event}).json()
    assert told["earlier"] == {"backhand_pain": "yes"}
    now = step(client, case, {**event, "set_aside": True})
    assert now["changes"]["set_aside"] == {"backhand_pain": "yes"}
    assert now["case"]["evidence"] == {"tennis": "no"}
