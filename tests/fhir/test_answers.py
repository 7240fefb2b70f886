"""Answers by whichever code mean the same; what is not understood is told, and what nobody denied is not denied."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from bayesknee import Engine
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.fhir.filling import coding, item, response, said
from tests.fhir.reading import posterior_of, resources_of
from tests.support.paths import NETWORKS

ENGINE = Engine(NETWORKS / "coded")
LOINC, GENDER = "http://loinc.org", "http://hl7.org/fhir/administrative-gender"
V2, ABSENT = (f"http://terminology.hl7.org/CodeSystem/{name}" for name in ("v2-0136", "data-absent-reason"))
YEARS = {"value": 60, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}


def bundle_of(client: TestClient, sent: object, query: str = "") -> Any:  # noqa: ANN401 (JSON)
    answered = client.post(f"/fhir/QuestionnaireResponse/$diagnose{query}", json=sent)
    assert answered.status_code == 200, answered.text
    return answered.json()


@pytest.mark.parametrize(
    ("link", "answer", "meant"),
    [
        ("sex", coding("female"), "female"),
        ("sex", coding("LA3-6", LOINC), "female"),
        ("sex", coding("male", GENDER), "male"),
        ("tennis", coding("yes"), "yes"),
        ("tennis", {"valueCoding": {"code": "yes"}}, "yes"),
        ("tennis", coding("LA32-8", LOINC), "no"),
        ("tennis", coding("Y", V2), "yes"),
        ("tennis", coding("asked-unknown", ABSENT), "unknown"),
        ("tennis", {"valueBoolean": False}, "no"),
        ("tennis", coding("probably_not"), "probably not"),
        ("onset", {"valueString": "Bit by bit"}, "gradual"),
        ("age", {"valueInteger": 60}, 60),
        ("age", {"valueDecimal": 60.25}, 60.25),
        ("age", {"valueQuantity": YEARS}, 60),
        ("age", {"valueQuantity": {"value": 60}}, 60),
        ("age.state", coding("unknown"), "unknown"),
        ("temperature", {"valueQuantity": {"value": 38.6, "code": "Cel"}}, 38.6),
        ("temperature.state", coding("yes"), "yes"),
    ],
)
def test_an_answer_means_the_same_by_whichever_code(client: TestClient, link: str, answer: Any, meant: object) -> None:  # noqa: ANN401 (JSON)
    diagnosis = ENGINE.diagnose({link.removesuffix(".state"): meant})
    bundle = bundle_of(client, response(item(link, answer)))
    assert posterior_of(bundle, diagnosis) == dict(diagnosis.posterior)
    assert not any("not understood" in str(each) for each in resources_of(bundle, "OperationOutcome"))


@pytest.mark.parametrize(
    ("link", "answers", "told"),
    [
        ("tennis", [coding("LA3-6", LOINC)], "the code 'LA3-6' of 'http://loinc.org' means none of its answers"),
        ("tennis", [coding("often")], "unknown state 'often' of tennis; expected no, yes or unknown"),
        ("tennis", [coding("yes"), coding("no")], "tennis: got 2 answers; expected one"),
        ("tennis", [{"valueDate": "2020-01-01"}], "tennis: got valueDate; expected one of valueCoding"),
        ("tennis", [{"valueBoolean": "true"}], "tennis: got 'true' as valueBoolean"),
        ("tennis", [{"valueCoding": "yes"}], "tennis: got 'yes' as valueCoding; expected an object"),
        ("tennis", [{"valueCoding": {"display": "Yes"}}], "got a coding without a code"),
        ("tennis", [{"valueQuantity": {"value": 1}}], "tennis: got a number; expected one of its answers"),
        ("sex", [coding("other", GENDER)], "means none of its answers"),
        ("age", [{"valueDecimal": 5}], "There are no figures for children."),
        ("age", [{"valueQuantity": {"value": 720, "code": "mo"}}], "expected a number in years"),
        ("age", [{"valueQuantity": {"value": 60, "comparator": "<"}}], "got '<' a number; expected the number itself"),
        ("age", [{"valueQuantity": {"unit": "years"}}], "got a quantity without a number"),
        ("age", [{"valueInteger": True}], "got 'True' as valueInteger"),
        ("setting", [coding("clinik")], "did you mean clinic"),
        ("scope.place", [coding("foot")], "scope.place: got 'foot'; expected elbow or hand"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_with_its_place(
    client: TestClient,
    link: str,
    answers: list[Any],
    told: str,
) -> None:
    answered = client.post("/fhir/QuestionnaireResponse/$diagnose", json=response(item(link, *answers)))
    assert answered.status_code == 422, answered.text
    (issue,) = answered.json()["issue"]
    assert told in issue["details"]["text"]
    assert issue["expression"] == [f"QuestionnaireResponse.repeat(item).where(linkId='{link}')"]


def test_all_faults_are_told_at_once(client: TestClient) -> None:
    sent = response(said("age", 5), said("tennis", "often"), item("sex", coding("other", GENDER)))
    answered = client.post("/fhir/QuestionnaireResponse/$diagnose", json=sent)
    assert [each["expression"][0][-8:] for each in answered.json()["issue"]] == ["='sex')", "='age')"] or (
        len(answered.json()["issue"]) == 3
    )


def test_a_number_and_an_answer_without_one_are_refused(client: TestClient) -> None:
    sent = response(said("temperature", 38.6), item("temperature.state", coding("no")))
    answered = client.post("/fhir/QuestionnaireResponse/$diagnose", json=sent)
    assert answered.status_code == 422
    assert "a number and an answer without one" in answered.text


def test_what_has_no_answer_is_not_denied(client: TestClient) -> None:
    lines = {"linkId": "complaints", "item": [said("pain_on_grip", "yes"), {"linkId": "swelling_noticed"}]}
    nothing = item("tennis", {"extension": [{"url": "urn:absent", "valueCode": "masked"}]})
    diagnosis = ENGINE.diagnose({"pain_on_grip": "yes"})
    bundle = bundle_of(client, response(lines, nothing))
    assert posterior_of(bundle, diagnosis) == dict(diagnosis.posterior)


def test_items_below_answers_and_groups_are_read(client: TestClient) -> None:
    deep = {"linkId": "topic.pain", "item": [{"linkId": "g", "item": [said("onset", "fall")]}]}
    below = {"linkId": "tennis", "answer": [{**coding("yes"), "item": [said("backhand_pain", "yes")]}]}
    diagnosis = ENGINE.diagnose({"onset": "fall", "tennis": "yes", "backhand_pain": "yes"})
    assert posterior_of(bundle_of(client, response(deep, below)), diagnosis) == dict(diagnosis.posterior)


def test_what_is_not_understood_is_told_and_does_not_count(client: TestClient) -> None:
    bundle = bundle_of(client, response(said("onset", "fall"), item("tenis", coding("yes"))))
    diagnosis = ENGINE.diagnose({"onset": "fall"})
    assert posterior_of(bundle, diagnosis) == dict(diagnosis.posterior)
    (outcome,) = resources_of(bundle, "OperationOutcome")
    (told,) = (each for each in outcome["issue"] if each["code"] == "not-supported")
    assert told["severity"] == "warning"
    assert "the answer to the item tenis; did you mean tennis?" in told["details"]["text"]


def foreign(*items: dict[str, Any]) -> dict[str, Any]:
    """A response to a form that others made: its items have codes, and links of their own."""
    asked = [
        {"linkId": "1", "type": "integer", "text": "Age", "code": [{"system": LOINC, "code": "21612-7"}]},
        {"linkId": "2", "type": "choice", "text": "Swollen?", "code": [
            {"system": "http://human-phenotype-ontology.org", "code": "HP:0001386"}]},
        {"linkId": "tennis", "type": "boolean", "text": "Do you like tennis?"},
    ]  # fmt: skip
    form = {"resourceType": "Questionnaire", "id": "theirs", "url": "https://example.org/Questionnaire/pain"}
    return response(*items, form="#theirs", contained=[{**form, "status": "active", "item": asked}])


def test_a_form_that_others_made_is_read_by_its_codes_alone(client: TestClient) -> None:
    said_there = [item("1", {"valueInteger": 70}), item("2", coding("LA33-6", LOINC))]
    sent = foreign(*said_there, item("tennis", {"valueBoolean": True}))
    bundle = bundle_of(client, sent, "?network=coded-elbow")
    diagnosis = ENGINE.diagnose({"age": 70, "swelling_noticed": "yes"})
    assert posterior_of(bundle, diagnosis) == dict(diagnosis.posterior)
    (outcome,) = resources_of(bundle, "OperationOutcome")
    assert any("the answer to the item tennis" in each["details"]["text"] for each in outcome["issue"])


def test_a_form_that_others_made_wants_a_network(client: TestClient) -> None:
    sent = foreign(item("1", {"valueInteger": 70}))
    answered = client.post("/fhir/QuestionnaireResponse/$diagnose", json=sent)
    assert (answered.status_code, "unknown network 'pain'" in answered.text) == (404, True)
    del sent["contained"][0]["url"]
    answered = client.post("/fhir/QuestionnaireResponse/$diagnose", json=sent)
    assert (answered.status_code, "say ?network=" in answered.text) == (422, True)


def test_codes_of_a_file_are_read_as_well(tmp_path: Any) -> None:  # noqa: ANN401 (a path)
    file = tmp_path / "snomed.csv"
    file.write_text("node,state,system,code\nonset,fall,snomed,1912002\n", encoding="utf-8")
    served = Networks.load([str(NETWORKS / "coded")], BUDGET, str(file))
    client = TestClient(make_app(served), base_url="http://127.0.0.1")
    bundle = bundle_of(client, response(item("onset", coding("1912002", "http://snomed.info/sct"))))
    diagnosis = ENGINE.diagnose({"onset": "fall"})
    assert posterior_of(bundle, diagnosis) == dict(diagnosis.posterior)
