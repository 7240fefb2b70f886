"""What ending now would miss, against a sum over all answers, in both strategies."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bayesknee import Engine
from bayesknee.diagnosis.asking.dangers import MOST_DRAWN, PARTS, hidden_dangers
from bayesknee.diagnosis.asking.same_decision import StopRule
from bayesknee.diagnosis.care_steps import checked_limits
from tests.support.all_answers import all_answered
from tests.support.effort import seeds
from tests.support.random_networks import TINY, seeded_patient
from tests.support.small_networks import condition, finding, network, noisy_or, probability
from tests.support.strategies import only

DRAWN = 1000
RULE = StopRule()


@pytest.mark.parametrize("strategy", ["enumeration", "noisy_or"])
def test_what_is_missed_as_a_sum_over_all_answers(strategy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bayesknee.diagnosis.asking.dangers.MOST_DRAWN", DRAWN)
    between = several = 0
    with only(strategy):
        for seed in seeds(16):
            patient = seeded_patient(seed, replace(TINY, findings=(3, 4), risk_factors=(0, 1)))
            every = {name: replace(each, must_not_miss=True) for name, each in patient.network.conditions.items()}
            diagnosis = Engine(replace(patient.network, conditions=every), patient.setting).diagnose(patient.answers)
            limits = {name: min(0.99, 0.001 + 1.2 * p) for name, p in diagnosis.posterior.items()}
            finals = list(all_answered(diagnosis, patient.network.questions))
            found = list(hidden_dangers(diagnosis, list(patient.network.questions), limits, RULE))
            below = [name for name, p in diagnosis.posterior.items() if 0.0 < p < limits[name]]
            hidden = sum(diagnosis.posterior[name] for name in below)
            enough = math.ceil(min(DRAWN, PARTS * hidden / RULE.most_missed))
            assert sum(each.drawn for each in found) == enough
            for each in found:
                name, limit = each.condition, limits[each.condition]
                both = sum(p * final.posterior[name] for p, final in finals if final.posterior[name] >= limit)
                share = min(1.0, both / each.probability)
                error = (share * (1.0 - share) / each.drawn) ** 0.5
                assert each.found / each.drawn == pytest.approx(share, abs=4.5 * error + 3.0 / each.drawn), (
                    f"seed {seed}"
                )
                assert each.missed == pytest.approx(each.found / each.drawn * diagnosis.posterior[name])
                between += 0.05 < share < 0.95
            several += len(found) > 1
    assert between > 8
    assert several > 3


def test_which_conditions_are_hidden() -> None:
    """Must-not-miss, possible, and below their limit; all the others are left out."""
    seen = set()
    for seed in seeds(60):
        patient = seeded_patient(seed)
        diagnosis = Engine(patient.network, patient.setting).diagnose(patient.answers)
        found = {each.condition for each in hidden_dangers(diagnosis, (), checked_limits(patient.network, None), RULE)}
        for name, each in patient.network.conditions.items():
            probability = diagnosis.posterior[name]
            if each.must_not_miss and 0.02 < probability < each.limit.value:
                assert name in found
            elif not each.must_not_miss or probability >= each.limit.value or probability == 0.0:
                assert name not in found
            seen.add((each.must_not_miss, name in found))
    assert len(seen) == 3


@pytest.mark.parametrize(("most_missed", "drawn"), [(0.15, 11), (0.11, 15), (1e-6, MOST_DRAWN), (0.0, MOST_DRAWN)])
def test_how_many_are_drawn(most_missed: float, drawn: int) -> None:
    """Each stands for a quarter of what may be missed: b is there in 0.4."""
    b = replace(condition("b", 0.4), limit=probability(0.5), must_not_miss=True)
    engine = Engine(network(condition("a", 0.8), b, finding("f", noisy_or(0.1, b=0.8)), complaint=""))
    (only_b,) = hidden_dangers(engine.diagnose(), ["f"], {"a": 0.5, "b": 0.5}, StopRule(most_missed=most_missed))
    assert only_b.drawn == drawn
