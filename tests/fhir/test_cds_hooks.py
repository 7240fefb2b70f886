"""The service of CDS Hooks: a card as a chart is opened, which says no more than the chart."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from bayesknee import load_network
from bayesknee.fhir.chart import age_of, chart_answers
from tests.support.paths import NETWORKS

PATIENT = {"resourceType": "Patient", "birthDate": "1950-06-15", "gender": "female"}
ICD10CM, HPO = "http://hl7.org/fhir/sid/icd-10-cm", "http://human-phenotype-ontology.org"
TODAY = date(2026, 12, 1)


def condition(code: str, system: str = HPO, clinical: str = "active", verified: str = "confirmed") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": clinical}]},
        "verificationStatus": {"coding": [{"code": verified}]},
        "code": {"coding": [{"system": system, "code": code}]},
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def call(**prefetch: object) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "7"},
        "prefetch": prefetch,
    }


def cards_of(client: TestClient, body: object) -> Any:  # noqa: ANN401 (JSON)
    answered = client.post("/cds-services/coded-elbow", json=body)
    assert answered.status_code == 200, answered.text
    return answered.json()["cards"]


def test_the_services_are_told(client: TestClient) -> None:
    first, _ = client.get("/cds-services").json()["services"]
    assert (first["id"], first["hook"], first["title"]) == ("coded-elbow", "patient-view", "A sore elbow")
    assert first["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    assert first["description"]


def test_age_and_sex_alone_are_no_alarm(client: TestClient) -> None:
    (card,) = cards_of(client, call(patient=PATIENT))
    assert (card["indicator"], card["summary"]) == ("info", "A sore elbow: ask, if that is it")
    assert "Sex: female" in card["detail"]
    assert "How urgent it is can be said once something of the complaint is known." in card["detail"]
    (link,) = card["links"]
    assert (link["url"], link["type"]) == ("http://127.0.0.1/?network=coded_elbow", "absolute")
    assert client.get(card["links"][0]["url"]).status_code == 200
    assert UUID(card["uuid"])


def test_a_finding_of_the_chart_is_told_with_how_urgent_it_is(client: TestClient) -> None:
    (card,) = cards_of(client, call(patient=PATIENT, conditions=bundle(condition("M25.429", ICD10CM))))
    assert card["indicator"] == "critical"
    assert card["summary"] == "A sore elbow: emergency - be seen now"
    assert len(card["summary"]) < 140
    assert "Swelling: yes" in card["detail"]
    assert "not ruled out: Infected joint" in card["detail"]


@pytest.mark.parametrize(
    ("patient", "conditions", "known"),
    [
        (PATIENT, None, {"age": 76, "sex": "female"}),
        (PATIENT | {"birthDate": "1950-12-01"}, None, {"age": 76, "sex": "female"}),
        (PATIENT | {"birthDate": "1950-12-02"}, None, {"age": 75, "sex": "female"}),
        (PATIENT | {"birthDate": "1950"}, None, {"sex": "female"}),
        (PATIENT | {"gender": "other"}, None, {"age": 76}),
        (None, bundle(condition("M81.0", ICD10CM)), {"bones_thin": "yes"}),
        (None, bundle(condition("M81.0", ICD10CM, clinical="resolved")), {}),
        (None, bundle(condition("M81.0", ICD10CM, verified="refuted")), {}),
        (None, bundle(condition("M81.0", ICD10CM, verified="provisional")), {}),
        (None, bundle(condition("M81.0", HPO)), {}),
        (None, bundle(condition("HP:0001386", HPO)), {}),
        (None, bundle(condition("M81.0", [ICD10CM])), {}),  # type: ignore[arg-type]  # no system
        (
            None,
            bundle({"resourceType": "Observation", "code": {"coding": [{"system": HPO, "code": "HP:0001386"}]}}),
            {},
        ),
        ("nobody", {"entry": [1, {"resource": {"resourceType": "Condition", "code": 3}}]}, {}),
    ],
)
def test_what_a_chart_says_and_nothing_more(patient: object, conditions: object, known: dict[str, object]) -> None:
    found = chart_answers(load_network(NETWORKS / "coded"), patient, conditions, TODAY)
    assert {name: getattr(answer, "as_given", answer) for name, answer in found.items()} == known


def test_an_age_that_is_not_told_is_none() -> None:
    assert [age_of(born, TODAY) for born in ("2027-01-01", "1950-13-01", 1950, None)] == [None] * 4


def test_a_patient_whom_the_network_has_no_figures_for_gets_no_card(client: TestClient) -> None:
    assert cards_of(client, call(patient=PATIENT | {"birthDate": "2020-01-01"})) == []


def test_a_patient_of_whom_there_is_nothing_gets_the_link(client: TestClient) -> None:
    (card,) = cards_of(client, call(patient=None))
    assert "nothing that the questions ask" in card["detail"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (call(), 412, "the prefetch data lack patient"),
        (call() | {"prefetch": None}, 412, "the prefetch data lack patient"),
        (call(patient=None) | {"hook": "order-sign"}, 400, "got the hook 'order-sign'; expected patient-view"),
        (call(patient=None) | {"hookInstance": "1"}, 400, "got no hookInstance; expected a UUID"),
        (call(patient=None) | {"context": {}}, 400, "got no context.patientId"),
        ([], 400, "got the hook no object"),
    ],
)
def test_a_call_that_cannot_be_answered_is_refused(client: TestClient, body: Any, status: int, told: str) -> None:  # noqa: ANN401 (JSON)
    answered = client.post("/cds-services/coded-elbow", json=body)
    assert (answered.status_code, told in answered.json()["detail"]) == (status, True), answered.text


def test_unknown_services_are_refused_and_feedback_is_heard(client: TestClient) -> None:
    answered = client.post("/cds-services/coded-elbo", json=call(patient=None))
    assert (answered.status_code, "did you mean coded_elbow?" in answered.text) == (404, True)
    heard = client.post("/cds-services/coded-elbow/feedback", json={"feedback": []})
    assert (heard.status_code, heard.json()) == (200, {})
