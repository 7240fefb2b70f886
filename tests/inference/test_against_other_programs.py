"""The engine against pgmpy and pyAgrum, given the exported network: larger ones than full enumeration can take."""

from __future__ import annotations

import math

import pytest

from bayesknee import Engine, to_pgmpy
from bayesknee.interop.tables import is_conditioned
from bayesknee.knowledge.model import COMPLAINT
from tests.support.answers import known
from tests.support.effort import portions, seeds
from tests.support.other_programs import ask_pgmpy, gum
from tests.support.pyagrum_model import to_pyagrum
from tests.support.random_networks import SMALL, TINY, Patient, seeded_patient


def test_pgmpy_gives_the_same_posteriors() -> None:
    for seed in seeds(30):
        patient = seeded_patient(seed, SMALL)
        diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
        expected = ask_pgmpy(to_pgmpy(patient.network, patient.setting), patient.network, patient.answers)
        got = {name: diagnosis.posterior[name] for name in expected}
        assert got == pytest.approx(expected, rel=0, abs=1e-9), f"seed {seed}"


def test_small_tables_in_place_of_large_ones_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where causes are limited, noisy-ORs and mixtures of more conditions than this go out as chains of nodes."""
    monkeypatch.setattr("bayesknee.interop.tables.MOST_AT_ONCE", 1)
    for seed in seeds(100):
        assert_as_pyagrum(seeded_patient(5000 + seed, TINY), seed)


@pytest.mark.parametrize("portion", portions(150))
def test_pyagrum_gives_the_same_posteriors_groups_and_log_evidence(portion: range) -> None:
    for seed in portion:
        assert_as_pyagrum(seeded_patient(1000 + seed, SMALL), seed)


def assert_as_pyagrum(patient: Patient, seed: int) -> None:
    diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
    posterior, groups, log_evidence = ask_pyagrum(patient)
    assert dict(diagnosis.posterior) == pytest.approx(posterior, rel=0, abs=1e-9), f"seed {seed}"
    assert dict(diagnosis.groups) == pytest.approx(groups, rel=0, abs=1e-9), f"seed {seed}"
    assert diagnosis.log_evidence == pytest.approx(log_evidence, rel=0, abs=1e-9), f"seed {seed}"


def ask_pyagrum(patient: Patient) -> tuple[dict[str, float], dict[str, float], float]:
    """Posterior, groups and log P(answers | complaint) by lazy propagation, soft evidence given as it is."""
    network = patient.network
    model = to_pyagrum(to_pgmpy(network, patient.setting))
    complaint = {COMPLAINT: [0.0, 1.0]} if is_conditioned(network) else {}
    engine = gum.LazyPropagation(model)
    engine.setEvidence(complaint)
    log_complaint = math.log(engine.evidenceProbability())
    evidence = {name: list(each.values()) for name, each in known(network, patient.answers).items()}
    engine.setEvidence({name: [weight / max(each) for weight in each] for name, each in evidence.items()} | complaint)
    log_evidence = math.log(engine.evidenceProbability()) - log_complaint  # before joint targets: they bend it in 3.2
    log_evidence += sum(math.log(max(each)) for each in evidence.values())
    groups = {group.id: set(group.members) for group in network.groups.values()}
    for name in network.conditions:
        engine.addTarget(name)
    for members in groups.values():
        engine.addJointTarget(members)
    engine.makeInference()
    posterior = {name: float(engine.posterior(name).toarray()[1]) for name in network.conditions}
    none = {name: float(engine.jointPosterior(members).toarray().flat[0]) for name, members in groups.items()}
    return posterior, {name: 1.0 - each for name, each in none.items()}, log_evidence
