"""The Bundle tells what the diagnosis tells: probabilities to the bit, ranges, what is dangerous, warnings."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

from bayesknee import Engine, load_network
from bayesknee.diagnosis.diagnosis import Diagnosis
from tests.fhir.filling import coding, item, response, said
from tests.fhir.reading import posterior_of, predictions_of, resources_of
from tests.support.paths import NETWORKS

ENGINE = Engine(NETWORKS / "coded")
ANSWERS = {"age": 70, "onset": "fall", "swelling_noticed": "yes", "temperature": 39.5}


def sent_of(answers: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    return response(*(said(name, value) for name, value in answers.items()), *more)


def bundle_of(client: TestClient, sent: object, query: str = "") -> Any:  # noqa: ANN401 (JSON)
    answered = client.post(f"/fhir/QuestionnaireResponse/$diagnose{query}", json=sent)
    assert answered.status_code == 200, answered.text
    return answered.json()


@pytest.fixture(scope="module")
def diagnosis() -> Diagnosis:
    return ENGINE.diagnose(ANSWERS)


@pytest.mark.parametrize("seed", range(10))
def test_probabilities_are_those_of_python_to_the_bit(client: TestClient, seed: int) -> None:
    random = Random(seed)
    network = load_network(NETWORKS / "coded")
    asked = [each for each in network.questions.values() if not each.bands and each.id != "backhand_pain"]
    answers = {each.id: random.choice(each.states) for each in random.sample(asked, random.randint(1, 5))}
    found = ENGINE.diagnose(answers)
    bundle = bundle_of(client, sent_of(answers))
    forms = {f"{name}.{form}": p for name, forms in found.forms.items() for form, p in forms.items()}
    assert predictions_of(bundle, found) == {**found.posterior, **forms, **found.groups}
    rest = client.post("/v1/diagnose", json={"evidence": answers}).json()
    assert posterior_of(bundle, found) == {each["condition"]: each["probability"] for each in rest["posterior"]}


def test_ranges_are_those_of_python_in_per_cent(client: TestClient, diagnosis: Diagnosis) -> None:
    assessments = resources_of(bundle_of(client, sent_of(ANSWERS), "?intervals=true"), "RiskAssessment")
    ranges = {
        each["outcome"]["coding"][0]["code"]: [each["probabilityRange"][end]["value"] for end in ("low", "high")]
        for each in assessments[1]["prediction"]
    }
    expected = {
        name: [float(Decimal(repr(float(end))).scaleb(2)) for end in (each.low, each.high)]
        for name, each in diagnosis.intervals().conditions.items()
    }
    assert {name: ranges[name] for name in expected} == expected
    assert "of 1,000 networks drawn" in assessments[1]["prediction"][0]["rationale"]


def test_what_is_dangerous_and_not_ruled_out_is_told(client: TestClient, diagnosis: Diagnosis) -> None:
    issues = resources_of(bundle_of(client, sent_of(ANSWERS)), "DetectedIssue")
    told = [each["code"]["coding"][0]["code"] for each in issues]
    flags = [flag.id for flag in diagnosis.triage.red_flags]
    assert told == [*(each.condition for each in diagnosis.not_ruled_out), *flags]
    assert {"fracture", "infection", "hot_elbow", "feverish"} <= set(told)
    (hot,) = (each for each in issues if each["code"]["coding"][0]["code"] == "hot_elbow")
    assert hot["severity"] == "moderate"
    assert hot["detail"] == (
        "A swelling that came suddenly should be seen within days. (onset=fall, swelling_noticed=yes)"
    )


def test_what_no_answer_speaks_for_calls_for_no_more_than_the_case(client: TestClient) -> None:
    """It is dangerous as ever, and who has it unlikely: the action is that of the case."""
    found = ENGINE.diagnose({"tennis": "yes"})
    (broken, _) = resources_of(bundle_of(client, sent_of({"tennis": "yes"})), "DetectedIssue")
    assert (found.triage.level, broken["severity"]) == ("routine", "high")
    assert broken["mitigation"][0]["action"]["coding"][0]["code"] == "routine"


def test_how_urgent_it_is_is_told_in_words_and_as_a_code(client: TestClient, diagnosis: Diagnosis) -> None:
    (risk,) = resources_of(bundle_of(client, sent_of(ANSWERS)), "RiskAssessment")
    assert risk["extension"] == [{"url": "urn:bayesknee:level-of-care", "valueCode": diagnosis.triage.level}]
    assert risk["mitigation"].startswith("emergency - be seen now.\nA hot, swollen joint must be seen at once.\n")
    assert [each["text"] for each in risk["note"]][-1] == "For tests only."
    assert f"({diagnosis.network.sha256})" in risk["method"]["text"]


def test_codes_go_with_their_edition(client: TestClient) -> None:
    (risk,) = resources_of(bundle_of(client, sent_of(ANSWERS)), "RiskAssessment")
    codings = {each["outcome"]["coding"][0]["code"]: each["outcome"]["coding"][1:] for each in risk["prediction"]}
    assert codings["infection"] == [{"system": "http://hl7.org/fhir/sid/icd-10", "version": "2019", "code": "M00.9"}]
    assert [each["code"] for each in codings["fracture"]] == ["S52.0", "S52.009A", "HP:0020110"]
    assert [each["code"] for each in codings["fracture.neck"]] == ["S52.1"]
    assert codings["fracture.shaft"] == codings["bad"] == []


def test_the_patient_and_the_answers_are_named(client: TestClient) -> None:
    sent = sent_of(ANSWERS) | {"subject": {"reference": "Patient/7"}}
    bundle = bundle_of(client, sent)
    (risk,) = resources_of(bundle, "RiskAssessment")
    assert risk["subject"] == {"reference": "Patient/7"}
    assert {each["patient"]["reference"] for each in resources_of(bundle, "DetectedIssue")} == {"Patient/7"}
    addresses = {each["fullUrl"]: each["resource"] for each in bundle["entry"]}
    assert addresses[risk["basis"][0]["reference"]] == sent


def test_setting_and_network_may_stand_beside_the_response(client: TestClient) -> None:
    emergency = Engine(NETWORKS / "coded", "emergency").diagnose(ANSWERS)
    beside = {"name": "setting", "valueString": "emergency"}
    resource = {"name": "questionnaire-response", "resource": sent_of(ANSWERS)}
    wrapped = {"resourceType": "Parameters", "parameter": [resource, beside]}
    for found in (bundle_of(client, sent_of(ANSWERS), "?setting=emergency"), bundle_of(client, wrapped)):
        assert posterior_of(found, emergency) == dict(emergency.posterior)
    answered = bundle_of(client, sent_of(ANSWERS, said("setting", "emergency")))
    assert posterior_of(answered, emergency) == dict(emergency.posterior)
    tiny = Engine(NETWORKS / "tiny").diagnose({"onset": "fall"})
    sent = response(item("onset", coding("fall", "urn:bayesknee:tiny")), form="https://example.org/form")
    found = bundle_of(client, sent, "?network=tiny")
    assert "urn:bayesknee:tiny" in json.dumps(found)
    assert posterior_of(found, tiny) == dict(tiny.posterior)


def test_answers_that_contradict_are_warned_of(client: TestClient) -> None:
    answers = {"effusion_felt": "yes", "swelling_noticed": "no", "temperature": 36.5, "pain_on_grip": "no"}
    messages = [warning.message for warning in ENGINE.diagnose(answers).warnings]
    bundle = bundle_of(client, sent_of(answers))
    told = [each["details"]["text"] for every in resources_of(bundle, "OperationOutcome") for each in every["issue"]]
    assert set(messages) <= set(told)
    assert messages
