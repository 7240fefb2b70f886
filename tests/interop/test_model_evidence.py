"""A diagnosis as evidence for the exported model: pgmpy and pyAgrum then tell the same as the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

import bayesknee
from bayesknee import Diagnosis, Engine, Network, pgmpy_evidence, to_pgmpy
from bayesknee.interop.exports import export
from bayesknee.interop.model_evidence import model_evidence
from bayesknee.knowledge.model import COMPLAINT
from tests.support.other_programs import VariableElimination, gum
from tests.support.random_networks import SMALL, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, risk_factor


@pytest.fixture
def gated() -> Network:
    """A risk factor of three states, two of which open a question."""
    return network(
        risk_factor("sport", {"none": 0.5, "run": 0.3, "ride": 0.2}),
        condition("a", 0.6, {"sport": {"run": 3.0}}),
        condition("rest", 0.6),
        finding("f", noisy_or(0.1, a=0.7), only_if={"sport": ("run", "ride")}),
        finding("g", noisy_or(0.2, rest=0.5)),
    )


def by_pgmpy(diagnosis: Diagnosis) -> dict[str, float]:
    states, virtual = pgmpy_evidence(diagnosis)
    model = to_pgmpy(diagnosis.network, diagnosis.setting)
    found = {}
    for name in diagnosis.posterior.keys() - states.keys():
        factor = VariableElimination(model).query([name], states, virtual or None, show_progress=False)
        found[name] = float(factor.get_value(**{name: "yes"}))
    return found


def test_a_gate_of_several_states_is_virtual_evidence(gated: Network) -> None:
    states, likelihoods = model_evidence(Engine(gated).diagnose({"f": "yes"}))
    assert states == {COMPLAINT: "yes", "f": "yes"}
    assert likelihoods == {"sport": {"none": 0.0, "run": 1.0, "ride": 1.0}}


def test_what_is_unknown_or_tells_nothing_is_left_out_and_a_sure_likelihood_is_a_state(gated: Network) -> None:
    answers = {"f": "unknown", "g": {"no": 0.3, "yes": 0.3}, "sport": {"run": 0.4, "none": 0.0}, "a": {"yes": 1.0}}
    states, likelihoods = model_evidence(Engine(gated).diagnose(answers))
    assert states == {COMPLAINT: "yes", "sport": "run", "a": "yes"}
    assert likelihoods == {}


def test_an_unsure_gate_keeps_its_likelihoods_within_what_is_implied(gated: Network) -> None:
    """P(none) is out; of the others, the highest becomes 1."""
    diagnosis = Engine(gated).diagnose({"f": "no", "sport": {"none": 0.5, "run": 0.2, "ride": 0.4}})
    assert model_evidence(diagnosis).likelihoods["sport"] == pytest.approx({"none": 0.0, "run": 0.5, "ride": 1.0})
    assert by_pgmpy(diagnosis) == pytest.approx(dict(diagnosis.posterior), abs=1e-9)


def test_without_a_complaint_there_is_no_such_evidence() -> None:
    net = network(condition("a", 0.2), finding("f", noisy_or(0.1, a=0.5)), complaint="")
    assert pgmpy_evidence(Engine(net).diagnose({})) == ({}, [])


@pytest.mark.parametrize("seed", range(12))
def test_pgmpy_tells_what_the_engine_does(seed: int) -> None:
    patient = seeded_patient(seed, SMALL)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    got = by_pgmpy(diagnosis)
    assert got == pytest.approx({name: diagnosis.posterior[name] for name in got}, abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_pyagrum_tells_what_the_engine_does(seed: int, tmp_path: Path) -> None:
    patient = seeded_patient(seed, SMALL)
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    path = tmp_path / "network.bifxml"
    export(patient.network, path, "xmlbif", patient.setting)
    states, likelihoods = model_evidence(diagnosis)
    engine = gum.LazyPropagation(gum.loadBN(str(path)))
    engine.setEvidence({**states, **{name: list(each.values()) for name, each in likelihoods.items()}})
    engine.makeInference()
    got = {name: float(engine.posterior(name).toarray()[1]) for name in diagnosis.posterior}
    assert got == pytest.approx(dict(diagnosis.posterior), abs=1e-9)


def test_the_shipped_network_with_a_gate_that_other_programs_do_not_know(knee: Network) -> None:
    diagnosis = Engine(knee).diagnose({"eases_once_warm": "yes"})
    states, virtual = bayesknee.pgmpy_evidence(diagnosis)
    engine = VariableElimination(to_pgmpy(knee))
    got = engine.query(["hamstring_tendonitis"], states, virtual, show_progress=False)
    assert got.get_value(hamstring_tendonitis="yes") == pytest.approx(
        diagnosis.posterior["hamstring_tendonitis"], abs=1e-9
    )


def test_files_say_that_gates_are_evidence(gated: Network, tmp_path: Path) -> None:
    path = tmp_path / "network.bifxml"
    export(gated, path, "xmlbif")
    assert "Give what an answer implies of its gate (only_if in the network) as evidence, too." in path.read_text()
