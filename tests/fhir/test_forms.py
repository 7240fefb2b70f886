"""The form of a network: all its questions, each once, with codes, options and the gates that hold for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from bayesknee import load_network
from bayesknee.fhir.forms import base_form
from bayesknee.fhir.names import Addresses
from bayesknee.knowledge.network import Network
from tests.fhir.filling import FORM, SYSTEM
from tests.support.paths import NETWORKS
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor

ADDRESSES = Addresses("http://127.0.0.1/fhir")
LOINC = "http://loinc.org"


def items(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in tree.get("item", ()):
        yield item
        yield from items(item)


def by_link(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {item["linkId"]: item for item in items(form)}


@pytest.fixture(scope="module")
def form() -> dict[str, Mapping[str, Any]]:
    return by_link(base_form(load_network(NETWORKS / "coded"), ADDRESSES))


def test_each_question_is_asked_once(client: TestClient) -> None:
    served = client.get("/fhir/Questionnaire/coded-elbow").json()
    links = [item["linkId"] for item in items(served)]
    assert len(links) == len(set(links))
    assert set(load_network(NETWORKS / "coded").questions) <= set(links)
    assert [item["linkId"] for item in served["item"]] == [
        "group.preliminaries", "complaints", "topic.background", "topic.pain", "topic.exam"
    ]  # fmt: skip
    assert [line["linkId"] for line in served["item"][1]["item"]] == ["pain_on_grip", "swelling_noticed"]
    assert client.get("/fhir/Questionnaire").json()["total"] == 4
    for version, count in (("", 1), ("|0.0.1", 1), ("|0.0.2", 0)):
        assert client.get("/fhir/Questionnaire", params={"url": f"{FORM}{version}"}).json()["total"] == count


def test_questions_and_answers_have_codes(form: Mapping[str, Mapping[str, Any]]) -> None:
    assert form["sex"]["code"] == [
        {"system": SYSTEM, "code": "sex", "display": "Sex"},
        {"system": LOINC, "code": "76689-9"},
    ]
    assert form["sex"]["answerOption"] == [
        {"valueCoding": {"system": LOINC, "code": "LA3-6", "display": "female"}},
        {"valueCoding": {"system": LOINC, "code": "LA2-8", "display": "male"}},
        {"valueCoding": {"system": SYSTEM, "code": "unknown", "display": "Not known"}},
    ]
    assert [each["valueCoding"]["display"] for each in form["onset"]["answerOption"]] == [
        "After a fall", "All at once", "Bit by bit", "Not known"
    ]  # fmt: skip
    codes = [each["valueCoding"]["code"] for each in form["tennis"]["answerOption"]]
    assert codes == ["yes", "probably", "probably_not", "no", "unknown"]
    assert not any("initial" in item or "initialSelected" in str(item) for item in form.values())


def test_a_number_has_its_unit_and_range_and_a_way_without_a_number(form: Mapping[str, Mapping[str, Any]]) -> None:
    extensions = {each["url"].rpartition("/")[2]: each for each in form["age"]["extension"]}
    assert (form["age"]["type"], form["age"]["text"]) == ("decimal", "How old are you? (years)")
    assert extensions["questionnaire-unit"]["valueCoding"]["code"] == "a"
    assert (extensions["minValue"]["valueDecimal"], extensions["maxValue"]["valueDecimal"]) == (18, 121)
    assert form["age.state"]["enableWhen"] == [{"question": "age", "operator": "exists", "answerBoolean": False}]
    assert [each["valueCoding"]["code"] for each in form["age.state"]["answerOption"]] == ["unknown"]
    named = [each["valueCoding"]["code"] for each in form["temperature.state"]["answerOption"]]
    assert named == ["no", "yes", "unknown"]


def test_a_gate_is_told(form: Mapping[str, Mapping[str, Any]]) -> None:
    yes = {"system": SYSTEM, "code": "yes", "display": "yes"}
    assert form["backhand_pain"]["enableWhen"] == [{"question": "tennis", "operator": "=", "answerCoding": yes}]
    assert "enableBehavior" not in form["backhand_pain"]


def gated(**only_if: tuple[str, ...]) -> Network:
    sport = risk_factor("sport", {"none": 0.5, "tennis": 0.3, "golf": 0.2})
    asked = [finding(name, noisy_or(0.1, ill=0.8)) for name in ("sore", "weak")]
    then = finding("then", noisy_or(0.1, ill=0.8), only_if=only_if)
    return replace(network(condition("ill", 0.2), sport, *asked, then, complaint=""), references={})


def test_a_gate_of_several_states_holds_with_any_of_them() -> None:
    item = by_link(base_form(gated(sport=("tennis", "golf")), ADDRESSES))["then"]
    assert [(each["operator"], each["answerCoding"]["code"]) for each in item["enableWhen"]] == [
        ("=", "tennis"), ("=", "golf")
    ]  # fmt: skip
    assert item["enableBehavior"] == "any"


def test_several_gates_must_all_hold() -> None:
    item = by_link(base_form(gated(sport=("tennis", "golf"), sore=("yes",)), ADDRESSES))["then"]
    told = [(each["question"], each["operator"]) for each in item["enableWhen"]]
    assert told == [("sport", "exists"), ("sport", "!="), ("sore", "exists"), ("sore", "!=")]
    assert [each["answerCoding"]["code"] for each in item["enableWhen"] if "answerCoding" in each] == ["none", "no"]
    assert item["enableBehavior"] == "all"


def test_the_shell_of_an_adaptive_form_says_where_its_questions_come_from(client: TestClient) -> None:
    shell = client.get("/fhir/Questionnaire/coded-elbow-adaptive").json()
    assert "item" not in shell
    (adaptive,) = (each for each in shell["extension"] if "questionnaireAdaptive" in each["url"])
    assert adaptive["valueUrl"] == "http://127.0.0.1/fhir/Questionnaire/$next-question"
    assert shell["derivedFrom"] == ["http://127.0.0.1/fhir/Questionnaire/coded-elbow|0.0.1"]


def test_the_server_says_what_it_can_do(client: TestClient) -> None:
    told = client.get("/fhir/metadata").json()
    (rest,) = told["rest"]
    operations = {each["name"]: each["definition"] for kind in rest["resource"] for each in kind.get("operation", ())}
    assert (told["fhirVersion"], sorted(operations)) == ("4.0.1", ["diagnose", "next-question"])
    assert client.get(operations["diagnose"]).json()["resourceType"] == "OperationDefinition"
