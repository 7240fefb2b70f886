"""Somebody's own words over HTTP and on the pages: proposals come back, and nothing of them is entered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from bayesknee.cli import main
from tests.support.paths import NETWORKS
from tests.support.web_pages import Visitor

SAID = "I have no swelling, but pain on grip."


def test_the_answer_is_that_of_the_command_line(client: TestClient) -> None:
    answer = client.post("/v1/parse", json={"text": SAID})
    printed = CliRunner().invoke(main, ("parse", "--network", str(NETWORKS / "tiny"), "--json", SAID)).stdout_bytes
    assert (answer.status_code, answer.content) == (200, printed)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({}, 422, "text is missing"),
        ({"text": 3}, 422, "text is no text"),
        ([], 422, "the body is no JSON object"),
        ({"text": "", "txt": ""}, 422, "did you mean text?"),
        ({"text": "", "asked_of": []}, 422, "asked_of is no list with names"),
        ({"text": "", "asked_of": ["nobody"]}, 422, "asked_of has 'nobody'"),
        ({"text": "", "asked_of": [["patient"]]}, 422, "asked_of has"),
        ({"text": "a" * 10_001}, 413, "a text of 10,001 characters"),
    ],
)
def test_bodies_that_cannot_be_read_get_a_problem(client: TestClient, body: Any, status: int, told: str) -> None:  # noqa: ANN401 (whatever JSON has)
    answer = client.post("/v1/parse", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 100_000, b'"text"'])
def test_what_is_no_json_object_gets_a_problem(client: TestClient, content: bytes) -> None:
    assert client.post("/v1/parse", content=content).status_code == 422


def test_an_unknown_network_is_not_found(client: TestClient) -> None:
    assert client.post("/v1/parse?network=tinny", json={"text": SAID}).status_code == 404


def test_the_page_lists_what_words_may_say_and_enters_only_what_is_answered(client: TestClient) -> None:
    visitor = Visitor(client)
    visitor.press("Begin", words=SAID)
    assert "Nothing is entered" in visitor.page.text
    assert json.loads(visitor.hidden("case"))["evidence"] == {}
    visitor.press("open=swelling_noticed")
    assert visitor.heading == "Is the elbow swollen?"
    visitor.press("No")
    assert json.loads(visitor.hidden("case"))["evidence"] == {"swelling_noticed": "no"}
    assert "said: yes" in visitor.page.text
    assert "denied: no" not in visitor.page.text
    visitor.press("open=pain_on_grip")
    visitor.press("Yes")
    assert "Nothing is entered" not in visitor.page.text


def test_markup_in_words_is_shown_as_text(client: TestClient) -> None:
    visitor = Visitor(client)
    visitor.press("Begin", words='"><script>x</script> no swelling')
    assert "swelling" in visitor.page.text
    assert "<script>x" not in client.post("/interview", data={"words": "<script>x pain on grip", "case": "{}"}).text
