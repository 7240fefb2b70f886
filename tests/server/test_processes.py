"""The server as a process: it stops when told to, after what it is answering, and leaves nothing of a patient."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.paths import NETWORKS

TINY = str(NETWORKS / "tiny")
STRIPES = "zebra_stripes"


def test_nothing_of_a_patient_is_written_logged_or_kept(started: Callable[..., Any], tmp_path: Path) -> None:
    process, address = started("--network", TINY)
    good = {"evidence": {"age": 45, "tennis": "yes"}, "id": STRIPES}
    with httpx.Client(base_url=address, timeout=60.0) as client:
        before = client.post("/v1/diagnose", json={"evidence": {"age": 45}}).content
        for path in ("diagnose", "questions", "explain", "sensitivity", "plan", "report", "interview"):
            assert client.post(f"/v1/{path}", json=good).status_code == 200
        for body in ({"evidence": {STRIPES: "yes"}}, {"evidence": {"age": STRIPES}}, [STRIPES]):
            assert client.post("/v1/diagnose", json=body).status_code == 422
        case = {"case": json.dumps(good), "name": STRIPES, "words": STRIPES, "edit.tennis": "no", "a.is.tennis": "yes"}
        for path in ("interview", "result", "report", "compare"):
            assert client.post(f"/{path}", data={**case, "do": "edit"}).status_code == 200
        for form in ("html", "case"):
            assert client.post("/report/file", data={**case, "do": form}).status_code == 200
        files = {"case": ("case.json", json.dumps(good).encode() + b" " * 900_000)}  # as large as one may be
        assert client.post("/interview", files=files).status_code == 200
        assert client.post("/interview", data={"case": STRIPES}).status_code == 422
        assert client.post("/v1/diagnose", json={"evidence": {"age": 45}}).content == before
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (out, err) == ("", "")
    assert process.returncode in (0, -signal.SIGTERM)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_request_in_flight_is_answered_before_it_stops(started: Callable[..., Any]) -> None:
    process, address = started("--network", TINY)
    place = urlsplit(address)
    where = (str(place.hostname), int(place.port or 0))
    body = json.dumps({"evidence": {"age": 45}}).encode()
    head = f"POST /v1/diagnose HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert httpx.get(f"{address}/health").status_code == 200
    with socket.create_connection(where, timeout=60) as connection:
        connection.sendall(head + body[:5])  # the rest comes only after the server was told to stop
        assert httpx.get(f"{address}/health").status_code == 200  # so that it has read what came before
        process.send_signal(signal.SIGTERM)
        while is_open(where):
            pass
        connection.sendall(body[5:])
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["evidence"] == {"age": 45}
    process.wait(timeout=60)


def is_open(where: tuple[str, int]) -> bool:
    try:
        socket.create_connection(where, timeout=60).close()
    except OSError:
        return False
    return True


@pytest.mark.slow
def test_workers_answer_alike(started: Callable[..., Any]) -> None:
    process, address = started("--network", TINY, "--workers", "2")
    answers = {httpx.post(f"{address}/v1/diagnose", json={"evidence": {}}, timeout=60.0).content for _ in range(20)}
    assert len(answers) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) in (0, -signal.SIGTERM)


def test_an_address_that_is_taken_is_told_in_one_line(
    started: Callable[..., Any], run_serve: Callable[..., str]
) -> None:
    _, address = started("--network", TINY)
    port = str(urlsplit(address).port)
    assert run_serve("--network", TINY, "--port", port).startswith(f"bayesknee: cannot listen at 127.0.0.1:{port}: ")
    assert "did you mean" in run_serve("--network", "posterior_kne")
    assert "no column node" in run_serve("--network", TINY, "--codes", TINY + "/network.yaml")
    assert "--watch takes one worker" in run_serve("--watch", TINY, "--workers", "2")


@pytest.fixture
def run_serve() -> Callable[..., str]:
    """`bayesknee serve` that is refused: the one line that says why."""
    from click.testing import CliRunner

    from bayesknee.cli import main

    def ran(*words: str) -> str:
        done = CliRunner().invoke(main, ("serve", *words))
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), done
        return done.stderr

    return ran
