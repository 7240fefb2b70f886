"""What cannot be taken gets an OperationOutcome with place, reason and remedy; never a fault of the server."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET, MOST_BODY
from bayesknee.server.networks import Networks
from tests.fhir.filling import FORM, coding, item, response, said
from tests.support.paths import NETWORKS

OPERATIONS: Final = ("/fhir/Questionnaire/$next-question", "/fhir/QuestionnaireResponse/$diagnose")
HERE: Final = "http://127.0.0.1"


def refused(client: TestClient, path: str, status: int, **body: Any) -> str:  # noqa: ANN401 (as of httpx)
    """The text of the one issue."""
    answered = client.post(path, **body)
    assert (answered.status_code, answered.headers["content-type"]) == (status, "application/fhir+json"), answered.text
    found = answered.json()
    assert found["resourceType"] == "OperationOutcome"
    return "; ".join(each["details"]["text"] for each in found["issue"])


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "the body is no JSON"),
        (b"{", 400, "the body is no JSON"),
        (b"\xff", 400, "the body is no JSON"),
        (b'{"resourceType": NaN}', 400, "the body is no JSON"),
        (b'{"a": 1e999}', 400, "the body is no JSON"),
        (b"[" * 100_000, 400, "the body is no JSON"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, 400, "more than 100 levels"),
        (b"[]", 400, "got no resource; expected a QuestionnaireResponse"),
        (b'{"resourceType": "Patient"}', 400, "got the resource 'Patient'"),
        (b'{"resourceType": "Parameters"}', 422, "Parameters without questionnaire-response"),
        (json.dumps(response(form=f"{HERE}/fhir/Questionnaire/coded-elbo")).encode(), 404, "did you mean coded_elbow?"),
        (json.dumps(response() | {"item": "age"}).encode(), 400, "got 'age'; expected a list of items"),
        (json.dumps(response() | {"item": ["age"]}).encode(), 400, "expected an item with a linkId"),
        (json.dumps(response() | {"item": [{"linkId": "age", "answer": 60}]}).encode(), 400, "as the answer of age"),
        (json.dumps(response(item("age", coding("x")))).encode(), 422, "'x' is neither a number nor a state"),
        (b" " * (MOST_BODY + 1), 413, "larger than 1,000,000 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_response_is_refused(client: TestClient, path: str, body: bytes, status: int, told: str) -> None:
    assert told in refused(client, path, status, content=body)


def test_answers_that_cannot_all_be_true_are_refused(client: TestClient) -> None:
    sent = response(said("tennis", "no"), said("backhand_pain", "yes"))
    for path in OPERATIONS:
        assert "backhand_pain" in refused(client, path, 422, json=sent)
    deep = response({"linkId": "0"})
    for _ in range(30):
        deep = response({"linkId": "0", "item": deep["item"]})
    assert "too deep" in refused(client, OPERATIONS[1], 400, json=deep)


def test_a_form_that_puts_a_question_again_and_again_is_refused(client: TestClient) -> None:
    form = {"resourceType": "Questionnaire", "derivedFrom": [FORM], "item": [{"linkId": "age"}] * 5}
    assert "puts age more than 4 times" in refused(client, OPERATIONS[0], 422, json=response(contained=[form]))


def test_unknown_names_and_paths_are_refused(client: TestClient) -> None:
    assert "setting" in refused(client, f"{OPERATIONS[1]}?setting=clinik", 422, json=response())
    assert "intervals" in refused(client, f"{OPERATIONS[1]}?intervals=perhaps", 422, json=response())
    for path, status in (
        ("/Questionnaire/tinny", 404),
        ("/Patient/1", 404),
        (OPERATIONS[1].removeprefix("/fhir"), 405),
    ):
        answered = client.get(f"/fhir{path}")
        assert (answered.status_code, answered.json()["resourceType"]) == (status, "OperationOutcome")
    assert "/fhir/metadata has all operations" in client.get("/fhir/Patient/1").text


def test_what_the_guard_refuses_is_told_as_fhir_has_it(networks: Networks) -> None:
    full = TestClient(make_app(networks, most=0), base_url=HERE)
    assert "requests are in work" in refused(full, OPERATIONS[0], 429, json=response())
    foreign = {"Origin": "https://example.org"}
    open_ = TestClient(make_app(networks), base_url=HERE)
    assert "another origin" in refused(open_, OPERATIONS[0], 403, json=response(), headers=foreign)


def test_a_fault_of_the_program_tells_nothing_of_the_patient(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("smoker, 45")

    monkeypatch.setattr(Networks, "engine", fail)
    assert "a fault of the server" in refused(client, OPERATIONS[1], 500, json=response())
    assert "smoker" not in caplog.text


# --- anything ---------------------------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
NAMES = st.sampled_from(
    ["linkId", "item", "answer", "valueCoding", "valueDecimal", "valueQuantity", "code", "system", "contained", "age"]
)
TREES = st.recursive(
    SCALARS | NAMES,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(NAMES | st.text(), below, max_size=4),
    max_leaves=12,
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "linkId": st.sampled_from(["age", "tennis", "age.state", "onset.2", "complaints", "result.1", "x"])
            | st.text()
        },
        optional={
            "answer": st.lists(
                st.dictionaries(st.sampled_from(["valueCoding", "valueDecimal", "valueString"]), TREES, max_size=2),
                max_size=2,
            ),
            "item": TREES,
        },
    ),
    max_size=4,
)
FORMS = st.fixed_dictionaries(
    {"resourceType": st.just("Questionnaire")},
    optional={"derivedFrom": st.just([f"{FORM}|0.0.1"]) | TREES, "item": ITEMS | TREES, "url": TREES},
)
RESPONSES = st.fixed_dictionaries(
    {"resourceType": st.just("QuestionnaireResponse")},
    optional={
        "questionnaire": st.just(FORM) | TREES,
        "contained": st.lists(FORMS, max_size=1) | TREES,
        "item": ITEMS | TREES,
        "subject": TREES,
        "status": TREES,
    },
)
APP = TestClient(make_app(Networks.load([str(NETWORKS / "coded")], BUDGET)), base_url=HERE)


@given(sent=RESPONSES, path=st.sampled_from(OPERATIONS))
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_taken_or_refused(sent: object, path: str) -> None:
    answered = APP.post(path, content=json.dumps(sent).encode())
    assert answered.status_code in (200, 400, 404, 409, 413, 422), answered.text
    kinds = {"QuestionnaireResponse", "Bundle"} if answered.status_code == 200 else {"OperationOutcome"}
    assert answered.json()["resourceType"] in kinds
