"""The adaptive form puts what the interview of Python puts, and ends with the same result, to the last bit."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from bayesknee import Engine, Interview
from bayesknee.fhir.adaptive import POLICY
from bayesknee.interview.prompts import Prompt
from tests.fhir.filling import FORM, adaptive, coding, item, links_of, response, said
from tests.fhir.reading import posterior_of, predictions_of, put_last
from tests.support.paths import NETWORKS

CODED: Final = NETWORKS / "coded"


def chosen(prompt: Prompt, random: Random) -> Any:  # noqa: ANN401 (what an interview takes; None skips)
    """An answer that somebody might give: of a list to some of its lines."""
    if random.random() < 0.15:
        return None
    if prompt.kind == "tick_all":
        lines = {option.value: random.choice(("yes", "no", "unknown", "")) for option in prompt.options}
        return {name: value for name, value in lines.items() if value} or None
    if prompt.kind == "number" and random.random() < 0.7:
        return round(random.uniform(prompt.lowest, prompt.highest - 0.1), 2)
    if prompt.kind == "number":
        return "unknown"
    more = ["unknown", "probably"] if prompt.is_yes_no else ["unknown"] if prompt.may_be_unsure else []
    inside = [option.value for option in prompt.options if option.value != "hand"]
    return random.choice([*inside, *more])


@pytest.mark.parametrize("seed", range(25))
def test_the_form_is_the_interview_of_python(client: TestClient, seed: int) -> None:
    interview, random = Interview(Engine(CODED), policy=POLICY), Random(seed)

    def answer(found: Any) -> dict[str, object]:  # noqa: ANN401 (JSON)
        prompt = interview.question
        assert prompt is not None
        links = links_of(found)
        assert next(iter(reversed(links))) == prompt.id
        value = chosen(prompt, random)
        if value is None:
            interview.skip()
            return {}
        interview.answer(value)
        if isinstance(value, dict):
            return {links[name] + state_link(name, each): each for name, each in value.items()}
        return {links[prompt.id] + state_link(prompt.id, value): value}

    *_, last = adaptive(client, answer)
    assert interview.finished
    bundle = client.post("/fhir/QuestionnaireResponse/$diagnose", json=last).json()
    assert posterior_of(bundle, interview.diagnosis) == dict(interview.diagnosis.posterior)
    told = predictions_of(bundle, interview.diagnosis)
    assert {f"fracture.{form}": p for form, p in interview.diagnosis.forms["fracture"].items()}.items() <= told.items()
    assert dict(interview.diagnosis.groups).items() <= told.items()
    (risk,) = (entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "RiskAssessment")
    assert risk["extension"][0]["valueCode"] == interview.diagnosis.triage.level


def state_link(name: str, value: object) -> str:
    """What is said of a number without one has an item of its own."""
    return ".state" if name in ("age", "temperature") and isinstance(value, str) else ""


def test_a_red_flag_is_told_at_once_and_stays_as_long_as_it_holds(client: TestClient) -> None:
    items = [said("onset", "fall"), said("swelling_noticed", "yes")]
    first = next_of(client, response(*items))
    flag = "Warning (urgent - be seen within days): A swelling that came suddenly should be seen within days."
    assert flag in texts(first)
    again = next_of(client, {**first, "item": [*first["item"], said(put_last(first)[0], "clinician")]})
    assert texts(again).count(flag) == 1
    changed = [said("onset", "gradual"), *again["item"][1:]]
    assert flag not in texts(next_of(client, {**again, "item": changed}))


def test_it_ends_with_the_result_and_says_how_urgent_it_is(client: TestClient) -> None:
    *_, last = adaptive(client, lambda found: {put_last(found)[0]: "elbow"} if "scope" in str(put_last(found)) else {})
    assert last["status"] == "completed"
    result = last["contained"][0]["item"][-1]
    assert (result["linkId"], result["type"]) == ("result.group", "group")
    assert texts(last)[-1] == "For tests only."
    assert any(text.startswith("How urgent: ") for text in texts(last))


def test_somebody_whom_the_network_is_not_for_is_told_where_to_go(client: TestClient) -> None:
    *_, last = adaptive(client, lambda found: {put_last(found)[0]: "hand"} if "scope" in str(put_last(found)) else {})
    assert "At the hand: All figures here are of elbows. Ask a doctor." in texts(last)
    bundle = client.post("/fhir/QuestionnaireResponse/$diagnose", json=last).json()
    assert "outside what coded_elbow is for" in str(bundle)


def test_what_is_known_before_is_not_asked(client: TestClient) -> None:
    found = next_of(client, response(said("age", 70), said("setting", "emergency"), form=f"{FORM}-adaptive"))
    put = []
    while found["status"] != "completed":
        put.append(put_last(found)[0])
        found = next_of(client, found)
    assert not {"age", "setting"} & set(put)
    assert len(put) > 5
    assert [each["linkId"] for each in found["item"]] == ["age", "setting"]  # as they were sent


def test_parameters_are_answered_in_kind(client: TestClient) -> None:
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "questionnaire-response", "resource": response()}]}
    found = client.post("/fhir/Questionnaire/$next-question", json=wrapped).json()
    assert (found["resourceType"], found["parameter"][0]["name"]) == ("Parameters", "return")
    assert found["parameter"][0]["resource"] | {"authored": ""} == next_of(client, response()) | {"authored": ""}


def test_a_form_of_another_version_is_taken_and_told(client: TestClient) -> None:
    found = next_of(client, response(form=f"{FORM}|0.0.0"))
    assert any("the form is of coded_elbow 0.0.0, and this is 0.0.1" in text for text in texts(found))


def test_what_is_not_understood_is_told_in_the_form(client: TestClient) -> None:
    found = next_of(client, response(item("tenis", coding("yes")), said("age", 50)))
    assert any("not understood, and not counted" in text and "did you mean tennis" in text for text in texts(found))


def test_a_form_that_came_back_changed_says_what_the_network_says(client: TestClient) -> None:
    first = next_of(client, response())
    first["contained"][0]["item"][0]["text"] = "<script>alert(1)</script>"
    found = next_of(client, first)
    assert "<script>" not in str(found["contained"])


def test_what_else_a_response_has_comes_back(client: TestClient) -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    extension = [{"url": "https://example.org/coverage", "valueString": "A"}]
    sent = response(subject={"reference": "#p"}, contained=[patient], extension=extension, meta={"source": "ehr"})
    found = next_of(client, next_of(client, sent))
    assert (found["subject"], found["extension"], found["meta"]["source"]) == (sent["subject"], extension, "ehr")
    assert [each["resourceType"] for each in found["contained"]] == ["Questionnaire", "Patient"]


def next_of(client: TestClient, sent: Any) -> Any:  # noqa: ANN401 (JSON)
    answered = client.post("/fhir/Questionnaire/$next-question", json=sent)
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "application/fhir+json"
    return answered.json()


def texts(found: Any) -> list[str]:  # noqa: ANN401 (JSON)
    """All that the form says, in order."""

    def below(items: Any) -> list[str]:  # noqa: ANN401 (JSON)
        return [text for each in items for text in (each["text"], *below(each.get("item", ())))]

    return below(found["contained"][0]["item"])
