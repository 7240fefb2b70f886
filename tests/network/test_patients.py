"""The patients in the network's own `tests.yaml`: what leads, how urgent it is, and bounds."""

from __future__ import annotations

from collections import Counter

import pytest

from bayesknee import load_network
from bayesknee.diagnosis.expected_results import failed_tests, read_expected_results
from bayesknee.knowledge.library import find_network

NETWORK = load_network("posterior_knee")
TESTS = {test.id: test for test in read_expected_results(find_network("posterior_knee"), NETWORK)}


@pytest.mark.parametrize("name", TESTS)
def test_patient(name: str) -> None:
    assert list(failed_tests(NETWORK, (TESTS[name],))) == []


@pytest.mark.parametrize("condition", NETWORK.conditions)
def test_each_condition_has_three_typical_patients_and_a_hard_one(condition: str) -> None:
    assert [TESTS[f"{condition}_{number}"].first for number in (1, 2, 3)] == [condition] * 3
    assert condition in TESTS[f"{condition}_hard"].among_first


def test_each_patient_is_there_once() -> None:
    patients = Counter(str(sorted(test.case.evidence.items(), key=str)) for test in TESTS.values())
    assert max(patients.values()) == 1
