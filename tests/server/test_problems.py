"""What cannot be answered gets a problem (RFC 9457) with the place, the reason and near names; never a traceback."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from bayesknee.errors import BayeskneeError
from bayesknee.server.app import bare_app, make_app
from bayesknee.server.guard import Guard
from bayesknee.server.limits import MOST_BODY, MOST_ROWS
from bayesknee.server.networks import Networks

GOOD = {"evidence": {"age": 45}}


def problem(client: TestClient, path: str, status: int, **body: Any) -> Any:  # noqa: ANN401 (as of httpx)
    answer = client.post(path, **body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    found = answer.json()
    assert found["status"] == status
    return found


def test_wrong_answers_are_told_with_place_and_near_names(client: TestClient) -> None:
    told = problem(client, "/v1/diagnose", 422, json={"evidence": {"agee": 45, "tennis": "yess", "onset": "fall"}})
    assert [(each["pointer"], each["near"]) for each in told["errors"]] == [
        ("/evidence/agee", ["age"]),
        ("/evidence/tennis", ["yes"]),
    ]


def test_answers_that_clash_are_named(client: TestClient) -> None:
    evidence = {"strain": "no", "fracture": "no", "infection": "no", "other": "no"}
    told = problem(client, "/v1/diagnose", 409, json={"evidence": evidence})
    assert set(told["conflict"]) == {f"{name}=no" for name in evidence}


@pytest.mark.parametrize(
    ("path", "status", "body", "text"),
    [
        ("/v1/diagnose?network=tinny", 404, GOOD, "did you mean tiny?"),
        ("/v1/diagnose", 404, {**GOOD, "network": "tests/networks/tiny"}, "unknown network"),
        ("/v1/diagnose?setting=clinik", 422, GOOD, "did you mean clinic?"),
        ("/v1/diagnose?questions=-1", 422, GOOD, "?questions"),
        ("/v1/diagnose?asked_of=nobody", 422, GOOD, "?asked_of.0"),
        ("/v1/diagnose?intervals=true&draws=5000", 422, GOOD, "allows at most 2,000"),
        ("/v1/questions?topic=zebra", 422, GOOD, "unknown topic"),
        ("/v1/questions?objective=zebra", 422, GOOD, "unknown objective"),
        ("/v1/explain?condition=zebra", 422, GOOD, "unknown condition"),
        ("/v1/plan?count=1000", 422, GOOD, "?count"),
        ("/v1/report", 422, {**GOOD, "id": "x" * 101}, "at most 100 characters"),
        ("/v1/diagnose", 422, [], "the body.json"),
        ("/v1/diagnose", 422, {"evidence": {"age": [1]}}, "got a list for age"),
        ("/v1/interview", 422, {"case": GOOD, "event": {"do": "dance"}}, "expected an object with do"),
        ("/v1/interview", 422, {"case": GOOD, "policy": {"lists": 3}}, "policy"),
        ("/v1/interview", 422, {"case": {**GOOD, "session": {}}}, "cannot be taken up"),
        ("/v1/score", 422, {"zebra": "yes"}, "zebra"),
        ("/v1/score", 422, {"age": {"yes": 1}}, "line 1"),
    ],
)
def test_what_is_refused(client: TestClient, path: str, status: int, body: object, text: str) -> None:
    assert text in problem(client, path, status, json=body)["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"age: 45"])
@pytest.mark.parametrize("path", ["/v1/diagnose", "/v1/score"])
def test_what_is_no_json_is_refused(client: TestClient, path: str, body: bytes) -> None:
    assert problem(client, path, 422, content=body)["detail"]


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    large = b" " * (MOST_BODY + 1)
    assert "larger than 1,000,000 bytes" in problem(client, "/v1/diagnose", 413, content=large)["detail"]
    in_pieces = (large[start : start + 2**16] for start in range(0, len(large), 2**16))  # which tell no length
    assert "larger than 1,000,000 bytes" in problem(client, "/v1/diagnose", 413, content=in_pieces)["detail"]


def test_too_many_rows_or_answers_are_refused(client: TestClient) -> None:
    problem(client, "/v1/score", 413, content=b'{"age":1}\n' * (MOST_ROWS + 1))
    many = {f"finding_{number}": "yes" for number in range(1_001)}
    assert "at most 1,000" in problem(client, "/v1/diagnose", 413, json={"evidence": many})["detail"]


def test_too_many_at_once_are_told_to_come_again(networks: Networks) -> None:
    full = TestClient(make_app(networks, most=0), base_url="http://127.0.0.1")
    answer = full.post("/v1/diagnose", json=GOOD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert full.get("/health").json()["status"] == "ok"


def test_what_takes_too_long_is_told_so_and_holds_up_no_other(
    networks: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = threading.Event()

    def work(*_: object) -> None:
        enough.wait()
        raise BayeskneeError("done after all")

    monkeypatch.setattr(Networks, "patient", work)
    guard = Guard(bare_app(networks), most=2, seconds=0.01)
    with TestClient(guard, base_url="http://127.0.0.1") as client:
        late = client.post("/v1/diagnose", json=GOOD)
        assert (late.status_code, late.headers["retry-after"]) == (503, "1")
        assert "no answer within 0.01 seconds" in late.json()["detail"]
        guard.seconds = 60.0
        assert client.get("/v1/networks").status_code == 200  # beside the work that goes on, and counts
        assert guard.in_work == 1
        enough.set()
        while guard.in_work:
            client.get("/health")
        assert client.post("/v1/diagnose", json=GOOD).json()["detail"] == "done after all"


def test_a_refusal_is_a_page_for_a_browser(networks: Networks) -> None:
    full = TestClient(make_app(networks, most=0), base_url="http://127.0.0.1")
    answer = full.post("/interview", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "0 requests are in work" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    gone = TestClient(make_app(networks), base_url="http://127.0.0.1").get("/gone", headers={"Accept": "text/html"})
    assert (gone.status_code, "<h1>That did not work</h1>" in gone.text) == (404, True)


def test_other_origins_and_other_names_of_the_host_are_refused(client: TestClient, networks: Networks) -> None:
    problem(client, "/v1/diagnose", 403, json=GOOD, headers={"Origin": "https://example.org"})
    problem(client, "/v1/diagnose", 403, json=GOOD, headers={"Host": "example.org"})
    assert client.post("/v1/diagnose", json=GOOD, headers={"Origin": "http://127.0.0.1"}).status_code == 200
    wide = TestClient(make_app(networks, local=False), base_url="http://example.org")
    assert wide.post("/v1/diagnose", json=GOOD).status_code == 200


def test_an_unknown_path_or_method_is_a_problem(client: TestClient) -> None:
    assert problem(client, "/v2/diagnose", 404, json=GOOD)["title"] == "Not found"
    answer = client.get("/v1/diagnose")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_fault_of_the_program_tells_nothing_of_the_patient(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("smoker, 45")

    monkeypatch.setattr(Networks, "patient", fail)
    with caplog.at_level(logging.DEBUG):
        told = problem(client, "/v1/diagnose", 500, json=GOOD)
    assert "fault of the server" in told["detail"]
    assert "RuntimeError in " in caplog.text
    assert "smoker" not in caplog.text + str(told)


def test_a_name_that_no_utf8_holds_is_told(client: TestClient) -> None:
    answer = client.post("/v1/diagnose", content=b'{"evidence": {"\\ud800": 45}}')
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/evidence/\\ud800"
