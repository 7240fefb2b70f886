"""What is made is what FHIR R4 and SDC allow, as two validators of other people judge."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from tests.fhir.filling import FORM, adaptive, item, response, said
from tests.fhir.foreign_tools import NEEDS_VALIDATORS, Judged, objections
from tests.fhir.reading import put_last

pytestmark = [pytest.mark.slow, NEEDS_VALIDATORS]
# Said of the form alone: it must stand within a response, as it does.
ALONE: Final = "sdc-adapt-1"


def got(client: TestClient, path: str) -> Any:  # noqa: ANN401 (JSON)
    return client.get(f"/fhir{path}").json()


def judged_forms(client: TestClient) -> list[Judged]:
    forms = [Judged("search", got(client, "/Questionnaire"))]
    for name in ("coded-elbow", "tiny"):
        forms.append(Judged(f"{name} base", got(client, f"/Questionnaire/{name}"), "sdc-questionnaire"))
        shell = got(client, f"/Questionnaire/{name}-adaptive")
        forms.append(Judged(f"{name} shell", shell, "sdc-questionnaire-adapt-srch"))
    statements = [Judged(path, got(client, path)) for path in ("/metadata", "/OperationDefinition/diagnose")]
    return [*forms, *statements]


def first_answer(found: Any) -> dict[str, object]:  # noqa: ANN401 (JSON)
    """The first answer to each item of the question put last; a number where one is asked."""
    put = set(put_last(found))
    items = [each for top in found["contained"][0]["item"] for each in (top, *top.get("item", ()))]
    return {
        each["linkId"]: 45.0 if each["type"] == "decimal" else each["answerOption"][0]["valueCoding"]
        for each in items
        if each["linkId"] in put and each["type"] in ("choice", "decimal")
    }


def judged_interview(client: TestClient) -> list[Judged]:
    responses = list(adaptive(client, lambda found: first_answer(found) if "setting" not in put_last(found) else {}))
    assert len(responses) > 8
    whole = [Judged(f"response {i}", each, "sdc-questionnaireresponse-adapt") for i, each in enumerate(responses)]
    forms = [Judged(f"form {i}", each["contained"][0], "sdc-questionnaire-adapt") for i, each in enumerate(responses)]
    return [*whole, *forms, *judged_results(client, responses[-1])]


def judged_results(client: TestClient, answers: Any) -> list[Judged]:  # noqa: ANN401 (JSON)
    sent = {**answers, "item": [*answers["item"], said("never_asked", "yes")]}
    bundle = client.post("/fhir/QuestionnaireResponse/$diagnose?intervals=true", json=sent).json()
    resources = [each["resource"] for each in bundle["entry"]]
    kinds = {each["resourceType"] for each in resources}
    assert kinds == {"RiskAssessment", "DetectedIssue", "OperationOutcome", "QuestionnaireResponse"}
    parts = [Judged(f"{each['resourceType']} {i}", each) for i, each in enumerate(resources)]
    wrong = response(said("age", 5), item("age.state"), said("tennis", "perhaps"))
    refused = client.post("/fhir/QuestionnaireResponse/$diagnose", json=wrong).json()
    assert refused["resourceType"] == "OperationOutcome"
    return [Judged("bundle", bundle), *parts, Judged("refused", refused), Judged("unknown", got(client, "/Patient/1"))]


def test_all_that_is_made_is_valid(client: TestClient) -> None:
    made = [*judged_forms(client), *judged_interview(client)]
    assert [each for each in objections(made) if not (each[0].startswith("form ") and ALONE in each[1])] == []


def test_the_validators_find_what_is_wrong(client: TestClient) -> None:
    """One knows codes, and the other profiles."""
    good = next(adaptive(client, first_answer))
    bad_code, bad_profile, bad_form = deepcopy(good), deepcopy(good), got(client, "/Questionnaire/tiny-adaptive")
    bad_code["status"] = "complete"
    del bad_profile["authored"]
    bad_form["extension"] = [each for each in bad_form["extension"] if "Adaptive" not in each["url"]]
    found = objections(
        [
            Judged("code", bad_code, "sdc-questionnaireresponse-adapt"),
            Judged("profile", bad_profile, "sdc-questionnaireresponse-adapt"),
            Judged("form", bad_form, "sdc-questionnaire-adapt-srch"),
        ]
    )
    assert [name for name, _ in found] == ["code", "profile", "form"]
    assert 'Code "complete"' in found[0][1]
    assert "authored: Missing required property" in found[1][1]
    assert "questionnaireAdaptive" in found[2][1]


def test_the_forms_name_one_another(client: TestClient) -> None:
    shell = got(client, "/Questionnaire/coded-elbow-adaptive")
    assert shell["derivedFrom"] == [f"{FORM}|0.0.1"]
    assert got(client, "/Questionnaire/coded-elbow")["url"] == FORM
