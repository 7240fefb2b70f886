"""The generator varies what it claims to vary, counted over seeds: tests on networks that are all alike show little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from bayesknee.knowledge.model import (
    ConditionalTable,
    Finding,
    FindingModel,
    Greatest,
    Mixture,
    NoisyOr,
    Reading,
    parents_of,
)
from bayesknee.knowledge.network import Network
from bayesknee.patient.evidence import check_evidence
from tests.support.random_networks import REAL, TINY, Patient, random_network, seeded_patient

PATIENTS = [seeded_patient(seed) for seed in range(400)]


def children(network: Network, parent: str) -> int:
    return sum(parent in condition.odds_ratios for condition in network.conditions.values())


def parents_of_conditions(network: Network) -> int:
    return sum(parent in network.conditions for each in network.conditions.values() for parent in each.odds_ratios)


def models(network: Network, kind: type[FindingModel]) -> list[Finding]:
    return [finding for finding in network.findings.values() if isinstance(finding.model, kind)]


def mixtures(network: Network) -> list[Mixture]:
    return [each.model for each in models(network, Mixture) if isinstance(each.model, Mixture)]


def greatest(network: Network) -> list[Greatest]:
    return [each.model for each in models(network, Greatest) if isinstance(each.model, Greatest)]


OF_NETWORKS: Mapping[str, Callable[[Network], bool]] = {
    "a complaint": lambda n: bool(n.complaint),
    "no complaint": lambda n: not n.complaint,
    "one cause at most": lambda n: n.most_causes == 1 < len(n.conditions),
    "one cause": lambda n: n.most_causes == 1 < len(n.conditions) and bool(n.complaint),
    "two or three causes at most": lambda n: n.most_causes in {2, 3} and n.most_causes < len(n.conditions),
    "a limit to causes that is none": lambda n: n.most_causes is not None and n.most_causes >= len(n.conditions),
    "a condition with forms": lambda n: any(c.forms for c in n.conditions.values()),
    "three forms": lambda n: any(len(c.forms) > 2 for c in n.conditions.values()),
    "a form with a level of its own": lambda n: any(f.level for c in n.conditions.values() for f in c.forms.values()),
    "a sign that names a form": lambda n: any("." in c for s in n.signs.values() for c in parents_of(s.model)),
    "a mixture that names a form": lambda n: any("." in c for m in mixtures(n) for c in m.distributions),
    "a mixture that weighs a form": lambda n: any("." in c for m in mixtures(n) for c in m.weights),
    "one condition": lambda n: len(n.conditions) == 1,
    "four conditions": lambda n: len(n.conditions) == 4,
    "several settings": lambda n: len(n.settings) > 1,
    "base rates that differ by setting": lambda n: any(len(c.base_rate) > 1 for c in n.conditions.values()),
    "priors that differ by setting": lambda n: any(len(r.prior) > 1 for r in n.risk_factors.values()),
    "no risk factor": lambda n: not n.risk_factors,
    "a risk factor of no condition": lambda n: any(children(n, r) == 0 for r in n.risk_factors),
    "a private risk factor": lambda n: any(children(n, r) == 1 for r in n.risk_factors),
    "a shared risk factor": lambda n: any(children(n, r) > 1 for r in n.risk_factors),
    "a risk factor of many states": lambda n: any(len(r.states) > 2 for r in n.risk_factors.values()),
    "a banded risk factor": lambda n: any(r.bands for r in n.risk_factors.values()),
    "a banded finding": lambda n: any(f.bands for f in n.findings.values()),
    "a condition as parent": lambda n: parents_of_conditions(n) == 1,
    "several conditions as parents": lambda n: parents_of_conditions(n) > 2,
    "no sign": lambda n: not n.signs,
    "a sign that nothing reads": lambda n: len({_sign(f) for f in models(n, Reading)}) < len(n.signs),
    "a sign read twice": lambda n: max(Counter(_sign(f) for f in models(n, Reading)).values(), default=0) > 1,
    "a noisy-OR finding": lambda n: bool(models(n, NoisyOr)),
    "a cause at the leak": lambda n: any(
        c == s.noisy_or.leak for s in n.signs.values() if not s.has_table for c in s.noisy_or.causes.values()
    ),
    "a mixture": lambda n: bool(mixtures(n)),
    "a mixture of many states": lambda n: any(len(f.states) > 2 for f in models(n, Mixture)),
    "a mixture with weights": lambda n: any(m.weights for m in mixtures(n)),
    "a mixture without otherwise": lambda n: any(m.otherwise is None for m in mixtures(n)),
    "a mixture that leans on otherwise": lambda n: any(len(m.distributions) < len(n.conditions) for m in mixtures(n)),
    "a state left out": lambda n: any(len(d.numbers) == 1 for m in mixtures(n) for d in m.distributions.values()),
    "a noisy-MAX": lambda n: bool(greatest(n)),
    "a noisy-MAX of many states": lambda n: any(len(f.states) > 2 for f in models(n, Greatest)),
    "a noisy-MAX without a leak": lambda n: any(m.leak is None for m in greatest(n)),
    "a noisy-MAX of a sign": lambda n: any(s in m.causes for m in greatest(n) for s in n.signs),
    "a finding with a table": lambda n: bool(models(n, ConditionalTable)),
    "a sign with a table": lambda n: any(s.has_table for s in n.signs.values()),
    "a sign of a sign": lambda n: any(n.signs_above(s.model) for s in n.signs.values()),
    "two signs that are tied": lambda n: any(len(each.signs) > 1 for each in n.clusters.values()),
    "a finding of signs and conditions": lambda n: any(
        not set(parents_of(f.model)).isdisjoint(n.signs) and not set(parents_of(f.model)).isdisjoint(n.conditions)
        for f in n.findings.values()
    ),
    "something certain": lambda n: any(number.certain for _, number in n.numbers()),
    "a gate": lambda n: any(f.only_if for f in n.findings.values()),
    "a gate on a finding": lambda n: any(g in n.findings for f in n.findings.values() for g in f.only_if),
    "a gate of a gate": lambda n: any(g in n.gated for f in n.findings.values() for g in f.only_if),
    "a group": lambda n: bool(n.groups),
    "names out of order": lambda n: list(n.conditions) != sorted(n.conditions),
}


def _sign(finding: Finding) -> str:
    assert isinstance(finding.model, Reading)
    return finding.model.sign


def soft(patient: Patient) -> list[Mapping[str, float]]:
    return [answer for answer in patient.answers.values() if isinstance(answer, Mapping)]


OF_PATIENTS: Mapping[str, Callable[[Patient], bool]] = {
    "no answer": lambda p: not p.answers,
    "many answers": lambda p: len(p.answers) >= 6,
    "unknown": lambda p: "unknown" in p.answers.values(),
    "a number": lambda p: any(isinstance(answer, float) for answer in p.answers.values()),
    "a likelihood": lambda p: bool(soft(p)),
    "a likelihood with a zero": lambda p: any(0.0 in each.values() for each in soft(p)),
    "a likelihood of many states": lambda p: any(len(each) > 2 for each in soft(p)),
    "a likelihood that sums to more than 1": lambda p: any(sum(each.values()) > 1.0 for each in soft(p)),
    "a known risk factor": lambda p: not p.network.risk_factors.keys().isdisjoint(p.answers),
    "a known condition": lambda p: not p.network.conditions.keys().isdisjoint(p.answers),
    "an answered gate": lambda p: any(
        gate in p.answers for f in p.network.findings.values() if f.id in p.answers for gate in f.only_if
    ),
    "a gate implied": lambda p: bool(check_evidence(p.network, p.answers).implied),
    "a gate of a gate implied": lambda p: any(
        gate in p.network.gated for gate in check_evidence(p.network, p.answers).implied
    ),
    "not the first setting": lambda p: p.setting != p.network.default_setting,
    "answers out of order": lambda p: [n for n in p.network.questions if n in p.answers] != list(p.answers),
}


@pytest.mark.parametrize("what", OF_NETWORKS)
def test_networks_vary(what: str) -> None:
    having = sum(OF_NETWORKS[what](patient.network) for patient in PATIENTS)
    assert 0.02 * len(PATIENTS) < having < 0.98 * len(PATIENTS)


@pytest.mark.parametrize("what", OF_PATIENTS)
def test_patients_vary(what: str) -> None:
    having = sum(OF_PATIENTS[what](patient) for patient in PATIENTS)
    assert 0.02 * len(PATIENTS) < having < 0.98 * len(PATIENTS)


def test_no_two_numbers_of_a_network_are_drawn_alike() -> None:
    for patient in PATIENTS[:50]:
        rates = [each.value for c in patient.network.conditions.values() for each in c.base_rate.values()]
        assert len(set(rates)) == len(rates)


def test_the_same_seed_gives_the_same_patient() -> None:
    again = seeded_patient(7)
    assert (again.network, again.setting, dict(again.answers)) == (
        PATIENTS[7].network,
        PATIENTS[7].setting,
        dict(PATIENTS[7].answers),
    )


def test_sizes_are_kept() -> None:
    from random import Random

    for size in (TINY, REAL):
        network = random_network(Random(1), size)
        for kind in ("conditions", "risk_factors", "signs", "findings"):
            fewest, most = getattr(size, kind)
            assert fewest <= len(getattr(network, kind)) <= most
