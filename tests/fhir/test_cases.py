"""Case by case, FHIR says what Python says, to the last bit: of the tiny network's, and of those that ship."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from bayesknee import Engine
from bayesknee.diagnosis.diagnosis import Diagnosis
from bayesknee.fhir.names import resource_id
from bayesknee.knowledge.library import find_network
from bayesknee.knowledge.network import Network
from bayesknee.patient.cases import Case, parse_case, read_case
from bayesknee.patient.measured import Measured
from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.fhir.filling import coding, item, response
from tests.fhir.reading import predictions_of
from tests.support.paths import NETWORKS

MOST_CASES = 5  # of the network that ships: each takes as long as all that is told of a patient


class Served(NamedTuple):
    """A network, and a server of it."""

    network: Network
    client: TestClient


def served(name: str) -> Served:
    networks = Networks.load([name], BUDGET)
    return Served(networks.network(), TestClient(make_app(networks), base_url="http://127.0.0.1"))


@pytest.fixture(scope="module")
def tiny() -> Served:
    return served(str(NETWORKS / "tiny"))


@pytest.fixture(scope="module")
def knee() -> Served:
    return served("posterior_knee")


def items_of(network: Network, answers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers as items; those that FHIR's forms cannot hold, of several states, are left out."""
    for name, answer in answers.items():
        if isinstance(answer, Measured):
            yield item(name, {"valueDecimal": answer.number})
        elif isinstance(answer, str) and name in network.questions:
            link = f"{name}.state" if network.questions[name].bands else name
            yield item(link, coding(answer, f"urn:bayesknee:{network.id}"))


def check_same(at: Served, diagnosis: Diagnosis) -> None:
    network = diagnosis.network
    items = list(items_of(network, diagnosis.evidence.answers))
    assert len(items) == len(diagnosis.evidence.answers)
    form = f"http://127.0.0.1/fhir/Questionnaire/{resource_id(network)}"
    path = f"/fhir/QuestionnaireResponse/$diagnose?setting={diagnosis.setting}"
    bundle = at.client.post(path, json=response(*items, form=form)).json()
    forms = {f"{name}.{form}": p for name, forms in diagnosis.forms.items() for form, p in forms.items()}
    assert predictions_of(bundle, diagnosis) == {**diagnosis.posterior, **forms, **diagnosis.groups}
    assert bundle["entry"][0]["resource"]["extension"][0]["valueCode"] == diagnosis.triage.level


def expressible(network: Network, case: Case) -> dict[str, Any]:
    """The answers of a case that a form can hold: no weights by state, and no conditions that are known already."""
    return {
        name: answer
        for name, answer in case.evidence.items()
        if name in network.questions and not isinstance(answer, Mapping)
    }


def compared(at: Served, cases: Sequence[Case]) -> int:
    """Compares each case of which all answers can be said by a form, and counts them."""
    engines = {setting: Engine(at.network, setting) for setting in at.network.settings}
    found = 0
    for case in cases:
        engine = engines[case.setting or at.network.default_setting]
        diagnosis = engine.diagnose(expressible(at.network, case))
        if all(isinstance(answer, str) for answer in diagnosis.evidence.answers.values()):
            check_same(at, diagnosis)
            found += 1
    return found


def lines_of(file: Path) -> list[Case]:
    return [parse_case(line, "a line.json") for line in file.read_bytes().splitlines() if line.strip()]


def test_the_cases_of_the_tiny_network(tiny: Served) -> None:
    cases = lines_of(NETWORKS / "tiny_cases.jsonl")
    assert compared(tiny, cases) > len(cases) / 2 > 0


@pytest.mark.slow
def test_the_cases_that_ship(knee: Served) -> None:
    folder = find_network("posterior_knee") / "cases"
    cases = [read_case(file) for file in sorted(folder.glob("*.yaml"))]
    cases += [case for file in sorted(folder.glob("*.jsonl")) for case in lines_of(file)]
    assert compared(knee, cases[:: max(len(cases) // MOST_CASES, 1)]) > 0
