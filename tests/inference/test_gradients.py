"""Derivatives by every number: by hand, and beside finite differences of whole networks computed anew."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Final

import numpy as np
import pytest

from bayesknee import Engine, Network, load_network
from bayesknee.arrays import Vector
from bayesknee.inference.results import Gradients
from bayesknee.knowledge.model import Path
from bayesknee.knowledge.number_words import allowed, find_number, with_number
from tests.support.effort import each_seed
from tests.support.paths import KNEE_11
from tests.support.random_networks import random_answers, seeded_patient
from tests.support.small_networks import condition, distribution, finding, greatest, network, noisy_or, risk_factor

C: Final = condition("c", 0.2)
F: Final = finding("f", noisy_or(0.1, c=0.7))

pytestmark = pytest.mark.usefixtures("strategy")


def gradients(engine: Engine, answers: Mapping[str, object]) -> Gradients:
    return engine.compiled.strategy.gradients(engine.diagnose(answers).evidence, engine.compiled.events)


def by_path(found: Gradients, event: int = 0) -> dict[str, float]:
    values = found.derivatives[:, event].tolist()
    return {".".join(path): value for path, value in zip(found.paths, values, strict=True)}


def test_one_condition_and_one_finding_by_hand() -> None:
    # P(c | f) = m p / (m p + (1 - m) l) with m = 0.2, p = 0.7, l = 0.1: 0.14 / 0.22.
    found = by_path(gradients(Engine(network(C, F, complaint="")), {"f": "yes"}))
    assert found == {
        "conditions.c.base_rate.any_setting": pytest.approx(0.7 * 0.1 / 0.22**2),
        "findings.f.noisy_or.causes.c": pytest.approx(0.2 * 0.8 * 0.1 / 0.22**2),
        "findings.f.noisy_or.leak": pytest.approx(-0.2 * 0.8 * 0.7 / 0.22**2),
    }


def test_an_odds_ratio_moves_the_intercept_too() -> None:
    # As in test_worked_examples.py: odds of 1/4 without and of 1 with r, of which 0.2 have it. The base rate holds, so
    # 0.8 p (1 - p) da + 0.2 q (1 - q) (da + d ln OR) = 0 with p = 0.2, q = 0.5: da = - 0.05 / 0.178 d ln OR.
    parts = risk_factor("r", {"no": 0.8, "yes": 0.2}), condition("c", 0.26, {"r": {"yes": 4.0}})
    engine = Engine(network(*parts, complaint=""))
    path = "conditions.c.odds_ratios.r.yes"
    shift = -0.05 / 0.178
    assert by_path(gradients(engine, {"r": "no"}))[path] == pytest.approx(0.16 * shift / 4.0)
    assert by_path(gradients(engine, {"r": "yes"}))[path] == pytest.approx(0.25 * (1.0 + shift) / 4.0)
    assert by_path(gradients(engine, {}))[path] == pytest.approx(0.0, abs=1e-12)


def test_what_is_certain_has_no_slope() -> None:
    """A finding that holds for certain where c does: P(c | f) = 1, whatever the base rate."""
    rule = greatest(distribution(no=1.0, yes=0.0), c=distribution(no=0.0, yes=1.0))
    net = network(C, finding("f", rule), complaint="", most_causes=1)
    found = Engine(net).compiled.strategy.gradients(Engine(net).diagnose({"f": "yes"}).evidence, (frozenset([0]),))
    assert by_path(found) == {"conditions.c.base_rate.any_setting": pytest.approx(0.0, abs=1e-12)}


def test_while_nothing_is_known_only_base_rates_matter() -> None:
    patient = next(each for each in map(seeded_patient, range(100)) if not each.network.most_causes)
    engine = Engine(patient.network, patient.setting)
    found = gradients(engine, {})
    n = len(patient.network.conditions)
    assert found.derivatives[:n, :n] == pytest.approx(np.eye(n), abs=1e-9)
    assert found.derivatives[n:, :n] == pytest.approx(np.zeros((len(found.paths) - n, n)), abs=1e-9)


@pytest.mark.parametrize("seed", each_seed(14))
def test_every_number_beside_finite_differences(seed: int) -> None:
    """Also that no number is forgotten: those without a gradient change nothing."""
    patient = seeded_patient(seed)
    engine = Engine(patient.network, patient.setting)
    diagnosis = engine.diagnose(patient.answers)
    check(engine, diagnosis.evidence.answers, [path for path, _ in patient.network.numbers()])


@pytest.mark.slow
def test_numbers_of_the_network_that_ships_beside_finite_differences(strategy: str) -> None:
    net = load_network(KNEE_11)
    engine = Engine(net, "emergency")
    rng = Random(8)
    share, count = (0.12, 12) if strategy == "enumeration" else (0.06, 4)  # the other doubles tables by finding
    answers = random_answers(rng, net, share=share, soft=True, conditions=False)
    found = gradients(engine, answers)
    by_kind: dict[object, Path] = {
        (path[0], path[2], path[3]): path for path in rng.sample(found.paths, len(found.paths))
    }
    check(engine, answers, rng.sample(sorted(by_kind.values()), count))


def check(engine: Engine, answers: Mapping[str, object], paths: list[Path]) -> None:
    found = gradients(engine, answers)
    place = {path: place for place, path in enumerate(found.paths)}
    assert len(place) == len(found.paths)
    for path in paths:
        if path[-1] == "limit" or "limit" in path or find_number(engine.network, path).certain:
            assert path not in place
            continue
        expected = differences(engine, answers, path)
        if expected is None:  # the number cannot move either way
            continue
        nothing = np.zeros_like(expected)
        slopes = found.slopes[place[path], :1] if path in place else nothing[:1]
        derivatives = found.derivatives[place[path]] if path in place else nothing[1:]
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.concatenate([slopes, derivatives]) == pytest.approx(expected, rel=2e-6, abs=2e-6 * scale), path


def differences(engine: Engine, answers: Mapping[str, object], path: Path) -> Vector | None:
    """d log P(e), then d P(event | e), by central differences of two widths, extrapolated (Richardson)."""
    value = find_number(engine.network, path).value
    low, high = allowed(engine.network, path)
    room = min(high - value, value - low, 0.002 * min(value, 1.0 - value) if value < 1.0 else 0.002 * value)
    if room < 1e-6 * value:
        return None
    wide, narrow = (
        (outcome(engine, answers, path, value + step) - outcome(engine, answers, path, value - step)) / (2.0 * step)
        for step in (room, room / 2.0)
    )
    return np.asarray((4.0 * narrow - wide) / 3.0)


def outcome(engine: Engine, answers: Mapping[str, object], path: Path, value: float) -> Vector:
    net: Network = with_number(engine.network, path, value)
    diagnosis = Engine(net, engine.setting).diagnose(answers)
    posterior = [diagnosis.posterior[name] for name in net.conditions] + list(diagnosis.groups.values())
    return np.array([diagnosis.log_evidence, *posterior])


@pytest.mark.parametrize("seed", each_seed(10))
def test_what_is_called_linear_is(seed: int) -> None:
    patient = seeded_patient(seed + 100)
    engine = Engine(patient.network, patient.setting)
    answers = engine.diagnose(patient.answers).evidence.answers
    found = gradients(engine, answers)
    before = outcome(engine, answers, found.paths[0], find_number(engine.network, found.paths[0]).value)
    for place in np.flatnonzero(found.linear).tolist():
        path, slopes = found.paths[place], found.slopes[place]
        value = find_number(engine.network, path).value
        low, high = allowed(engine.network, path)
        change = 0.7 * (high - value) if seed % 2 else 0.7 * (low - value)
        after = outcome(engine, answers, path, value + change)
        assert math.exp(after[0] - before[0]) == pytest.approx(1.0 + slopes[0] * change, rel=1e-9)
        expected = (before[1:] + slopes[1:] * change) / (1.0 + slopes[0] * change)
        assert after[1:] == pytest.approx(expected, rel=0, abs=1e-9)
