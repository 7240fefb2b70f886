"""Each operation answers with what the command of the same name prints, byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from bayesknee import Engine, load_network
from bayesknee.cli import main
from bayesknee.server.networks import Networks
from bayesknee.version import __version__
from tests.support.paths import NETWORKS

TINY = str(NETWORKS / "tiny")
CASE = {
    "evidence": {"pain_on_grip": "yes", "age": 45, "onset": "unknown", "swelling_noticed": {"yes": 0.8, "no": 0.2}},
    "setting": "emergency",
}
GIVEN = {**CASE, "base_rates": {"fracture": 0.25}}
OPERATIONS = {
    "diagnose": ("", ()),
    "diagnose?questions=1&asked_of=clinician&asked_of=test": (
        "",
        ("--questions", "1", "--asked-of", "clinician", "--asked-of", "test"),
    ),
    "diagnose?intervals=true&draws=50&seed=3": ("", ("--intervals", "--draws", "50", "--seed", "3")),
    "diagnose?setting=clinic": ("", ("--setting", "clinic")),
    "questions?objective=danger&look_ahead=true&number=2": ("", ("--objective", "danger", "--look-ahead", "-n", "2")),
    "questions?topic=Pain&most_burden=2&asked_of=patient": (
        "",
        ("--topic", "Pain", "--most-burden", "2", "--asked-of", "patient"),
    ),
    "explain?condition=strain&against=other": ("strain", ("--against", "other")),
    "explain": ("", ()),
    "sensitivity?condition=bad&number=3": ("", ("--condition", "bad", "-n", "3")),
    "plan?count=2&asked_of=patient&seed=4": ("", ("-k", "2", "--asked-of", "patient", "--seed", "4")),
}


def printed(command: str, *words: str, case: object = CASE) -> bytes:
    words = (command, *words, "--case", "-", "--json", "--network", TINY)
    ran = CliRunner().invoke(main, words, input=json.dumps(case))
    assert ran.exit_code == 0, ran.stderr
    return ran.stdout_bytes


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_bytes_are_those_of_the_command_line(operation: str, client: TestClient) -> None:
    word, options = OPERATIONS[operation]
    answer = client.post(f"/v1/{operation}", json=CASE)
    assert answer.status_code == 200, answer.text
    assert answer.content == printed(operation.partition("?")[0], *([word] if word else []), *options)


@pytest.mark.parametrize("operation", ["diagnose", "questions", "explain", "sensitivity", "plan?count=2"])
def test_base_rates_of_a_case_count(operation: str, client: TestClient) -> None:
    answer = client.post(f"/v1/{operation}", json=GIVEN)
    words = ("-k", "2") if operation.startswith("plan") else ()
    assert answer.content == printed(operation.partition("?")[0], *words, case=GIVEN)
    told = answer.json()
    assert told["base_rates"] == {"fracture": 0.25}
    (warning,) = [each for each in told["warnings"] if each["kind"] == "base_rate"]
    assert warning["message"] == "Base rate of Broken bone set to 25 %; the network says 40 %."


def test_base_rates_that_cannot_be_are_told_at_their_place(client: TestClient) -> None:
    answer = client.post("/v1/diagnose", json={**CASE, "base_rates": {"fractur": 0.25}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["near"]) == ("/base_rates", ["fracture"])


def test_a_case_that_was_made_with_another_version_is_told_alike(client: TestClient) -> None:
    made = client.post("/v1/diagnose", json=CASE).json()
    made["network"]["version"] = "0.0.0"
    answer = client.post("/v1/diagnose", json=made)
    assert answer.content == printed("diagnose", "--setting", "emergency", case=made)
    (warning,) = answer.json()["warnings"]
    assert warning["kind"] == "input"
    assert "the case was made with tiny 0.0.0, and this is tiny 0.0.1" in warning["message"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_answer_tells_network_program_conflict_and_warnings(operation: str, client: TestClient) -> None:
    answer = client.post(f"/v1/{operation}", json=CASE)
    told = answer.json()
    assert told["network"] == load_network(TINY).identity
    assert told["conflict"]["value"] == pytest.approx(0.0, abs=1.0)
    assert told["warnings"] == []
    assert answer.headers["bayesknee-version"] == __version__
    assert answer.headers["cache-control"] == "no-store"


def test_findings_are_those_of_the_command(client: TestClient) -> None:
    ran = CliRunner().invoke(main, ("findings", "--search", "pain", "--json", "--network", TINY))
    answer = client.get("/v1/findings", params={"search": "pain"})
    assert answer.content == ran.stdout_bytes
    assert [each["finding"] for each in answer.json()] == [each["finding"] for each in json.loads(ran.stdout)] != []


def test_a_network_has_its_hash_for_a_tag(client: TestClient, networks: Networks) -> None:
    answer = client.get("/v1/networks/tiny")
    tag = answer.headers["etag"]
    assert tag == f'"{networks.by_id["tiny"].sha256}"'
    assert answer.json()["conditions"]["fracture"]["must_not_miss"] is True
    again = client.get("/v1/networks/tiny", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/networks/tiny", headers={"If-None-Match": '"other"'}).status_code == 200


def test_the_report_is_that_of_the_command(client: TestClient, tmp_path: Any) -> None:  # noqa: ANN401 (a path)
    file = tmp_path / "report.html"
    words = ("diagnose", "--case", "-", "--report", str(file), "--patient", "AB<b>", "--network", TINY)
    assert CliRunner().invoke(main, words, input=json.dumps(CASE)).exit_code == 0
    answer = client.post("/v1/report", json={**CASE, "id": "AB<b>"})
    assert answer.text == file.read_text(encoding="utf-8")
    assert "AB&lt;b&gt;" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_rows_are_scored_as_in_python(client: TestClient) -> None:
    import pandas as pd

    body = '{"age": 45, "tennis": "yes"}\n\n{"age": "soon"}\n{"onset": "fall"}\n'
    answer = client.post("/v1/score", content=body)
    head, *lines = map(json.loads, answer.text.splitlines())
    assert head == {
        "program": __version__,
        "network": load_network(TINY).identity,
        "setting": "clinic",
        "rows": 3,
    }
    frame = pd.DataFrame({"age": [45, None], "tennis": ["yes", None], "onset": [None, "fall"]})
    wanted = Engine(TINY).score(frame)
    assert [line["row"] for line in lines] == [0, 1, 2]
    assert lines[1] == {"row": 1, "reason": "age: 'soon' is neither a number nor a state"}
    for line, (_, record) in zip((lines[0], lines[2]), wanted.iterrows(), strict=True):
        assert line["triage"] == record["triage"]
        figures = record.drop("triage").to_dict()
        assert {name: line[name] for name in figures} == pytest.approx(figures, rel=1e-12)
