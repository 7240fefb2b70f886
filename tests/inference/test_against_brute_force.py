"""The engine against the full joint of tiny random networks."""

from __future__ import annotations

import math

import pytest

from bayesknee import Engine, ImpossibleEvidenceError
from tests.support.effort import portions, seeds
from tests.support.engines import oracle
from tests.support.random_networks import has_impossible_answers, seeded_patient

pytestmark = pytest.mark.usefixtures("strategy")


@pytest.mark.parametrize("portion", portions(600))
def test_posterior_groups_and_log_evidence(portion: range) -> None:
    for seed in portion:
        patient = seeded_patient(seed)
        diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
        brute_force = oracle(patient.network, patient.setting)
        expected = brute_force.posterior(patient.answers)
        assert dict(diagnosis.posterior) == pytest.approx(expected, rel=0, abs=1e-9), f"seed {seed}"
        expected = brute_force.groups(patient.answers)
        assert dict(diagnosis.groups) == pytest.approx(expected, rel=0, abs=1e-9), f"seed {seed}"
        for name, forms in brute_force.forms(patient.answers).items():
            assert dict(diagnosis.forms[name]) == pytest.approx(forms, rel=0, abs=1e-9), f"seed {seed}"
        expected_log = brute_force.log_evidence(patient.answers)
        assert diagnosis.log_evidence == pytest.approx(expected_log, rel=0, abs=1e-9), f"seed {seed}"


def test_evidence_that_brute_force_finds_impossible_is_refused() -> None:
    refused = 0
    for seed in seeds(100):
        patient = seeded_patient(seed)
        answers = {**patient.answers, **dict.fromkeys(patient.network.conditions, "no")}
        possible = oracle(patient.network, patient.setting).log_evidence(answers) > -math.inf
        if not has_impossible_answers(patient.network):
            assert possible == (not patient.network.complaint)
        engine = Engine(patient.network, patient.setting)
        if possible:
            assert set(engine.diagnose(answers).posterior.values()) == {0.0}
        else:
            refused += 1
            with pytest.raises(ImpossibleEvidenceError, match="these answers cannot all be true"):
                engine.diagnose(answers)
    assert refused > 10
