"""Many different patients of one network, with the same number of answers."""

from __future__ import annotations

from random import Random

from bayesknee import Evidence, Network
from bayesknee.patient.evidence import check_evidence
from tests.support.random_networks import random_answers

ALWAYS_KNOWN = 2
KNOWN_RISK_FACTORS = 5


def draw_patients(network: Network, count: int, answers: int, seed: int = 0) -> list[Evidence]:
    """Patients of whom this many states are known, stated or implied, no two with the same risk factors.

    The two risk factors that touch most conditions are always known, as age and sex are, and three others at random.
    """
    rng = Random(seed)
    touched = {
        name: sum(name in each.odds_ratios for each in network.conditions.values()) for name in network.risk_factors
    }
    always = sorted(touched, key=lambda name: -touched[name])[:ALWAYS_KNOWN]
    patients: dict[tuple[object, ...], Evidence] = {}
    while len(patients) < count:
        drawn = random_answers(rng, network, share=1.0, soft=False, conditions=False)
        known = [name for name, answer in drawn.items() if answer != "unknown"]
        risk_factors = [name for name in known if name in network.risk_factors and name not in always]
        findings = [name for name in known if name in network.findings]
        if not set(always) <= set(known) or len(risk_factors) < KNOWN_RISK_FACTORS - ALWAYS_KNOWN:
            continue
        if len(findings) < answers - KNOWN_RISK_FACTORS:  # those of closed gates are never known
            continue
        chosen = always + rng.sample(risk_factors, KNOWN_RISK_FACTORS - ALWAYS_KNOWN)
        asked = rng.sample(findings, answers - KNOWN_RISK_FACTORS)
        patient = check_evidence(network, {name: drawn[name] for name in [*chosen, *asked]})
        if len(patient.likelihoods) == answers:
            patients[tuple(sorted((name, patient.answers[name]) for name in chosen))] = patient
    return list(patients.values())
