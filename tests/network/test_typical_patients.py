"""Typical and hard patients of the network posterior_knee: what leads, and what must stay above or below a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bayesknee import Diagnosis, Engine, load_network

NETWORK = load_network("posterior_knee")
FILE = Path(__file__).with_name("typical_patients.yaml")


@dataclass(frozen=True)
class Patient:
    """A patient of typical_patients.yaml; its head says what the fields mean."""

    id: str
    setting: str
    evidence: Mapping[str, Any]
    why: str
    first: str = ""
    above: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)

    def disappointments(self, diagnosis: Diagnosis) -> list[str]:
        """What the diagnosis does not meet, in words."""
        posterior = diagnosis.posterior
        leader = next(iter(posterior))
        found = [f"{leader} leads, not {self.first}"] if self.first and leader != self.first else []
        found += [f"{name} {posterior[name]:.3f} <= {p}" for name, p in self.above.items() if posterior[name] <= p]
        found += [f"{name} {posterior[name]:.3f} >= {p}" for name, p in self.below.items() if posterior[name] >= p]
        return found


def read_patients() -> list[Patient]:
    return [
        Patient(each["id"], each["setting"], each["evidence"], each["why"], **each["expect"])
        for each in yaml.safe_load(FILE.read_text(encoding="utf-8"))
    ]


PATIENTS = read_patients()


@cache
def engine(setting: str) -> Engine:
    return Engine(NETWORK, setting)


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.id)
def test_patient(patient: Patient) -> None:
    diagnosis = engine(patient.setting).diagnose(patient.evidence)
    problems = patient.disappointments(diagnosis)
    assert not problems, f"{'; '.join(problems)}. {patient.why} {diagnosis}"


def test_every_patient_has_an_id_of_its_own() -> None:
    assert not [name for name, number in Counter(patient.id for patient in PATIENTS).items() if number > 1]


def test_every_patient_expects_something_of_known_conditions() -> None:
    for patient in PATIENTS:
        named = {patient.first, *patient.above, *patient.below} - {""}
        assert named, f"{patient.id} expects nothing"
        assert named <= set(NETWORK.conditions), patient.id


@pytest.mark.parametrize("condition", NETWORK.conditions)
def test_every_condition_leads_in_three_patients(condition: str) -> None:
    assert sum(patient.first == condition for patient in PATIENTS) >= 3
